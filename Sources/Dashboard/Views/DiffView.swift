import Bytes
import Prefix
import Turns

/// Before and after of the differences, from the chosen one on: side by side, stacked, or as bytes.
enum DiffView {
  /// Lines that one side of one difference may take while others follow it.
  private static let linesPerSide = 4

  static func draw(_ state: DashboardState, _ record: TurnRecord, _ frame: inout Frame) {
    let area = state.layout.difference
    guard area.rows >= 2 else { return }
    guard let detail = record.detail, !detail.hunks.isEmpty else {
      drawExcerpts(state, record, &frame, area)
      return
    }
    let index = min(state.hunk, detail.hunks.count - 1)
    let hunks = detail.hunks[index...].map {
      Hunk($0, context: state.context, ascii: state.options.ascii)
    }
    let isSideBySide = state.size.columns >= 100 && !state.stacked && !state.showsHex
    drawRule(state, record, detail, index, isSideBySide, &frame, row: area.row)
    var body = Rect(row: area.row + 1, column: 0, rows: area.rows - 1, columns: area.columns)
    if state.showsHex {
      HexView.draw(hunks[0], &frame, body)
      return
    }
    if state.size.rows >= 30 {
      let bytes = Rect(row: body.endRow - 4, column: 0, rows: 4, columns: area.columns)
      body.rows -= bytes.rows
      HexView.drawFirstBytes(hunks[0], state.glyphs, &frame, bytes)
    }
    if isSideBySide {
      drawSideBySide(hunks, state, &frame, body)
    } else {
      drawStacked(hunks, &frame, body)
    }
  }

  private static func drawRule(
    _ state: DashboardState, _ record: TurnRecord, _ detail: BreakDetail, _ index: Int,
    _ isSideBySide: Bool, _ frame: inout Frame, row: Int
  ) {
    let count = max(detail.hunkCount, detail.hunks.count)
    let title = isSideBySide ? "before: turn \(detail.previousTurn)" : "before and after"
    Rules.draw(
      &frame, row: row, title: title, remark: "difference \(index + 1)/\(count)",
      glyphs: state.glyphs)
    if isSideBySide {
      frame.put(
        " after: turn \(record.turn) ", row: row, column: frame.size.columns / 2 + 2, role: .key)
    }
  }

  /// For breaks whose bytes are not kept: the short excerpts of the verdict.
  private static func drawExcerpts(
    _ state: DashboardState, _ record: TurnRecord, _ frame: inout Frame, _ area: Rect
  ) {
    Rules.draw(&frame, row: area.row, title: "before and after", glyphs: state.glyphs)
    let was = record.verdict.was
    let now = record.verdict.now
    guard !was.isEmpty || !now.isEmpty else {
      frame.put(
        state.opened == nil && state.history == nil
          ? "nothing to compare" : "the ledger keeps no text of prompts",
        row: area.row + 1, column: 3, role: .unknown)
      return
    }
    frame.put("- \(was)", row: area.row + 1, column: 1, in: area.columns - 1, role: .before)
    if area.rows > 2 {
      frame.put("+ \(now)", row: area.row + 2, column: 1, in: area.columns - 1, role: .after)
    }
  }

  private static func drawStacked(_ hunks: [Hunk], _ frame: inout Frame, _ area: Rect) {
    let gutter = gutterWidth(hunks)
    let at = gutter + 4
    let width = area.columns - at
    var row = area.row
    func put(_ side: Hunk.Side, _ sign: String, _ role: Role, caret: Bool) {
      let lines = side.lines(width: width, most: area.rows < 6 ? 1 : linesPerSide)
      for (index, line) in lines.enumerated() {
        guard row < area.endRow else { return }
        frame.put(sign, row: row, column: 1, role: role)
        if index == 0 { putOffset(side, &frame, row: row, column: 3, width: gutter) }
        frame.put(line, row: row, column: at, role: role)
        row += 1
        guard caret, index == side.markAt / max(1, width), row < area.endRow else { continue }
        putCaret(side, &frame, row: row, column: at, width: width)
        row += 1
      }
    }
    for (index, hunk) in hunks.enumerated() {
      guard row + 1 < area.endRow else { return }
      put(hunk.before, "-", .before, caret: false)
      put(hunk.after, "+", .after, caret: index == 0)
    }
  }

  private static func drawSideBySide(
    _ hunks: [Hunk], _ state: DashboardState, _ frame: inout Frame, _ area: Rect
  ) {
    let half = area.columns / 2
    let gutter = gutterWidth(hunks)
    for row in area.row..<area.endRow {
      frame.put(String(state.glyphs.vertical), row: row, column: half, role: .frame)
    }
    func put(_ side: Hunk.Side, _ sign: String, _ role: Role, row: Int, column: Int) -> Int {
      let at = column + gutter + 3
      let width = half - gutter - 4
      var row = row
      for (index, line) in side.lines(width: width, most: linesPerSide).enumerated() {
        guard row < area.endRow else { return row }
        if index == 0 { putOffset(side, &frame, row: row, column: column, width: gutter) }
        frame.put(sign, row: row, column: column + gutter + 1, role: role)
        frame.put(line, row: row, column: at, width: width, role: role)
        row += 1
        guard index == side.markAt / max(1, width), row < area.endRow else { continue }
        putCaret(side, &frame, row: row, column: at, width: width)
        row += 1
      }
      return row
    }
    var row = area.row
    for hunk in hunks {
      guard row < area.endRow else { return }
      let left = put(hunk.before, "-", .before, row: row, column: 1)
      let right = put(hunk.after, "+", .after, row: row, column: half + 2)
      row = max(left, right)
    }
  }

  private static func gutterWidth(_ hunks: [Hunk]) -> Int {
    hunks.reduce(1) {
      max(
        $0, Humanised.grouped($1.before.differenceOffset).count,
        Humanised.grouped($1.after.differenceOffset).count)
    }
  }

  private static func putOffset(
    _ side: Hunk.Side, _ frame: inout Frame, row: Int, column: Int, width: Int
  ) {
    frame.put(
      Humanised.grouped(side.differenceOffset), row: row, column: column, in: width,
      rightAligned: true, role: .unknown)
  }

  private static func putCaret(
    _ side: Hunk.Side, _ frame: inout Frame, row: Int, column: Int, width: Int
  ) {
    let start = side.markAt % max(1, width)
    let carets = String(repeating: "^", count: max(1, min(side.markWidth, width - start)))
    frame.put(carets, row: row, column: column + start, role: .bad)
  }
}
