import Bytes

/// Bytes of a difference in hexadecimal.
enum HexView {
  /// Both sides, as many rows as fit, with the first difference in view.
  static func draw(_ hunk: Hunk, _ frame: inout Frame, _ area: Rect) {
    let perRow = area.columns >= 80 ? 16 : 8
    var row = area.row
    let half = max(1, area.rows / 2)
    for (side, sign, role) in [(hunk.before, "-", Role.before), (hunk.after, "+", Role.after)] {
      let skipped = max(0, side.markByte / perRow - 1)
      var at = skipped * perRow
      let end = min(area.endRow, row + half)
      while row < end, at < side.bytes.count {
        drawRow(side, from: at, perRow: perRow, sign: sign, role: role, &frame, row: row)
        row += 1
        at += perRow
      }
    }
  }

  /// One row of each side, beginning at the first difference.
  static func drawFirstBytes(
    _ hunk: Hunk, _ glyphs: Glyphs, _ frame: inout Frame, _ area: Rect
  ) {
    Rules.draw(
      &frame, row: area.row, title: "bytes from the first difference on", glyphs: glyphs)
    for (offset, entry) in [(hunk.before, "-", Role.before), (hunk.after, "+", Role.after)]
      .enumerated()
    {
      let (side, sign, role) = entry
      drawRow(
        side, from: min(side.markByte, side.bytes.count), perRow: 16, sign: sign, role: role,
        &frame, row: area.row + 1 + offset)
    }
  }

  private static func drawRow(
    _ side: Hunk.Side, from start: Int, perRow: Int, sign: String, role: Role,
    _ frame: inout Frame, row: Int
  ) {
    let part = side.bytes[start..<min(side.bytes.count, start + perRow)]
    let offset = max(0, side.offset + start)
    frame.put(sign, row: row, column: 1, role: role)
    frame.put(hexadecimal(UInt64(offset), digits: 8), row: row, column: 3, role: .unknown)
    for (index, byte) in part.enumerated() {
      let isFirst = start + index == side.markByte
      let column = 13 + index * 3
      frame.put(hexByte(byte), row: row, column: column, role: isFirst ? .match : role)
      let glyph = byte >= 0x20 && byte < 0x7F ? String(Unicode.Scalar(byte)) : "."
      frame.put(
        glyph, row: row, column: 14 + perRow * 3 + index, role: isFirst ? .match : role)
    }
  }
}
