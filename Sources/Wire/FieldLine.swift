import Glibc

/// Where one field line lies in the storage of its head.
struct FieldLine: Sendable {
  let start: UInt32
  let nameCount: UInt32
  let valueStart: UInt32
  let valueEnd: UInt32
  /// Behind the line ending.
  let end: UInt32
  let kind: FieldKind

  @inline(__always) var name: Range<Int> { Int(start)..<Int(start) + Int(nameCount) }
  @inline(__always) var value: Range<Int> { Int(valueStart)..<Int(valueEnd) }

  init(name: Range<Int>, value: Range<Int>, end: Int, kind: FieldKind) {
    start = UInt32(name.lowerBound)
    nameCount = UInt32(name.count)
    valueStart = UInt32(value.lowerBound)
    valueEnd = UInt32(value.upperBound)
    self.end = UInt32(end)
    self.kind = kind
  }

  /// Reads the field line in `line`, which excludes the CRLF behind it (RFC 9112 section 5).
  @inline(__always)
  init(_ bytes: UnsafeRawBufferPointer, _ line: Range<Int>) throws(WireError) {
    var at = line.lowerBound
    while at < line.upperBound, ByteClass.isToken(bytes[at]) { at += 1 }
    let name = line.lowerBound..<at
    guard at < line.upperBound, bytes[at] == UInt8(ascii: ":"), !name.isEmpty else {
      throw Self.faultOfName(bytes, line, at)
    }
    at += 1
    while at < line.upperBound, ByteClass.isWhitespace(bytes[at]) { at += 1 }
    try Self.checkText(bytes, at..<line.upperBound)
    var end = line.upperBound
    while end > at, ByteClass.isWhitespace(bytes[end - 1]) { end -= 1 }
    self.init(
      name: name, value: at..<end, end: line.upperBound + 2, kind: FieldKind(bytes, name))
  }

  private static func faultOfName(
    _ bytes: UnsafeRawBufferPointer, _ line: Range<Int>, _ at: Int
  ) -> WireError {
    guard at < line.upperBound else { return .malformedFieldName }
    if ByteClass.isWhitespace(bytes[at]) {
      if at == line.lowerBound { return .obsoleteLineFolding }
      var next = at
      while next < line.upperBound, ByteClass.isWhitespace(bytes[next]) { next += 1 }
      let isColon = next < line.upperBound && bytes[next] == UInt8(ascii: ":")
      return isColon ? .whitespaceBeforeColon : .malformedFieldName
    }
    if bytes[at] == ByteClass.carriageReturn { return .bareCarriageReturn }
    return bytes[at] < 0x20 || bytes[at] == 0x7F ? .controlByte : .malformedFieldName
  }

  /// Refuses control bytes other than HTAB; bytes from 0x80 on pass (obs-text). Eight at a time.
  @inline(__always)
  static func checkText(
    _ bytes: UnsafeRawBufferPointer, _ range: Range<Int>
  ) throws(WireError) {
    var at = range.lowerBound
    while at + 8 <= range.upperBound {
      let word = bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self)
      let deletes = word ^ 0x7F7F_7F7F_7F7F_7F7F
      let suspects =
        ((word &- 0x2020_2020_2020_2020) & ~word) | ((deletes &- 0x0101_0101_0101_0101) & ~deletes)
      if suspects & 0x8080_8080_8080_8080 != 0 {
        for offset in at..<at + 8 { try checkTextByte(bytes[offset]) }
      }
      at += 8
    }
    while at < range.upperBound {
      try checkTextByte(bytes[at])
      at += 1
    }
  }

  @inline(__always)
  private static func checkTextByte(_ byte: UInt8) throws(WireError) {
    if byte >= 0x20 && byte != 0x7F || byte == ByteClass.tab { return }
    throw byte == ByteClass.carriageReturn ? .bareCarriageReturn : .controlByte
  }
}
