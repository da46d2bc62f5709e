import Bytes

/// The request line and the fields of one request, after all checks.
public struct RequestHead: Sendable {
  public var method: String
  /// Origin form (`/path?query`), or `*` for OPTIONS. An absolute-form target arrives here without
  /// its scheme and authority, which are then known to equal `Host`.
  public var target: String
  /// 0 or 1. Higher minor versions are treated as 1 (RFC 9110 section 2.5).
  public var minorVersion: Int
  public var fields: HeaderFields
  /// Never `untilClose`.
  public var framing: BodyFraming
  /// Whether the client wants the connection to stay open after the response.
  public var keepAlive: Bool
  /// Whether a body is announced that the client may hold back until it sees a 100 (Continue).
  public var expectsContinue: Bool

  public init(
    method: String, target: String, minorVersion: Int = 1, fields: HeaderFields = HeaderFields(),
    framing: BodyFraming = .none, keepAlive: Bool = true, expectsContinue: Bool = false
  ) {
    self.method = method
    self.target = target
    self.minorVersion = minorVersion
    self.fields = fields
    self.framing = framing
    self.keepAlive = keepAlive
    self.expectsContinue = expectsContinue
  }

  /// The target without its query.
  public var path: String { Self.path(of: target) }

  /// What stands before the query of `target`.
  public static func path(of target: String) -> String {
    guard target.containsText("?"), let mark = target.utf8.firstIndex(of: UInt8(ascii: "?")) else {
      return target
    }
    return String(target[..<mark])
  }
}
