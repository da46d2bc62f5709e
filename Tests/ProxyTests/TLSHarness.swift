import EventLoop
import Proxy
import TestSupport
import Testing
import Wire

/// A proxy between raw clients and a scripted TLS server, all on one loop.
final class TLSHarness {
  let test: TestLoop
  let upstream: TLSUpstream
  let observer = RecordingObserver()
  let server: ProxyServer
  private let authority: TestAuthority
  /// Stands in front of the upstream if it was asked for.
  private(set) var tunnel: TunnelServer?
  private var peers: [RawPeer] = []

  /// - Parameters:
  ///   - identity: the server's; the authority's for `localhost` and 127.0.0.1 if there is none.
  ///   - host: what the upstream's URL says.
  ///   - tunnelAnswer: has a forward proxy in between that gives this answer.
  ///   - credentials: for the forward proxy, as in its URL, with the @.
  ///   - isTrusted: whether the proxy gets the authority's certificate.
  init(
    host: String = "localhost", tunnelAnswer: String? = nil, credentials: String = "",
    isTrusted: Bool = true, isOldProtocol: Bool = false,
    identity: (TestAuthority) throws -> TestIdentity = {
      try $0.issue("DNS:localhost,IP:127.0.0.1")
    },
    configure change: (inout ProxyConfiguration) throws -> Void = { _ in }
  ) throws {
    test = try TestLoop()
    authority = try TestAuthority()
    upstream = try TLSUpstream(
      loop: test.loop, identity: identity(authority), isOldProtocol: isOldProtocol)
    if let tunnelAnswer {
      tunnel = try TunnelServer(loop: test.loop, to: upstream.address, answer: tunnelAnswer)
    }
    let forwardProxy = try tunnel.map {
      try ForwardProxy(parsing: "http://\(credentials)\($0.address)")
    }
    var configuration = ProxyConfiguration(
      listen: try SocketAddress(ip: "127.0.0.1", port: 0),
      upstreams: [
        UpstreamConfiguration(
          name: "main", url: try UpstreamURL(parsing: "https://\(host):\(upstream.address.port)"),
          forwardProxy: forwardProxy)
      ])
    if isTrusted { configuration.authorities = authority.file }
    try change(&configuration)
    server = try ProxyServer(loop: test.loop, configuration: configuration, observer: observer)
  }

  /// A client that has sent `text`.
  func client(_ text: String = "") -> RawPeer {
    let peer = RawPeer(connectingTo: server.address, loop: test.loop)
    peers.append(peer)
    if !text.isEmpty { peer.send(text) }
    return peer
  }

  func wait(
    for what: String, sourceLocation: SourceLocation = #_sourceLocation, _ holds: () -> Bool
  ) {
    let isMet = test.run(until: holds)
    #expect(isMet, "waited in vain for \(what)", sourceLocation: sourceLocation)
  }

  /// Waits for the complete head of a request on the connection number `count`.
  @discardableResult
  func request(
    _ count: Int = 1, ending: String = "", sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> TLSPeer {
    wait(for: "the request at the upstream", sourceLocation: sourceLocation) {
      guard upstream.connections.count >= count else { return false }
      let text = upstream.connections[count - 1].text
      return text.contains("\r\n\r\n") && text.hasSuffix(ending)
    }
    return try #require(
      upstream.connections.count >= count ? upstream.connections[count - 1] : nil,
      sourceLocation: sourceLocation)
  }

  /// The error that a request is answered with.
  func refusal(sourceLocation: SourceLocation = #_sourceLocation) -> String {
    let client = client(get())
    wait(for: "the answer", sourceLocation: sourceLocation) { client.text.contains("\r\n\r\n{") }
    return client.text
  }

  /// Closes everything; a leaked handle is an issue.
  func finish(sourceLocation: SourceLocation = #_sourceLocation) {
    server.stop()
    for peer in peers { peer.close() }
    tunnel?.close()
    upstream.close()
    #expect(throws: Never.self, "a handle leaked", sourceLocation: sourceLocation) {
      try test.loop.close()
    }
  }
}
