/// Address of an upstream: `http[s]://host[:port][/base/path]`.
///
/// User information is recognised, so that it can be refused or warned about, but not kept:
/// credentials go in the agent's own fields, and what is not kept cannot be shown.
public struct UpstreamURL: Sendable, Equatable, CustomStringConvertible {
  public enum Scheme: String, Sendable {
    case http
    case https
  }

  public let scheme: Scheme
  /// Without brackets: for the resolver.
  public let host: String
  /// The scheme's default if the URL names none.
  public let port: Int
  /// Begins with `/` and does not end with one; empty for the root.
  public let basePath: String
  /// Whether the URL held user information, which was dropped.
  public let hasUserInfo: Bool

  public init(parsing text: String) throws(URLError) {
    self = try Array(text.utf8).withUnsafeBufferPointer { bytes throws(URLError) in
      try UpstreamURL(UnsafeRawBufferPointer(bytes))
    }
  }

  private init(_ bytes: UnsafeRawBufferPointer) throws(URLError) {
    let start: Int
    if bytes.count >= 7, equalIgnoringCase(bytes, 0..<7, "http://") {
      scheme = .http
      start = 7
    } else if bytes.count >= 8, equalIgnoringCase(bytes, 0..<8, "https://") {
      scheme = .https
      start = 8
    } else {
      throw Self.hasScheme(bytes) ? .unsupportedScheme : .missingScheme
    }
    let rest = start..<bytes.count
    if rest.contains(where: { bytes[$0] == UInt8(ascii: "?") || bytes[$0] == UInt8(ascii: "#") }) {
      throw .queryOrFragment
    }
    let pathStart = rest.first { bytes[$0] == UInt8(ascii: "/") } ?? bytes.count
    let userEnd = (start..<pathStart).last { bytes[$0] == UInt8(ascii: "@") }
    hasUserInfo = userEnd != nil
    let authority = (userEnd.map { $0 + 1 } ?? start)..<pathStart

    guard let parts = HostName.split(bytes, authority) else { throw .malformedHost }
    if let digits = parts.port, !digits.isEmpty {
      guard let port = HostName.port(bytes, digits), port > 0 else { throw .malformedPort }
      self.port = port
    } else {
      port = scheme == .http ? 80 : 443
    }
    guard HostName.isValid(bytes, authority) else { throw .malformedHost }
    host = String(decoding: UnsafeRawBufferPointer(rebasing: bytes[parts.host]), as: UTF8.self)
    var pathEnd = bytes.count
    while pathEnd > pathStart, bytes[pathEnd - 1] == UInt8(ascii: "/") { pathEnd -= 1 }
    let path = pathStart..<pathEnd
    do throws(WireError) {
      try RequestTarget.checkPathAndQuery(bytes, path)
    } catch {
      throw .malformedPath
    }
    basePath = String(decoding: UnsafeRawBufferPointer(rebasing: bytes[path]), as: UTF8.self)
  }

  private static func hasScheme(_ bytes: UnsafeRawBufferPointer) -> Bool {
    guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")), colon + 2 < bytes.count else {
      return false
    }
    return colon > 0 && bytes[colon + 1] == UInt8(ascii: "/")
      && bytes[colon + 2] == UInt8(ascii: "/")
  }

  /// Value of Host: the port is left out where it is the scheme's default.
  public var hostHeader: String {
    let name = host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]" : host
    let isDefault = port == (scheme == .http ? 80 : 443)
    return isDefault ? name : "\(name):\(port)"
  }

  /// The target to ask the upstream for, given the target of the agent's request. A URL may end in
  /// `/v1`, as the variables of agents do: what agents put in front of their paths is not put there
  /// twice.
  public func target(for requestTarget: String) -> String {
    if basePath.isEmpty || requestTarget == "*" { return requestTarget }
    let path = requestTarget.utf8
    guard basePath.hasSuffix("/v1"), path.starts(with: "/v1".utf8) else {
      return basePath + requestTarget
    }
    let rest = path.dropFirst(3)
    guard rest.isEmpty || rest.first == UInt8(ascii: "/") || rest.first == UInt8(ascii: "?") else {
      return basePath + requestTarget
    }
    return basePath + String(Substring(rest))
  }

  /// The URL without user information.
  public var description: String { "\(scheme.rawValue)://\(hostHeader)\(basePath)" }
}
