import Bytes
import EventLoop
import Proxy
import TestSupport
import Testing
import Wire

/// A proxy between raw clients and a scripted upstream, all on one loop.
final class ProxyHarness {
  let test: TestLoop
  let upstream: ScriptedUpstream
  let observer = RecordingObserver()
  let server: ProxyServer
  private var peers: [RawPeer] = []

  init(_ change: (inout ProxyConfiguration) throws -> Void = { _ in }) throws {
    test = try TestLoop()
    upstream = try ScriptedUpstream(loop: test.loop)
    var configuration = ProxyConfiguration(
      listen: try SocketAddress(ip: "127.0.0.1", port: 0),
      upstreams: [
        UpstreamConfiguration(
          name: "main", url: try UpstreamURL(parsing: "http://\(upstream.address)"))
      ])
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

  /// Waits until the upstream has got `count` connections and the last one something that ends in
  /// `ending`.
  @discardableResult
  func request(
    _ count: Int = 1, ending: String = "", sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> RawPeer {
    wait(for: "the request at the upstream", sourceLocation: sourceLocation) {
      guard upstream.connections.count >= count else { return false }
      let text = upstream.connections[count - 1].text
      return text.contains("\r\n\r\n") && text.hasSuffix(ending)
    }
    return try #require(
      upstream.connections.count >= count ? upstream.connections[count - 1] : nil,
      sourceLocation: sourceLocation)
  }

  /// Closes everything; a leaked handle is an issue.
  func finish(sourceLocation: SourceLocation = #_sourceLocation) {
    server.stop()
    for peer in peers { peer.close() }
    upstream.close()
    #expect(throws: Never.self, "a handle leaked", sourceLocation: sourceLocation) {
      try test.loop.close()
    }
  }
}

/// A request without a body.
func get(_ target: String = "/", _ fields: String = "") -> String {
  "GET \(target) HTTP/1.1\r\nHost: proxy\r\n\(fields)\r\n"
}

func post(_ body: String, to target: String = "/v1/chat/completions", _ fields: String = "")
  -> String
{
  "POST \(target) HTTP/1.1\r\nHost: proxy\r\n\(fields)Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
}

func ok(_ body: String, _ fields: String = "") -> String {
  "HTTP/1.1 200 OK\r\n\(fields)Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
}
