import Bytes
import Prefix
import Turns

/// One row for each session, and below it the turns of all sessions as they come.
enum SessionsView {
  static func draw(_ state: DashboardState, _ frame: inout Frame, now: Int64) {
    if state.traffic.sessionCount == 0 {
      drawEmpty(state, &frame)
    } else {
      drawTable(state, &frame, now: now)
    }
    TailView.draw(state, &frame)
  }

  /// The rows on screen.
  static func shownRows(_ state: DashboardState) -> [SessionRow] {
    let ids = state.visible
    let start = min(state.sessionTop, ids.count)
    return ids[start..<min(ids.count, start + state.layout.sessionRows)]
      .compactMap { state.traffic[$0] }
  }

  private static func drawTable(_ state: DashboardState, _ frame: inout Frame, now: Int64) {
    let layout = state.layout
    let table = Table(columns: columns(state, layout, now), width: layout.size.columns)
    table.drawHeader(&frame, row: layout.sessionTable.row)
    for (offset, row) in shownRows(state).enumerated() {
      table.draw(
        row, &frame, row: layout.sessionTable.row + 1 + offset,
        isSelected: row.id == state.selectedSession && state.pane == .table,
        sign: state.tree[row.id].map { treeSign($0, state.glyphs) } ?? "")
      if row.id == state.selectedSession && state.pane != .table {
        frame.put(">", row: layout.sessionTable.row + 1 + offset, column: 0)
      }
    }
    let rest = state.visible.count - state.sessionTop - layout.sessionRows
    if state.visible.isEmpty {
      frame.put("no session matches the filter", row: layout.sessionTable.row + 1, column: 2)
    } else if rest > 0, layout.sessionRows > 2, layout.tail.isEmpty {
      frame.put("+\(rest)", row: layout.sessionTable.row, column: 0, width: 4, role: .unknown)
    }
  }

  private static func treeSign(_ place: TreePlace, _ glyphs: Glyphs) -> String {
    if place.descendants > 0 { return place.isFolded ? "+" : "-" }
    return place.depth > 0 ? String(glyphs.branch) : ""
  }

  private static func columns(_ state: DashboardState, _ layout: Layout, _ now: Int64)
    -> [Column<SessionRow>]
  {
    typealias C = Column<SessionRow>
    let tier = layout.tier
    let long = tier >= .wide
    let session = C(title: "session", width: 8) { TableCell($0.id.description) }
    let agent = C(title: "agent", width: 11) { TableCell($0.agent.isEmpty ? "-" : $0.agent) }
    let model = C(title: "model", width: 16, weight: 2, most: 28) {
      TableCell($0.model.isEmpty ? "-" : $0.model)
    }
    let pin = C(title: "pin", width: 5) { row in
      guard row.latest?.pinFails != true else { return TableCell("\(row.mode.name)!", .warn) }
      return TableCell(row.mode.name, row.mode == .off ? .unknown : .held)
    }
    let turn = C(title: "turn", width: tier >= .wide ? 5 : 4, right: true) {
      TableCell($0.latest.map { String($0.turn) } ?? "-")
    }
    let kept = C(title: long ? "preserved" : "kept", width: long ? 9 : 4, right: true) {
      TableCell($0.latest?.keptText ?? "-", $0.latest?.keptRole ?? .unknown)
    }
    let sent = C(title: long ? "forwarded" : "sent", width: long ? 9 : 4, right: true) {
      TableCell($0.latest?.sentText ?? "-", $0.latest?.sentRole ?? .unknown)
    }
    let hit = C(title: long ? "reported" : "hit", width: long ? 8 : 4, right: true) {
      TableCell($0.latest?.hitText ?? "-", $0.latest?.hitRole ?? .unknown)
    }
    let again = C(title: long ? "reprocessed" : "again", width: long ? 11 : 5, right: true) {
      TableCell($0.latest?.againText ?? "-")
    }
    let place = C(
      title: long ? "mutation at" : "broke at", width: 10, weight: 3, most: 30, gap: 2
    ) { row in
      let mark = row.latest.map(TurnMark.init) ?? .none
      return TableCell(row.latest?.breakPlace ?? "-", mark == .none ? .unknown : mark.role)
    }
    let cause = C(title: "cause", width: 10, weight: 3, most: 30) {
      TableCell($0.latest?.causeTitle ?? "-")
    }
    let trend = C(title: "trend", width: 8) {
      TableCell(SessionTexts.trend($0, glyphs: state.glyphs, width: 8), .trend)
    }
    let activity = C(title: "state", width: 13) {
      let (text, role) = SessionTexts.state($0, state: state, now: now)
      return TableCell(text, role)
    }
    switch tier {
    case .tiny: return [session, kept, hit, again, place]
    case .narrow: return [session, pin, turn, kept, hit, again, place]
    case .normal: return [session, pin, turn, kept, sent, hit, again, place, activity]
    case .wide: return [session, agent, pin, turn, kept, sent, hit, again, place, trend, activity]
    case .vast:
      return [
        session, agent, model, pin, turn, kept, sent, hit, again, place, cause, trend, activity,
      ]
    }
  }

  private static func drawEmpty(_ state: DashboardState, _ frame: inout Frame) {
    let body = state.layout.sessionTable
    let address = state.options.listenAddress
    let isTiny = state.layout.tier == .tiny
    // The addresses must be readable to the end on the smallest screen.
    let names =
      isTiny
      ? (" OpenAI     ", " Anthropic  ")
      : ("  export OPENAI_BASE_URL=", "  export ANTHROPIC_BASE_URL=")
    var lines = [
      "", isTiny ? " Point an agent at this proxy:" : "Point an agent at this proxy:", "",
      "\(names.0)http://\(address)/v1", "\(names.1)http://\(address)", "",
      isTiny
        ? " Requests show up here as they arrive."
        : "The first request shows up here as it arrives.",
    ]
    if let count = state.storedCount, count > 0 {
      lines.append(
        isTiny
          ? " o opens one of \(Humanised.grouped(count)) stored sessions."
          : "Earlier sessions: o opens one from the ledger (\(Humanised.grouped(count)) stored).")
    }
    if body.rows < lines.count { lines.removeAll { $0.isEmpty } }
    let indent = state.size.columns >= 60 ? 3 : 0
    for (offset, line) in lines.prefix(body.rows).enumerated() {
      frame.put(line, row: body.row + offset, column: indent, in: state.size.columns - indent)
    }
  }
}
