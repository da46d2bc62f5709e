import Bytes
import Prefix
import Turns

/// The whole block at a break, after or before it, to be read like a text.
enum BlockView {
  private static let margin = 3

  static func rows(_ state: DashboardState) -> Int { max(1, state.layout.body.rows - 1) }

  static func lines(_ side: BlockPage.Side, _ state: DashboardState) -> BlockLines? {
    guard let detail = state.breakRecord?.detail,
      let block = side == .before ? detail.before : detail.after
    else { return nil }
    return BlockLines(
      block, columns: max(2, state.size.columns - margin - 1), ascii: state.options.ascii)
  }

  /// The first line shown: the one chosen, else so that the first difference has a third of the
  /// screen in front of it.
  static func top(_ page: BlockPage, _ text: BlockLines, _ state: DashboardState) -> Int {
    let rows = rows(state)
    return max(0, min(page.top ?? text.markLine - rows / 3, text.lines.count - rows))
  }

  /// Why there is no block to show; nil if there is one.
  static func missing(_ record: TurnRecord, _ state: DashboardState) -> String? {
    if record.verdict.cause == .redaction {
      return "the agent took something out on purpose: the block is not shown"
    }
    guard let detail = record.detail else {
      if state.opened != nil || state.history != nil {
        return "the ledger keeps no text of prompts"
      }
      return record.verdict.position == nil
        ? "nothing in the request changed: there is no block to show"
        : "the text of this block is not known"
    }
    return detail.before == nil || detail.after == nil
      ? "this block is not kept any more: only the newest are" : nil
  }

  static func draw(_ state: DashboardState, _ frame: inout Frame, _ page: BlockPage) {
    let area = state.layout.body
    guard let record = state.breakRecord, let detail = record.detail,
      let text = lines(page.side, state)
    else {
      Rules.draw(&frame, row: area.row, title: "block", glyphs: state.glyphs)
      frame.put("not kept any more", row: area.row + 1, column: margin, role: .unknown)
      return
    }
    let isBefore = page.side == .before
    let turn = isBefore ? detail.previousTurn : record.turn
    let bytes = isBefore ? detail.beforeBlockBytes : detail.afterBlockBytes
    let top = top(page, text, state)
    let shown = text.lines[top..<min(text.lines.count, top + rows(state))]
    var title = isBefore ? "before: turn \(turn)" : "after: turn \(turn)"
    if state.layout.tier >= .normal {
      title = "\(record.breakPlace) \(title), \(Humanised.grouped(bytes)) bytes"
    }
    Rules.draw(
      &frame, row: area.row, title: title,
      remark: "\(top + 1)-\(top + shown.count) of \(text.lines.count)", glyphs: state.glyphs)
    for (offset, line) in shown.enumerated() {
      let row = area.row + 1 + offset
      frame.put(
        line.text, row: row, column: margin, role: line.isRemark ? .unknown : .normal)
      guard let mark = line.mark else { continue }
      frame.put(isBefore ? "-" : "+", row: row, column: 1, role: .bad)
      frame.paint(
        row: row, columns: margin..<state.size.columns, role: isBefore ? .before : .after)
      frame.paint(row: row, columns: margin..<margin + mark, role: .normal)
      frame.paint(row: row, columns: margin + mark..<margin + mark + 1, role: .match)
    }
  }
}
