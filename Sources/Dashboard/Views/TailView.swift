import Bytes
import Prefix
import Turns

/// The turns of all sessions, newest last.
enum TailView {
  /// Indices into the tail that are on screen.
  static func shown(_ state: DashboardState) -> Range<Int> {
    let tail = state.traffic.tail
    let rows = state.layout.tailRows
    guard let cursor = state.tailCursor else { return max(0, tail.count - rows)..<tail.count }
    let first = state.traffic.tailCount - tail.count
    // The cursor stays in the last line that can be, so that the page is full of older turns.
    let at = min(max(0, cursor - first), max(0, tail.count - 1))
    let top = min(max(0, at - rows / 2), max(0, tail.count - rows))
    return top..<min(tail.count, top + rows)
  }

  static func draw(_ state: DashboardState, _ frame: inout Frame) {
    let area = state.layout.tail
    guard !area.isEmpty else { return }
    let arrived = state.traffic.tailCount - state.tailSeen
    let remark =
      state.tailCursor == nil
      ? (state.frozen == nil ? "following" : "frozen")
      : (arrived > 0 ? "\(arrived) new, G to follow" : "not following")
    Rules.draw(
      &frame, row: area.row, title: state.size.columns >= 80 ? "turns, all sessions" : "turns",
      remark: remark, glyphs: state.glyphs, remarkRole: arrived > 0 ? .marked : .normal)
    let tail = state.traffic.tail
    let first = state.traffic.tailCount - tail.count
    for (offset, index) in shown(state).enumerated() {
      let row = area.row + 1 + offset
      let isSelected = state.pane == .other && state.tailCursor == first + index
      switch tail[index].content {
      case .gap(let count):
        frame.put(
          " ... \(Humanised.plural(count, "event")) not shown live; the records have them",
          row: row, column: 0, width: state.size.columns, role: .warn)
      case .turn(let record): draw(record, state, &frame, row: row)
      }
      if isSelected { frame.paint(row: row, columns: 0..<frame.size.columns, role: .selected) }
    }
  }

  private static func draw(
    _ record: TurnRecord, _ state: DashboardState, _ frame: inout Frame, row: Int
  ) {
    let tier = state.layout.tier
    let width = frame.size.columns
    var at = 1
    func gap(_ columns: Int) { at += columns }
    func word(_ text: String, _ role: Role = .normal) {
      at = frame.put(text, row: row, column: at, width: width - at, role: role)
    }
    func number(_ text: String, _ columns: Int, _ role: Role = .normal) {
      frame.put(text, row: row, column: at, in: columns, rightAligned: true, role: role)
      at += columns
    }
    word(
      tier == .tiny ? state.clock.shortTime(record.startedAt) : state.clock.time(record.startedAt))
    gap(1)
    word(record.session.description)
    gap(1)
    if record.isSideCall {
      word("side call")
      gap(2)
      word("\(Humanised.tokens(record.promptTokens)) tokens", .unknown)
      return
    }
    if tier >= .normal { word("turn") }
    number(String(record.turn), tier >= .normal ? 5 : 4)
    gap(1)
    if tier >= .normal { word("kept ") }
    number(record.keptText, 4, record.keptRole)
    gap(1)
    if tier >= .wide {
      word("sent ")
      number(record.sentText, 4, record.sentRole)
      gap(1)
    }
    if tier >= .normal {
      word("hit ")
      number(record.hitText, 4, record.hitRole)
      gap(1)
      word("again ")
      number(record.againText, 5)
      gap(2)
    }
    let mark = TurnMark(record)
    if mark == .none {
      if record.previousTokens == nil, at < width {
        frame.put("first turn", row: row, column: at, width: width - at, role: .unknown)
      }
      return
    }
    frame.put(mark.word, row: row, column: at, width: width - at, role: mark.role)
    at += tier >= .normal ? 7 : mark.word.count + 1
    guard at < width else { return }
    switch mark {
    case .failed:
      frame.put(record.failure ?? "", row: row, column: at, in: width - at)
    case .server:
      frame.put(record.causeTitle, row: row, column: at, in: width - at)
    default:
      let room = tier >= .wide ? 20 : width - at
      frame.put(record.breakPlace, row: row, column: at, in: min(room, width - at))
      at += room + 1
      if tier >= .wide, at < width {
        frame.put(record.causeTitle, row: row, column: at, in: width - at)
      }
    }
  }
}
