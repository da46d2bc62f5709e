import EventLoop
import TLS
import Wire

/// The way to one upstream.
struct UpstreamRoute {
  /// Where TCP connections lead: to the upstream or to the forward proxy in front of it.
  let host: String
  let port: Int
  /// In front of the reason if that cannot be reached: empty, or which forward proxy it is.
  let blame: String
  /// What the forward proxy is asked for; nil if there is none, or if it gets whole requests.
  let tunnel: Tunnel?
  /// Nil for plain HTTP.
  let tls: TLSServer?
  /// Written in front of the target of each request: a forward proxy without a tunnel gets absolute
  /// targets (RFC 9112 section 3.2.2).
  let targetPrefix: String
  /// Value of the Proxy-Authorization field of each request.
  let authorization: String?

  struct Tunnel {
    let authority: String
    let authorization: String?
  }

  /// `context` is needed for https only.
  init(to upstream: UpstreamConfiguration, context: TLSContext?) {
    let url = upstream.url
    let proxy = upstream.forwardProxy
    let isTLS = url.scheme == .https
    host = proxy?.host ?? url.host
    port = proxy?.port ?? url.port
    blame = proxy.map { "the forward proxy \($0): " } ?? ""
    tls = isTLS ? context.map { TLSServer(host: url.host, context: $0) } : nil
    let name = url.host.contains(":") ? "[\(url.host)]" : url.host
    tunnel =
      isTLS
      ? proxy.map {
        Tunnel(authority: "\(name):\(url.port)", authorization: $0.authorization)
      } : nil
    let isAbsolute = !isTLS && proxy != nil
    targetPrefix = isAbsolute ? "http://\(url.hostHeader)" : ""
    authorization = isAbsolute ? proxy?.authorization : nil
  }

  /// Straight to an address, without TLS.
  init(host: String, port: Int) {
    self.host = host
    self.port = port
    blame = ""
    tunnel = nil
    tls = nil
    targetPrefix = ""
    authorization = nil
  }
}
