import Bytes
import Turns

extension CostsView {
  /// Reported reuse by local hour, as columns.
  static func drawHours(_ state: DashboardState, _ frame: inout Frame) {
    let area = state.layout.costHours
    guard area.rows >= 7 else { return }
    Rules.draw(&frame, row: area.row, title: "reported reuse by hour", glyphs: state.glyphs)
    let hours = state.traffic.hours
    guard !hours.isEmpty else {
      frame.put("no server has reported reuse yet", row: area.row + 1, column: 3, role: .unknown)
      return
    }
    let shown = hours.suffix((state.size.columns - 10) / 6)
    let levels = area.rows - 2
    for level in 0..<levels {
      let row = area.row + 1 + level
      // A column reaches a line if its share is above the middle of that line.
      let threshold = (Double(levels - level) - 0.5) / Double(levels)
      if level == 0 { frame.put("100%", row: row, column: 1, role: .unknown) }
      if level == levels - 1 { frame.put("  0%", row: row, column: 1, role: .unknown) }
      frame.put(String(state.glyphs.vertical), row: row, column: 6, role: .frame)
      for (index, hour) in shown.enumerated() {
        let share = hour.prompt > 0 ? Double(hour.reused) / Double(hour.prompt) : 0
        guard share >= threshold else { continue }
        frame.put(
          String(repeating: state.glyphs.kept, count: 4), row: row, column: 8 + index * 6,
          role: Role.forShare(share))
      }
    }
    for (index, hour) in shown.enumerated() {
      frame.put(
        Humanised.padded(hour.hour % 24, 2) + "h", row: area.endRow - 1, column: 8 + index * 6,
        role: .unknown)
    }
  }
}
