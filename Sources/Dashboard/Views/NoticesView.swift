import Turns

/// What the servers say about themselves, then warnings and news that belong to no turn, newest
/// first.
enum NoticesView {
  struct Line: Equatable {
    var time = ""
    var text: String
    var role = Role.normal
  }

  static func lines(_ state: DashboardState) -> [Line] {
    let traffic = state.traffic
    let servers = traffic.upstreams.flatMap { upstream in
      ServerTexts.lines(upstream).map { Line(text: $0) }
    }
    let notices = traffic.notices.reversed().map { notice in
      Line(
        time: state.clock.time(notice.at), text: notice.text,
        role: notice.level == .warning ? .warn : .normal)
    }
    let none = [Line(text: "nothing to report", role: .unknown)]
    return servers + (servers.isEmpty ? [] : [Line(text: "")]) + (notices.isEmpty ? none : notices)
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
      let at = line.time.isEmpty ? 1 : 11
      frame.put(line.text, row: row, column: at, in: state.size.columns - at - 1, role: line.role)
    }
  }
}
