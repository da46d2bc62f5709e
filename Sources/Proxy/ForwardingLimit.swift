import Wire

/// How many intermediaries a request may still pass (RFC 9110 section 7.6.2).
enum ForwardingLimit {
  /// Nil if the request is none that is counted, or sets no limit that could be read.
  static func of(_ head: RequestHead) -> Int? {
    guard head.method == "OPTIONS" || head.method == "TRACE" else { return nil }
    guard let text = head.fields.first("max-forwards"), text.utf8.count <= 9,
      text.utf8.allSatisfy({ (0x30...0x39).contains($0) })
    else { return nil }
    return Int(text)
  }
}
