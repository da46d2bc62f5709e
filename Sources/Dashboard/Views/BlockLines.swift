import Bytes
import Turns

/// A block cut into lines: behind each line break of the text, and where the screen ends.
struct BlockLines {
  struct Line: Equatable {
    var text: String
    /// Column of the first difference, in the line that has it.
    var mark: Int?
    /// Not of the block: says what is not kept.
    var isRemark = false
  }

  private(set) var lines: [Line] = []
  /// Index of the line with the first difference.
  private(set) var markLine = 0

  init(_ block: BlockText, columns: Int, ascii: Bool) {
    if block.start > 0 { remark(block.start, "in front of this") }
    let (bytes, mark) = block.masked
    for part in BlockLines.parts(bytes) {
      add(bytes[part], mark: part.contains(mark) ? mark : nil, columns: columns, ascii: ascii)
    }
    if mark >= bytes.count { markLine = max(0, lines.count - 1) }
    if block.rest > 0 { remark(block.rest, "behind this") }
  }

  private mutating func remark(_ count: Int, _ place: String) {
    lines.append(
      Line(text: "(\(Humanised.plural(count, "byte")) \(place): not kept)", isRemark: true))
  }

  private mutating func add(_ bytes: ArraySlice<UInt8>, mark: Int?, columns: Int, ascii: Bool) {
    // A character is not cut in two: the mark goes to its start.
    var at = mark ?? bytes.startIndex
    while at > bytes.startIndex, bytes[at] & 0xC0 == 0x80 { at -= 1 }
    let lead = Sanitised(bytes: bytes[..<at], ascii: ascii)
    let rest = Sanitised(bytes: bytes[at...], ascii: ascii)
    var line = String.UnicodeScalarView()
    var lineMark: Int?
    var used = 0
    var passed = 0
    var isMarked = mark == nil
    for scalar in (lead.text + rest.text).unicodeScalars {
      var width = 0
      if case .columns(let columns) = TextWidth.classify(scalar) { width = columns }
      if used + width > columns, used > 0 {
        lines.append(Line(text: String(line), mark: lineMark))
        line = String.UnicodeScalarView()
        lineMark = nil
        used = 0
      }
      if !isMarked, passed >= lead.width {
        isMarked = true
        lineMark = used
        markLine = lines.count
      }
      line.append(scalar)
      used += width
      passed += width
    }
    lines.append(Line(text: String(line), mark: lineMark))
  }

  /// The text between line breaks, which a string of JSON has as `\n`.
  private static func parts(_ bytes: [UInt8]) -> [Range<Int>] {
    var parts: [Range<Int>] = []
    var start = 0
    var at = 0
    while at < bytes.count {
      var ends = bytes[at] == 0x0A
      if bytes[at] == UInt8(ascii: "\\"), at + 1 < bytes.count {
        at += 1
        ends = bytes[at] == UInt8(ascii: "n")
      }
      at += 1
      if ends {
        parts.append(start..<at)
        start = at
      }
    }
    if start < bytes.count { parts.append(start..<bytes.count) }
    return parts
  }
}
