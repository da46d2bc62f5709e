import Glibc

/// Positions of the parts of a request line (RFC 9112 section 3).
struct RequestLine: StartLine {
  var method = 0..<0
  var target = RequestTarget()
  var minorVersion = 1

  static var toleratesEmptyLines: Bool { true }
  static func canBegin(with byte: UInt8) -> Bool { ByteClass.isToken(byte) }
  static func tooLong(limit: Int) -> WireError { .requestLineTooLong(limit: limit) }
  static var malformed: WireError { .malformedRequestLine }

  mutating func read(_ bytes: UnsafeRawBufferPointer, _ line: Range<Int>) throws(WireError) {
    var at = line.lowerBound
    while at < line.upperBound, ByteClass.isToken(bytes[at]) { at += 1 }
    method = line.lowerBound..<at
    guard !method.isEmpty, at < line.upperBound, bytes[at] == ByteClass.space else {
      throw Self.fault(bytes, line)
    }
    let start = at + 1
    // The shortest rest is one byte of target, a space and the version.
    guard line.upperBound - start >= 10 else { throw Self.fault(bytes, line) }
    let end = line.upperBound - 9
    guard bytes[end] == ByteClass.space else { throw Self.fault(bytes, line) }
    minorVersion = try Self.minorVersion(bytes, end + 1..<line.upperBound)
    if method.count == 7, hasPrefix("CONNECT", bytes, method) { throw .connectNotSupported }
    let isOptions = method.count == 7 && hasPrefix("OPTIONS", bytes, method)
    target = try RequestTarget(bytes, start..<end, isOptions: isOptions)
  }

  /// A stray line ending is named as such; every other fault is just a malformed line.
  private static func fault(_ bytes: UnsafeRawBufferPointer, _ line: Range<Int>) -> WireError {
    line.contains { bytes[$0] == ByteClass.carriageReturn }
      ? .bareCarriageReturn : .malformedRequestLine
  }
}

/// Whether `range` of `bytes` begins with `text`, case-sensitive.
@inline(__always)
func hasPrefix(
  _ text: StaticString, _ bytes: UnsafeRawBufferPointer, _ range: Range<Int>
) -> Bool {
  guard range.count >= text.utf8CodeUnitCount, let base = bytes.baseAddress else { return false }
  return memcmp(base + range.lowerBound, text.utf8Start, text.utf8CodeUnitCount) == 0
}
