/// The status line and the fields of one response, after all checks.
public struct ResponseHead: Sendable {
  /// 100 ... 599.
  public var status: Int
  /// May be empty. Bytes that are not UTF-8 are replaced.
  public var reason: String
  /// 0 or 1.
  public var minorVersion: Int
  public var fields: HeaderFields
  public var framing: BodyFraming
  /// Whether the upstream keeps the connection open; false whenever the body ends with it.
  public var keepAlive: Bool

  public init(
    status: Int, reason: String? = nil, minorVersion: Int = 1,
    fields: HeaderFields = HeaderFields(), framing: BodyFraming = .none, keepAlive: Bool = true
  ) {
    self.status = status
    self.reason = reason ?? Self.reasonPhrase(for: status)
    self.minorVersion = minorVersion
    self.fields = fields
    self.framing = framing
    self.keepAlive = keepAlive
  }

  /// Whether another head of the same response follows (1xx).
  public var isInformational: Bool { (100...199).contains(status) }

  /// The usual phrase of a status (RFC 9110 section 15), or an empty string.
  public static func reasonPhrase(for status: Int) -> String {
    switch status {
    case 100: "Continue"
    case 200: "OK"
    case 201: "Created"
    case 202: "Accepted"
    case 204: "No Content"
    case 304: "Not Modified"
    case 400: "Bad Request"
    case 401: "Unauthorized"
    case 403: "Forbidden"
    case 404: "Not Found"
    case 405: "Method Not Allowed"
    case 408: "Request Timeout"
    case 411: "Length Required"
    case 413: "Content Too Large"
    case 414: "URI Too Long"
    case 417: "Expectation Failed"
    case 429: "Too Many Requests"
    case 431: "Request Header Fields Too Large"
    case 500: "Internal Server Error"
    case 501: "Not Implemented"
    case 502: "Bad Gateway"
    case 503: "Service Unavailable"
    case 504: "Gateway Timeout"
    case 505: "HTTP Version Not Supported"
    case 529: "Overloaded"
    default: ""
    }
  }
}
