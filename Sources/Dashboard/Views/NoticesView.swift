import Bytes
import Turns

/// What the servers say about themselves, then warnings and news that belong to no turn, newest
/// first.
enum NoticesView {
  struct Line: Equatable {
    var time = ""
    var text: String
    var column = 1
    var role = Role.normal
  }

  private static let hanging = 3
  private static let besideTime = 11

  static func lines(_ state: DashboardState) -> [Line] {
    let traffic = state.traffic
    func wrapped(_ line: Line) -> [Line] {
      let room = state.size.columns - line.column - 1
      guard TextWidth.columns(of: line.text) > room else { return [line] }
      let indent = line.column + line.text.prefix { $0 == " " }.count
      let hang = line.time.isEmpty ? indent + hanging : indent
      let width = max(10, state.size.columns - hang - 1)
      return BreakView.wrapped(line.text, columns: width).enumerated().map { place, text in
        var part = line
        part.text = text
        part.column = place == 0 ? indent : hang
        if place > 0 { part.time = "" }
        return part
      }
    }
    var lines = traffic.upstreams.flatMap { ServerTexts.lines($0).map { Line(text: $0) } }
    lines += proxy(state).map { Line(text: $0) }
    lines.append(Line(text: ""))
    if traffic.notices.isEmpty { lines.append(Line(text: "nothing to report", role: .unknown)) }
    lines += traffic.notices.reversed().map { notice in
      Line(
        time: state.clock.time(notice.at), text: notice.text, column: besideTime,
        role: notice.level == .warning ? .warn : .normal)
    }
    return lines.flatMap(wrapped)
  }

  private static func proxy(_ state: DashboardState) -> [String] {
    let lost = state.live.lostEvents
    let events = lost == 1 ? "1 event" : "\(Humanised.grouped(lost)) events"
    let dropped = "\(lost == 0 ? "no events" : events) lost on the way to this screen"
    return (state.load.map { [$0.text] } ?? []).map { "this proxy  \($0)" }
      + ["\(state.load == nil ? "this proxy  " : "            ")\(dropped)"]
  }

  static func draw(_ state: DashboardState, _ frame: inout Frame, top: Int) {
    let area = state.layout.body
    let lines = lines(state)
    let rows = area.rows - 1
    let start = min(max(0, top), max(0, lines.count - rows))
    let remark =
      lines.count > rows ? "\(start + 1)-\(min(lines.count, start + rows)) of \(lines.count)" : ""
    Rules.draw(
      &frame, row: area.row, title: "servers and notices", remark: remark, glyphs: state.glyphs)
    for (offset, line) in lines[start..<min(lines.count, start + rows)].enumerated() {
      let row = area.row + 1 + offset
      frame.put(line.time, row: row, column: 1, role: .unknown)
      frame.put(
        line.text, row: row, column: line.column, in: state.size.columns - line.column - 1,
        role: line.role)
    }
  }
}
