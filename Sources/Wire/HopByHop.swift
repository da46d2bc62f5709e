/// Fields that concern one connection and end at the proxy (RFC 9110 section 7.6.1).
public enum HopByHop {
  /// How many options the Connection fields of a head may hold before it is refused: each one is compared
  /// with each field name.
  static let maximumOptions = 64

  /// Whether a field called `name` is never forwarded: Connection, Keep-Alive, TE, Trailer,
  /// Transfer-Encoding, Upgrade, Proxy-Connection, Proxy-Authenticate, Proxy-Authorization and
  /// Proxy-Authentication-Info. (Proxy-Status is end-to-end, RFC 9209.)
  public static func isHopByHop(_ name: UnsafeRawBufferPointer) -> Bool {
    switch FieldKind(name, 0..<name.count) {
    case .connection, .transferEncoding, .hopByHop: true
    case .other, .host, .contentLength, .expect: false
    }
  }

  /// Whether a Connection field among `lines`, which lie in `bytes`, names `name` as one of its options.
  static func isNominated(
    _ name: UnsafeRawBufferPointer, _ bytes: UnsafeRawBufferPointer, _ lines: [FieldLine]
  ) -> Bool {
    for line in lines where line.kind == .connection {
      var options = TokenList(bytes, line.value)
      while let option = options.next() {
        if equalIgnoringCase(UnsafeRawBufferPointer(rebasing: bytes[option]), name) { return true }
      }
    }
    return false
  }

  /// Whether a Connection field names anything that would not be dropped anyway.
  static func hasNominations(_ bytes: UnsafeRawBufferPointer, _ lines: [FieldLine]) -> Bool {
    for line in lines where line.kind == .connection {
      var options = TokenList(bytes, line.value)
      while let option = options.next() {
        if equalIgnoringCase(bytes, option, "close") { continue }
        if !isHopByHop(UnsafeRawBufferPointer(rebasing: bytes[option])) { return true }
      }
    }
    return false
  }
}
