import Bytes
import Prefix
import Turns

/// Questions and menus over the lower part of a screen.
enum Overlays {
  static func hints(_ overlay: Overlay) -> ([(String, String)], [(String, String)]) {
    switch overlay {
    case .help, .notices, .compare: ([("Up Down", "scroll")], [("any other key", "closes")])
    case .block: ([("Up Down", "scroll"), ("o", "other side")], [("any other key", "closes")])
    case .stored: ([("Up Down", "choose"), ("Enter", "open")], [("Esc", "go back")])
    case .stopQuestion:
      ([("d", "leave"), ("s", "stop when done"), ("k", "stop now")], [("Esc", "go back")])
    case .modeMenu: ([("Up Down", "choose"), ("Enter", "set")], [("Esc", "go back")])
    case .confirmAll: ([("y", "yes")], [("any other key", "no")])
    }
  }

  static func draw(_ overlay: Overlay, _ state: DashboardState, _ frame: inout Frame) {
    switch overlay {
    case .help, .notices, .compare, .block, .stored: return
    case .stopQuestion: drawStop(state, &frame)
    case .modeMenu(let index): drawModes(state, &frame, index)
    case .confirmAll(let mode):
      let rows = mode == .off ? state.traffic.rows.values.map(\.latest?.unpinTokens.value) : []
      let cost = TokenCount(rows.reduce(0) { $0 + ($1 ?? 0) }, estimated: true)
      let count = Humanised.plural(state.traffic.sessionCount, "session")
      box(
        "pin all",
        [
          (
            "",
            "Set \(count) to \(mode.name), each from its next turn on?"
              + (cost.value > 0 ? " That computes \(Humanised.tokens(cost)) tokens again." : "")
          ), ("y", "yes"),
        ],
        state, &frame)
    }
  }

  private static func drawStop(_ state: DashboardState, _ frame: inout Frame) {
    let running = state.live.inFlight.count
    let requests = Humanised.plural(running, "request")
    box(
      "stop the proxy?",
      [
        ("", running == 0 ? "No request is in flight." : "\(requests) in flight."),
        ("d", "leave the dashboard; the proxy goes on, one line per turn"),
        ("s", running == 0 ? "stop" : "finish \(requests), then stop (new ones get 503)"),
        ("k", "stop at once"),
        ("Esc", "go back"),
      ], state, &frame)
  }

  private static func drawModes(_ state: DashboardState, _ frame: inout Frame, _ index: Int) {
    let current = state.selectedRow?.mode
    let texts: [PinMode: String] = [
      .off: "measure only", .safe: "undo re-rendering",
      .hold: "old text stays, new at the tail",
    ]
    // What a mode would do here is worth more than what it does in general.
    let isNarrow = state.layout.tier < .normal
    var lines = PinMode.allCases.map { mode in
      let text = texts[mode] ?? ""
      let effect =
        state.turnList.flatMap { ModeEffect.text(mode, $0, current, short: isNarrow) }
      return (
        "(\(mode == current ? "*" : " ")) \(mode.name)",
        effect.map { isNarrow ? $0 : "\(text); \($0)" } ?? text
      )
    }
    let repairs = state.selectedRow?.repairs ?? .all
    lines += RepairClass.allCases.map { one in
      ("[\(repairs.contains(one) ? "x" : " ")] \(one.name)", one.summary)
    }
    box(
      "pin mode of \(state.selectedSession?.description ?? "-")", lines, state, &frame,
      selected: index, textColumn: 19)
  }

  /// A block of lines at the lower end of the body, over whatever is there.
  private static func box(
    _ title: String, _ lines: [(String, String)], _ state: DashboardState, _ frame: inout Frame,
    selected: Int? = nil, textColumn: Int = 8
  ) {
    let body = state.layout.body
    let width = frame.size.columns
    let rows = min(body.rows, lines.count + 2)
    let top = body.endRow - rows
    for row in top..<body.endRow { frame.fill(" ", row: row, columns: 0..<width) }
    // As many lines as fit, with the selected one among them.
    let first = max(0, min((selected ?? 0) - (rows - 1) / 2, lines.count - (rows - 1)))
    let last = min(lines.count, first + rows - 1)
    Rules.draw(
      &frame, row: top, title: title,
      remark: selected != nil && last - first < lines.count
        ? "\(first + 1)-\(last) of \(lines.count)" : "",
      glyphs: state.glyphs)
    for (offset, line) in lines.dropFirst(first).prefix(rows - 1).enumerated() {
      let row = top + 1 + offset
      frame.put(line.0, row: row, column: 3, role: .key)
      let at = line.0.isEmpty ? 3 : textColumn
      frame.put(line.1, row: row, column: at, in: width - at - 1)
      if first + offset == selected {
        frame.put(">", row: row, column: 1)
        frame.paint(row: row, columns: 0..<width, role: .selected)
      }
    }
  }
}
