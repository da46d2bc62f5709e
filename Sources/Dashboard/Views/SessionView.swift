import Bytes
import Prefix
import Turns

/// One session: the prompt map of the turn under the cursor, and the turns.
enum SessionView {
  /// Indices into the window that are on screen.
  static func shown(_ state: DashboardState) -> Range<Int> {
    guard let window = state.turnList else { return 0..<0 }
    let rows = state.layout.turnRows
    guard state.selectedTurn != nil else { return max(0, window.count - rows)..<window.count }
    let top = min(
      max(0, window.index(atOrAfterTurn: state.turnTop)), max(0, window.count - rows))
    return top..<min(window.count, top + rows)
  }

  static func draw(_ state: DashboardState, _ frame: inout Frame, now: Int64) {
    guard let list = state.turnList else {
      frame.put(
        "no session selected: 1 shows the list", row: state.layout.body.row + 1, column: 3)
      return
    }
    guard let current = state.currentTurn else {
      frame.put(waiting(state), row: state.layout.body.row + 1, column: 3, role: .unknown)
      return
    }
    PromptMapView.draw(state, current, &frame)
    drawTurns(state, list, current, &frame, now)
  }

  private static func waiting(_ state: DashboardState) -> String {
    if let failure = state.history?.failure { return "the ledger cannot be read: \(failure)" }
    return state.history?.pending == nil ? "no turns are stored" : "reading the ledger"
  }

  private static func drawTurns(
    _ state: DashboardState, _ list: TurnList, _ current: TurnRecord, _ frame: inout Frame,
    _ now: Int64
  ) {
    let area = state.layout.turnTable
    guard !area.isEmpty else { return }
    let shown = shown(state)
    var at = area.row
    if state.layout.isTall {
      let newest = state.selectedRow?.window.last?.turn ?? list.last?.turn ?? 0
      let arrived = state.opened == nil ? newest - state.turnSeen : 0
      let remark =
        state.opened != nil
        ? (state.history?.pending == nil ? "stored" : "reading")
        : state.selectedTurn == nil
          ? (state.frozen == nil ? "following" : "frozen")
          : (arrived > 0 ? "\(arrived) new, G to follow" : "not following")
      let title =
        shown.isEmpty
        ? "turns"
        : "turns \(list[shown.lowerBound].turn)-\(list[shown.upperBound - 1].turn) of \(newest)"
      Rules.draw(
        &frame, row: at, title: title, remark: remark, glyphs: state.glyphs,
        remarkRole: state.selectedTurn != nil && arrived > 0 ? .marked : .normal)
      at += 1
    }
    let table = Table(columns: columns(state, now), width: state.size.columns)
    table.drawHeader(&frame, row: at)
    for (offset, index) in shown.enumerated() {
      let record = list[index]
      table.draw(
        record, &frame, row: at + 1 + offset, isSelected: record.turn == current.turn,
        sign: record.turn == state.marked?.turn ? "*" : "")
    }
  }

  private static func columns(_ state: DashboardState, _ now: Int64) -> [Column<TurnRecord>] {
    typealias C = Column<TurnRecord>
    let tier = state.layout.tier
    let long = tier >= .wide
    let turn = C(title: "turn", width: tier >= .wide ? 5 : 4, right: true) {
      TableCell(String($0.turn))
    }
    let time = C(title: state.showsAge ? "age" : "time", width: 8, right: state.showsAge) {
      TableCell(
        state.showsAge
          ? Humanised.age(millis: now - $0.startedAt) : state.clock.time($0.startedAt))
    }
    let blocks = C(title: "blocks", width: 6, right: true) { TableCell(String($0.blockCount)) }
    let kept = C(title: long ? "preserved" : "kept", width: long ? 9 : 4, right: true) {
      TableCell($0.keptText, $0.keptRole)
    }
    let sent = C(title: long ? "forwarded" : "sent", width: long ? 9 : 4, right: true) {
      TableCell($0.sentText, $0.sentRole)
    }
    let hit = C(title: long ? "reported" : "hit", width: long ? 8 : 4, right: true) {
      TableCell($0.hitText, $0.hitRole)
    }
    let again = C(title: long ? "reprocessed" : "again", width: long ? 11 : 5, right: true) {
      TableCell($0.againText)
    }
    let prefill = C(title: "prefill", width: 7, right: true) { TableCell($0.prefillText) }
    let rate = C(title: "tok/s", width: 5, right: true) { TableCell($0.generationRate) }
    let place = C(
      title: long ? "mutation at" : "broke at", width: 8, weight: 3, most: 30, gap: 2
    ) {
      let mark = TurnMark($0)
      return TableCell(
        long ? $0.breakPlaceWithOffset : $0.breakPlace, mark == .none ? .unknown : mark.role)
    }
    let cause = C(title: "cause", width: 8, weight: 3, most: 32) {
      let mark = TurnMark($0)
      if mark == .failed { return TableCell($0.failure ?? "no complete answer", .bad) }
      return TableCell($0.causeTitle, $0.causeTitle == "-" ? .unknown : .normal)
    }
    let pin = C(title: "pin", width: 4) {
      TableCell($0.pinText, $0.pinText == "held" ? .held : .unknown)
    }
    switch tier {
    case .tiny: return [turn, kept, hit, again, place]
    case .narrow: return [turn, kept, sent, hit, again, place, cause]
    case .normal: return [turn, time, kept, sent, hit, again, prefill, place, cause]
    case .wide: return [turn, time, kept, sent, hit, again, prefill, place, cause, pin]
    case .vast:
      return [turn, time, blocks, kept, sent, hit, again, prefill, rate, place, cause, pin]
    }
  }
}
