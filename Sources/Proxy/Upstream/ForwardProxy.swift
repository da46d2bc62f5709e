public import Wire

/// An HTTP proxy that stands between this one and an upstream. Its credentials are sent to it and
/// never shown.
public struct ForwardProxy: Sendable, Equatable {
  let host: String
  let port: Int
  /// Value of Proxy-Authorization.
  let authorization: String?

  public enum Fault: Error, Sendable, Equatable {
    case malformed(URLError)
    /// Only proxies that are spoken to in plain HTTP are supported.
    case unsupportedScheme
    case malformedCredentials

    /// The cause in a few words, without a part of the text.
    var reason: String {
      switch self {
      case .malformed(let error): error.reason
      case .unsupportedScheme: "is no http:// proxy, the only kind supported"
      case .malformedCredentials: "has credentials with a malformed percent-encoding"
      }
    }
  }

  /// `[http://][user[:password]@]host[:port][/]`, the port 80 if there is none.
  public init(parsing text: String) throws(Fault) {
    var rest = Substring(text)
    if let slashes = ForwardProxy.schemeEnd(rest) {
      guard rest[..<slashes].lowercased() == "http:" else { throw .unsupportedScheme }
      rest = rest[slashes...].dropFirst(2)
    }
    let end = rest.firstIndex(of: "/") ?? rest.endIndex
    let at = rest[..<end].lastIndex(of: "@")
    do throws(URLError) {
      let url = try UpstreamURL(
        parsing: "http://" + (at.map { rest[rest.index(after: $0)...] } ?? rest))
      guard url.basePath.isEmpty else { throw .malformedPath }
      host = url.host
      port = url.port
    } catch {
      throw .malformed(error)
    }
    guard let at else {
      authorization = nil
      return
    }
    var pair = rest[..<at].utf8.split(
      separator: UInt8(ascii: ":"), maxSplits: 1, omittingEmptySubsequences: false)
    if pair.count == 1 { pair.append(rest.utf8[at..<at]) }
    guard let user = ForwardProxy.decoded(pair[0]), let password = ForwardProxy.decoded(pair[1])
    else { throw .malformedCredentials }
    authorization = "Basic " + Base64.text(user + [UInt8(ascii: ":")] + password)
  }

  /// Where `//` stands behind the scheme's colon.
  private static func schemeEnd(_ text: Substring) -> Substring.Index? {
    guard let slash = text.firstIndex(of: "/"), text[..<slash].hasSuffix(":"),
      text[slash...].hasPrefix("//")
    else { return nil }
    return slash
  }

  private static func decoded(_ text: Substring.UTF8View) -> [UInt8]? {
    var result: [UInt8] = []
    var rest = text[...]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "%") else {
        result.append(byte)
        continue
      }
      guard let high = rest.popFirst().flatMap(hexValue),
        let low = rest.popFirst().flatMap(hexValue)
      else { return nil }
      result.append(high << 4 | low)
    }
    return result
  }

  private static func hexValue(_ digit: UInt8) -> UInt8? {
    switch digit {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
    default: nil
    }
  }
}

extension ForwardProxy: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  /// `proxy.example:3128`
  public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
  public var debugDescription: String { description }
  public var customMirror: Mirror { Mirror(self, children: ["host": host, "port": port]) }
}
