/// Positions of the parts of a status line (RFC 9112 section 4).
struct StatusLine: StartLine {
  var status = 0
  var reason = 0..<0
  var minorVersion = 1

  static var toleratesEmptyLines: Bool { false }
  static func canBegin(with byte: UInt8) -> Bool { byte == UInt8(ascii: "H") }
  static func tooLong(limit: Int) -> WireError { .statusLineTooLong(limit: limit) }
  static var malformed: WireError { .malformedStatusLine }

  mutating func read(_ bytes: UnsafeRawBufferPointer, _ line: Range<Int>) throws(WireError) {
    guard line.count >= 12 else { throw .malformedStatusLine }
    let start = line.lowerBound
    minorVersion = try Self.minorVersion(bytes, start..<start + 8)
    guard bytes[start + 8] == ByteClass.space else { throw .malformedStatusLine }
    status = 0
    for at in start + 9..<start + 12 {
      guard ByteClass.isDigit(bytes[at]) else { throw .malformedStatusLine }
      status = status * 10 + Int(bytes[at] &- 0x30)
    }
    guard (100...599).contains(status) else { throw .malformedStatusLine }
    // The space is part of the grammar even if no phrase follows, but many servers leave it out.
    guard line.count == 12 || bytes[start + 12] == ByteClass.space else {
      throw .malformedStatusLine
    }
    reason = min(start + 13, line.upperBound)..<line.upperBound
    try FieldLine.checkText(bytes, reason)
  }
}
