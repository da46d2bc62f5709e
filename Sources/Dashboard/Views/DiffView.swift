import Bytes
import Prefix
import Turns

/// Before and after of one difference: side by side, stacked, or as bytes.
enum DiffView {
  static func draw(_ state: DashboardState, _ record: TurnRecord, _ frame: inout Frame) {
    let area = state.layout.difference
    guard area.rows >= 2 else { return }
    guard let detail = record.detail, !detail.hunks.isEmpty else {
      Rules.draw(&frame, row: area.row, title: "before and after", glyphs: state.glyphs)
      let text =
        record.verdict.was.isEmpty && record.verdict.now.isEmpty
        ? ["nothing to compare"]
        : ["- \(record.verdict.was)", "+ \(record.verdict.now)"]
      for (offset, line) in text.prefix(area.rows - 1).enumerated() {
        let role: Role = text.count == 1 ? .unknown : (offset == 0 ? .before : .after)
        frame.put(
          line, row: area.row + 1 + offset, column: 1, in: frame.size.columns - 1, role: role)
      }
      return
    }
    let index = min(state.hunk, detail.hunks.count - 1)
    let hunk = detail.hunks[index]
    let shown = Hunk(hunk, context: state.context, ascii: state.options.ascii)
    let bytes =
      "bytes \(Humanised.grouped(hunk.afterOffset))-"
      + Humanised.grouped(
        hunk.afterOffset + max(0, hunk.after.count - hunk.context - 1))
    let remark = "difference \(index + 1)/\(max(detail.hunkCount, detail.hunks.count))"
    let left = state.size.columns >= 118 && !state.stacked && !state.showsHex
    Rules.draw(
      &frame, row: area.row, title: left ? "before: turn \(detail.previousTurn)" : bytes,
      remark: remark, glyphs: state.glyphs)
    let body = Rect(
      row: area.row + 1, column: 0, rows: area.rows - 1, columns: frame.size.columns)
    if state.showsHex {
      drawHex(shown, state, &frame, body)
    } else if left {
      frame.put(
        " after: turn \(record.turn) ", row: area.row, column: frame.size.columns / 2 + 2,
        role: .key)
      drawSideBySide(shown, state, &frame, body)
    } else {
      drawStacked(shown, state, &frame, body)
    }
  }

  /// Lines of both sides under each other; the caret stands under the first differing column.
  private static func drawStacked(
    _ hunk: Hunk, _ state: DashboardState, _ frame: inout Frame, _ area: Rect
  ) {
    let width = area.columns - 2
    var lines: [(text: String, role: Role)] = []
    let before = hunk.before.lines(width: width)
    let after = hunk.after.lines(width: width)
    let half = max(1, (area.rows - 1) / 2)
    let beforeRoom = max(half, area.rows - 1 - after.count)
    lines += before.prefix(beforeRoom).map { ("- " + $0, .before) }
    let afterRoom = area.rows - 1 - lines.count
    let caretLine = hunk.after.markAt / max(1, width)
    for (index, line) in after.prefix(afterRoom).enumerated() {
      lines.append(("+ " + line, .after))
      if index == caretLine {
        lines.append((caret(at: 2 + hunk.after.markAt % max(1, width), hunk.after.markWidth), .bad))
      }
    }
    for (offset, line) in lines.prefix(area.rows).enumerated() {
      frame.put(line.text, row: area.row + offset, column: 0, width: area.columns, role: line.role)
    }
  }

  private static func drawSideBySide(
    _ hunk: Hunk, _ state: DashboardState, _ frame: inout Frame, _ area: Rect
  ) {
    let half = area.columns / 2
    let width = half - 3
    for row in area.row..<area.endRow {
      frame.put(String(state.glyphs.vertical), row: row, column: half, role: .frame)
    }
    func side(_ text: Hunk.Side, column: Int, sign: String, role: Role) {
      let caretLine = text.markAt / max(1, width)
      var row = area.row
      for (index, line) in text.lines(width: width).enumerated() {
        guard row < area.endRow else { return }
        frame.put(sign, row: row, column: column, role: role)
        frame.put(line, row: row, column: column + 2, width: width, role: role)
        row += 1
        if index == caretLine, row < area.endRow {
          frame.put(
            caret(at: text.markAt % max(1, width), text.markWidth), row: row, column: column + 2,
            width: width, role: .bad)
          row += 1
        }
      }
    }
    side(hunk.before, column: 0, sign: "-", role: .before)
    side(hunk.after, column: half + 2, sign: "+", role: .after)
  }

  private static func drawHex(
    _ hunk: Hunk, _ state: DashboardState, _ frame: inout Frame, _ area: Rect
  ) {
    let perRow = area.columns >= 80 ? 16 : 8
    let half = max(1, area.rows / 2)
    var row = area.row
    for (bytes, offset, mark, sign, role) in [
      (hunk.before.bytes, hunk.before.offset, hunk.before.markByte, "-", Role.before),
      (hunk.after.bytes, hunk.after.offset, hunk.after.markByte, "+", Role.after),
    ] {
      // The row with the first difference stays in view.
      let skipped = max(0, mark / perRow - 1)
      var at = skipped * perRow
      let end = min(area.endRow, row + half)
      while row < end, at < bytes.count {
        let part = bytes[at..<min(bytes.count, at + perRow)]
        frame.put(
          HexRow.text(part, offset: offset + at, sign: sign, perRow: perRow), row: row, column: 0,
          width: area.columns, role: role)
        if mark >= at, mark < at + part.count {
          frame.paint(
            row: row,
            columns: HexRow.column(of: mark - at)..<(HexRow.column(of: mark - at) + 2), role: .match
          )
        }
        row += 1
        at += perRow
      }
    }
  }

  private static func caret(at column: Int, _ width: Int) -> String {
    String(repeating: " ", count: column) + String(repeating: "^", count: max(1, width))
  }
}

/// One line of a hexadecimal dump.
enum HexRow {
  /// Column of the first digit of byte `index` of a row.
  static func column(of index: Int) -> Int { 12 + index * 3 }

  static func text(_ bytes: some Collection<UInt8>, offset: Int, sign: String, perRow: Int)
    -> String
  {
    var digits = bytes.map(hexByte).joined(separator: " ")
    digits += String(repeating: " ", count: max(0, perRow * 3 - 1 - digits.count))
    let text = String(
      String.UnicodeScalarView(
        bytes.map { $0 >= 0x20 && $0 < 0x7F ? Unicode.Scalar($0) : "." }))
    return "\(sign) \(hexadecimal(UInt64(max(0, offset)), digits: 8))  \(digits)  \(text)"
  }
}
