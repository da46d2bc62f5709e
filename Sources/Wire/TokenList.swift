/// Walks a comma-separated list of tokens (RFC 9110 section 5.6.1) by position.
struct TokenList {
  private let bytes: UnsafeRawBufferPointer
  private let end: Int
  private var at: Int
  /// Whether something that is no token was met; the walk ends there.
  private(set) var isMalformed = false
  /// Whether an element was empty, which a recipient has to ignore where it can.
  private(set) var hasEmptyElement = false

  init(_ bytes: UnsafeRawBufferPointer, _ value: Range<Int>) {
    self.bytes = bytes
    at = value.lowerBound
    end = value.upperBound
  }

  /// The next token, or nil at the end or at a fault.
  mutating func next() -> Range<Int>? {
    while at < end {
      while at < end, ByteClass.isWhitespace(bytes[at]) { at += 1 }
      let start = at
      while at < end, ByteClass.isToken(bytes[at]) { at += 1 }
      let token = start..<at
      while at < end, ByteClass.isWhitespace(bytes[at]) { at += 1 }
      guard at == end || bytes[at] == UInt8(ascii: ",") else {
        isMalformed = true
        at = end
        return nil
      }
      if at < end {
        at += 1
        if at == end { hasEmptyElement = true }
      }
      guard token.isEmpty else { return token }
      hasEmptyElement = true
    }
    return nil
  }
}
