public import Wire

/// The forward proxies that the environment names: `https_proxy`, `http_proxy` by the scheme of the
/// upstream, else `all_proxy`, each also in capitals, and the exceptions in `no_proxy`.
public struct ProxyEnvironment: Sendable {
  private let variables: [String: String]
  private let exceptions: NoProxyList

  /// A variable that cannot be followed.
  public struct Fault: Error, Sendable, Equatable {
    public let variable: String
    public let reason: String
  }

  /// `variable` gives the value of an environment variable.
  public init(_ variable: (String) -> String?) {
    var variables: [String: String] = [:]
    for name in ["https_proxy", "http_proxy", "all_proxy", "no_proxy"] {
      for spelling in [name.uppercased(), name] {
        if let value = variable(spelling) { variables[name] = value }
      }
    }
    exceptions = NoProxyList(variables["no_proxy"] ?? "")
    self.variables = variables
  }

  /// Nil if the upstream is to be reached directly, as one on this machine always is.
  public func proxy(for url: UpstreamURL) throws(Fault) -> ForwardProxy? {
    for name in [url.scheme == .https ? "https_proxy" : "http_proxy", "all_proxy"] {
      guard let text = variables[name] else { continue }
      // Set but empty: none, whatever all_proxy says.
      if text.isEmpty || exceptions.contains(host: url.host, port: url.port) { return nil }
      do throws(ForwardProxy.Fault) {
        return try ForwardProxy(parsing: text)
      } catch {
        throw Fault(variable: name.uppercased(), reason: error.reason)
      }
    }
    return nil
  }
}
