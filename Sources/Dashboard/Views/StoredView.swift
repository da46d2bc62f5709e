import Bytes
import Prefix
import Turns

/// Sessions of the ledger, the one seen last first.
enum StoredView {
  static func draw(_ state: DashboardState, _ frame: inout Frame, index: Int) {
    let area = state.layout.body
    let list = state.stored
    let count = list.sessions.count
    let remark = count == 0 ? "" : "\(index + 1) of \(Humanised.grouped(count))"
    Rules.draw(
      &frame, row: area.row, title: "stored sessions", remark: remark, glyphs: state.glyphs)
    guard count > 0 else {
      let text =
        list.failure.map { "the ledger cannot be read: \($0)" }
        ?? (list.isReading ? "reading the ledger" : "nothing is stored yet")
      frame.put(text, row: area.row + 1, column: 3, role: list.failure == nil ? .unknown : .bad)
      return
    }
    let table = Table(columns: columns(state), width: state.size.columns)
    table.drawHeader(&frame, row: area.row + 1)
    let rows = max(1, area.rows - 2)
    let top = max(0, min(index - rows / 2, count - rows))
    for (offset, session) in list.sessions[top..<min(count, top + rows)].enumerated() {
      table.draw(session, &frame, row: area.row + 2 + offset, isSelected: top + offset == index)
    }
  }

  private static func columns(_ state: DashboardState) -> [Column<StoredSession>] {
    typealias C = Column<StoredSession>
    let tier = state.layout.tier
    let seen = C(title: "last seen", width: tier == .tiny ? 11 : 16) {
      let date = state.clock.date($0.lastSeen)
      return TableCell(tier == .tiny ? String(date.dropFirst(5)) : date)
    }
    let session = C(title: "session", width: 8) { TableCell($0.key.session.description) }
    let agent = C(title: "agent", width: tier == .narrow ? 10 : 12) {
      TableCell($0.agent.isEmpty ? "-" : $0.agent)
    }
    let model = C(title: "model", width: 14, weight: 2, most: 28) {
      TableCell($0.model.isEmpty ? "-" : $0.model)
    }
    let turns = C(title: "turns", width: 5, right: true) {
      TableCell(Humanised.count($0.totals.turns))
    }
    let breaks = C(title: "broke", width: 5, right: true) {
      TableCell(Humanised.count($0.totals.breaks))
    }
    let hit = C(title: "hit", width: 4, right: true) {
      TableCell(Humanised.share($0.totals.hitShare), Role.forShare($0.totals.hitShare))
    }
    let again = C(title: "again", width: 5, right: true) {
      TableCell(Humanised.count($0.totals.computedAgainTokens))
    }
    let standing = C(title: "state", width: 7) {
      state.live[$0.key.session] == nil ? TableCell("stored", .unknown) : TableCell("running")
    }
    let workspace = C(title: "workspace", width: 10, weight: 3, most: 40, gap: 2) {
      TableCell($0.workspace ?? "-")
    }
    switch tier {
    case .tiny: return [seen, session, turns, hit]
    case .narrow: return [seen, session, agent, turns, hit, again]
    case .normal: return [seen, session, agent, model, turns, breaks, hit, again]
    case .wide, .vast:
      return [seen, session, agent, model, turns, breaks, hit, again, standing, workspace]
    }
  }
}
