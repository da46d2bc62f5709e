/// A request target in one of the forms that an origin is asked in (RFC 9112 section 3.2). The
/// authority form belongs to CONNECT and is refused.
struct RequestTarget {
  /// Path and query, or `*`. May lack the leading `/` that `text` adds.
  private(set) var origin = 0..<0
  /// Host and port of an absolute-form target.
  private(set) var authority: Range<Int>?
  private var isAsterisk = false

  init() {}

  init(
    _ bytes: UnsafeRawBufferPointer, _ range: Range<Int>, isOptions: Bool
  ) throws(WireError) {
    let first = bytes[range.lowerBound]
    if first == UInt8(ascii: "/") {
      origin = range
    } else if first == UInt8(ascii: "*") {
      guard isOptions, range.count == 1 else { throw .malformedTarget }
      origin = range
      return
    } else {
      try readAbsolute(bytes, range, isOptions: isOptions)
    }
    try Self.checkPathAndQuery(bytes, origin)
  }

  /// The form in which the target is forwarded to an origin (RFC 9112 section 3.2.1 and 3.2.4).
  func text(_ bytes: UnsafeRawBufferPointer) -> String {
    let text = String(decoding: UnsafeRawBufferPointer(rebasing: bytes[origin]), as: UTF8.self)
    if isAsterisk { return "*" }
    if authority != nil, origin.isEmpty || bytes[origin.lowerBound] != UInt8(ascii: "/") {
      return "/" + text
    }
    return text
  }

  private mutating func readAbsolute(
    _ bytes: UnsafeRawBufferPointer, _ range: Range<Int>, isOptions: Bool
  ) throws(WireError) {
    let scheme: Int
    if range.count > 7,
      equalIgnoringCase(bytes, range.lowerBound..<range.lowerBound + 7, "http://")
    {
      scheme = 7
    } else if range.count > 8,
      equalIgnoringCase(bytes, range.lowerBound..<range.lowerBound + 8, "https://")
    {
      scheme = 8
    } else {
      throw .malformedTarget
    }
    let start = range.lowerBound + scheme
    var end = start
    while end < range.upperBound, bytes[end] != UInt8(ascii: "/"), bytes[end] != UInt8(ascii: "?") {
      end += 1
    }
    guard HostName.isValid(bytes, start..<end) else { throw .malformedTarget }
    authority = start..<end
    origin = end..<range.upperBound
    isAsterisk = isOptions && origin.isEmpty
  }

  static func checkPathAndQuery(
    _ bytes: UnsafeRawBufferPointer, _ range: Range<Int>
  ) throws(WireError) {
    var at = range.lowerBound
    while at < range.upperBound, ByteClass.isPath(bytes[at]) || bytes[at] == UInt8(ascii: "%") {
      if bytes[at] == UInt8(ascii: "%") { try checkTriplet(bytes, at, range.upperBound) }
      at += 1
    }
    while at < range.upperBound {
      if bytes[at] == UInt8(ascii: "%") {
        try checkTriplet(bytes, at, range.upperBound)
      } else if !ByteClass.isQuery(bytes[at]) {
        throw bytes[at] == ByteClass.carriageReturn ? .bareCarriageReturn : .malformedTarget
      }
      at += 1
    }
  }

  @inline(__always)
  private static func checkTriplet(
    _ bytes: UnsafeRawBufferPointer, _ at: Int, _ end: Int
  ) throws(WireError) {
    guard end - at >= 3, ByteClass.hexValue(bytes[at + 1]) != nil,
      ByteClass.hexValue(bytes[at + 2]) != nil
    else { throw .malformedTarget }
  }
}
