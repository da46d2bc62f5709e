import Turns

/// Warnings and news that belong to no turn, newest first.
enum NoticesView {
  static func draw(_ state: DashboardState, _ frame: inout Frame, top: Int) {
    let area = state.layout.body
    let traffic = state.traffic
    let remark = "\(traffic.notices.count)"
    Rules.draw(&frame, row: area.row, title: "notices", remark: remark, glyphs: state.glyphs)
    if traffic.notices.isEmpty {
      frame.put("nothing to report", row: area.row + 1, column: 3)
      return
    }
    let rows = area.rows - 1
    let newestFirst = Array(traffic.notices.reversed())
    let start = min(max(0, top), max(0, newestFirst.count - rows))
    for (offset, notice) in newestFirst[start..<min(newestFirst.count, start + rows)].enumerated() {
      let row = area.row + 1 + offset
      frame.put(state.clock.time(notice.at), row: row, column: 1, role: .unknown)
      frame.put(
        notice.text, row: row, column: 11, in: state.size.columns - 12,
        role: notice.level == .warning ? .warn : .normal)
    }
  }
}
