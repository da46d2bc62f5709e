/// What the fields of one head say about framing, routing and the connection. Contradictions are
/// refused as soon as they are seen: two readers of an ambiguous message disagree about where it
/// ends, and the rest of it becomes somebody's next request (RFC 9112 section 11.2).
struct FramingFacts {
  var length: Int?
  var hasTransferCoding = false
  var host: Range<Int>?
  var closes = false
  var keepsAlive = false
  var expectsContinue = false
  private var connectionOptions = 0

  @inline(__always)
  mutating func note(
    _ line: FieldLine, _ bytes: UnsafeRawBufferPointer
  ) throws(WireError) {
    if line.kind == .other || line.kind == .hopByHop { return }
    try noteKnown(line, bytes)
  }

  private mutating func noteKnown(
    _ line: FieldLine, _ bytes: UnsafeRawBufferPointer
  ) throws(WireError) {
    switch line.kind {
    case .host:
      guard host == nil else { throw .repeatedHost }
      host = line.value
    case .contentLength:
      guard length == nil else { throw .repeatedLength }
      guard !hasTransferCoding else { throw .lengthAndTransferCoding }
      length = try Self.length(bytes, line.value)
    case .transferEncoding:
      guard !hasTransferCoding else { throw .malformedTransferCoding }
      guard length == nil else { throw .lengthAndTransferCoding }
      guard equalIgnoringCase(bytes, line.value, "chunked") else {
        throw Self.faultOfCoding(bytes, line.value)
      }
      hasTransferCoding = true
    case .connection:
      try noteConnection(bytes, line.value)
    case .expect:
      expectsContinue = expectsContinue || equalIgnoringCase(bytes, line.value, "100-continue")
    case .other, .hopByHop:
      break
    }
  }

  /// 1 to 18 digits: more than any body needs, and never near an overflow.
  private static func length(
    _ bytes: UnsafeRawBufferPointer, _ value: Range<Int>
  ) throws(WireError) -> Int {
    guard (1...18).contains(value.count) else { throw .malformedLength }
    var length = 0
    for at in value {
      guard ByteClass.isDigit(bytes[at]) else { throw .malformedLength }
      length = length * 10 + Int(bytes[at] &- 0x30)
    }
    return length
  }

  /// Something else than one `chunked`: well-formed codings with `chunked` at the end are 501
  /// (RFC 9112 section 6.1), all else leaves the length unknown and is 400 (section 6.3).
  private static func faultOfCoding(
    _ bytes: UnsafeRawBufferPointer, _ value: Range<Int>
  ) -> WireError {
    var list = TokenList(bytes, value)
    var last: Range<Int>?
    while let token = list.next() {
      if let last, equalIgnoringCase(bytes, last, "chunked") { return .malformedTransferCoding }
      last = token
    }
    guard !list.isMalformed, !list.hasEmptyElement, let last else {
      return .malformedTransferCoding
    }
    return equalIgnoringCase(bytes, last, "chunked")
      ? .unsupportedTransferCoding : .malformedTransferCoding
  }

  private mutating func noteConnection(
    _ bytes: UnsafeRawBufferPointer, _ value: Range<Int>
  ) throws(WireError) {
    var list = TokenList(bytes, value)
    while let option = list.next() {
      connectionOptions += 1
      guard connectionOptions <= HopByHop.maximumOptions else { throw .malformedConnection }
      if equalIgnoringCase(bytes, option, "close") { closes = true }
      if equalIgnoringCase(bytes, option, "keep-alive") { keepsAlive = true }
    }
    guard !list.isMalformed else { throw .malformedConnection }
  }

  /// Whether the connection outlives the message (RFC 9112 section 9.3).
  func keepAlive(minorVersion: Int) -> Bool {
    !closes && (minorVersion >= 1 || keepsAlive)
  }
}
