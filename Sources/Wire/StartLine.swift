/// The first line of a head: what differs between requests and responses.
protocol StartLine {
  init()
  /// Whether empty lines in front of it are skipped (RFC 9112 section 2.2).
  static var toleratesEmptyLines: Bool { get }
  /// Whether the line can begin with this byte. Lets a peer that speaks another protocol be refused
  /// at its first byte.
  static func canBegin(with byte: UInt8) -> Bool
  static func tooLong(limit: Int) -> WireError
  static var malformed: WireError { get }
  /// Reads `line`, which excludes the CRLF behind it.
  mutating func read(_ bytes: UnsafeRawBufferPointer, _ line: Range<Int>) throws(WireError)
}

extension StartLine {
  /// Reads `HTTP/d.d`, case-sensitive (RFC 9112 section 2.3).
  /// - Returns: 0 or 1; every minor version above 1 is understood as 1.
  @inline(__always)
  static func minorVersion(
    _ bytes: UnsafeRawBufferPointer, _ range: Range<Int>
  ) throws(WireError) -> Int {
    // "HTTP/" in the order in which a little-endian word holds it.
    let start = range.lowerBound
    guard range.count == 8,
      bytes.loadUnaligned(fromByteOffset: start, as: UInt32.self)
        == UInt32(littleEndian: 0x5054_5448),
      bytes[start + 4] == UInt8(ascii: "/"), ByteClass.isDigit(bytes[start + 5]),
      bytes[start + 6] == UInt8(ascii: "."), ByteClass.isDigit(bytes[start + 7])
    else { throw malformed }
    guard bytes[start + 5] == UInt8(ascii: "1") else { throw .unsupportedVersion }
    return bytes[start + 7] == UInt8(ascii: "0") ? 0 : 1
  }
}
