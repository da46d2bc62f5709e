public import EventLoop
public import Wire

/// Where one upstream is and how it is called.
public struct UpstreamConfiguration: Sendable {
  /// Requests for `/NAME/...` go to this upstream, without that prefix, so it must not be the first
  /// part of a path that is to reach the first upstream. Also used in messages.
  let name: String
  /// Whether requests may ask for it by its name.
  let isNamed: Bool
  public let url: UpstreamURL
  /// Stands between this proxy and the upstream. With https it is asked for a tunnel.
  let forwardProxy: ForwardProxy?

  public init(
    name: String, isNamed: Bool = true, url: UpstreamURL, forwardProxy: ForwardProxy? = nil
  ) {
    self.name = name
    self.isNamed = isNamed
    self.url = url
    self.forwardProxy = forwardProxy
  }
}

/// Everything the proxy can be told. The first upstream is the one for requests that name none.
public struct ProxyConfiguration: Sendable {
  var listen: SocketAddress
  public var upstreams: [UpstreamConfiguration]
  public var timeouts = ProxyTimeouts()
  var requestLimits = HTTPLimits.request
  var responseLimits = HTTPLimits.response
  /// A larger request body is answered 413. It is held in memory as a whole.
  public var maxBodyBytes = 64 << 20
  /// What the bodies of all requests under way may have together, as the clients send them; one that
  /// does not fit is answered 503.
  public var maxBytesInFlight = 1 << 30
  /// Further clients are answered 503.
  public var maxConnections = 4096
  /// Connections kept open to each upstream while nothing uses them.
  var maxIdleUpstreamConnections = 64

  /// What clients have to show; nil if everybody may use the proxy who can reach it.
  public var clientToken: ClientToken?

  /// PEM file with certificate authorities to trust for https upstreams, besides the system's.
  public var authorities: String?

  public init(listen: SocketAddress, upstreams: [UpstreamConfiguration]) {
    self.listen = listen
    self.upstreams = upstreams
  }
}

/// Why a configuration cannot be served.
public enum ProxyConfigurationError: Error, Equatable, Sendable {
  case noUpstream
  case repeatedName(String)
}
