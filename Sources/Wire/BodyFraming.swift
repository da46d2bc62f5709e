/// How the end of a message body is found (RFC 9112 section 6.3).
public enum BodyFraming: Sendable, Equatable {
  /// There is no body.
  case none
  /// Exactly this many bytes follow, 0 or more.
  case length(Int)
  /// A chunked body follows.
  case chunked
  /// Everything until the connection ends; responses only.
  case untilClose
}
