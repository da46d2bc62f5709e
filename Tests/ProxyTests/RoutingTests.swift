import Bytes
import EventLoop
import Proxy
import TestSupport
import Testing
import Wire

@Suite struct RoutingTests {
  /// A proxy with two names for one upstream; the second has a base path.
  private func harness() throws -> ProxyHarness {
    try ProxyHarness { configuration in
      let first = configuration.upstreams[0]
      let url = try UpstreamURL(parsing: first.url.description + "/base/path")
      configuration.upstreams.append(UpstreamConfiguration(name: "second", url: url))
    }
  }

  @Test(arguments: [
    ("/v1/models", "/v1/models", 0), ("/main/v1/models?x=1", "/v1/models?x=1", 0),
    ("/second/v1", "/base/path/v1", 1), ("/second", "/base/path/", 1),
    ("/second?q", "/base/path/?q", 1), ("/secondary/v1", "/secondary/v1", 0), ("/", "/", 0),
  ])
  func `the first part of the path may name an upstream`(
    target: String, forwarded: String, index: Int
  ) throws {
    let harness = try harness()
    _ = harness.client(get(target))
    let peer = try harness.request()
    #expect(peer.text.hasPrefix("GET \(forwarded) HTTP/1.1\r\n"))
    #expect(harness.observer.requests.first?.upstream == index)
    harness.finish()
  }

  @Test func `an upstream that was given no name has none in paths`() throws {
    let harness = try ProxyHarness { configuration in
      let url = configuration.upstreams[0].url
      configuration.upstreams = [UpstreamConfiguration(name: "default", isNamed: false, url: url)]
    }
    _ = harness.client(get("/default/foo"))
    #expect(try harness.request().text.hasPrefix("GET /default/foo HTTP/1.1\r\n"))
    harness.finish()
  }

  private static let page = "POST /v1/chat/completions HTTP/1.1\r\nOrigin: http://evil.example\r\n"

  @Test func `a web page that calls this machine by a name of its own is refused`() throws {
    let harness = try ProxyHarness()
    let client = harness.client(
      Self.page + "Host: evil.example:8089\r\nContent-Length: 2\r\n\r\n{}")
    harness.wait(for: "the answer") { client.text.contains("\r\n\r\n{") }
    #expect(client.text.hasPrefix("HTTP/1.1 403 "))
    #expect(harness.upstream.connections.isEmpty)
    harness.finish()
  }

  @Test(arguments: ["localhost:8089", "127.0.0.1:8089", "[::1]:8089"])
  func `a page that calls it by what it is passes`(_ host: String) throws {
    let harness = try ProxyHarness()
    _ = harness.client(Self.page + "Host: \(host)\r\nContent-Length: 2\r\n\r\n{}")
    try harness.request(ending: "{}")
    harness.finish()
  }

  @Test func `two upstreams of one name are refused`() throws {
    let test = try TestLoop()
    let address = try SocketAddress(ip: "127.0.0.1", port: 0)
    let upstream = UpstreamConfiguration(
      name: "main", url: try UpstreamURL(parsing: "http://127.0.0.1:1"))
    #expect(throws: ProxyConfigurationError.repeatedName("main")) {
      try ProxyServer(
        loop: test.loop,
        configuration: ProxyConfiguration(listen: address, upstreams: [upstream, upstream]),
        observer: RecordingObserver())
    }
    try test.loop.close()
  }

  @Test func `a request that comes back to this process is 508`() throws {
    let harness = try ProxyHarness()
    let client = harness.client(get())
    let via = try harness.request().text.components(separatedBy: "\r\n").filter {
      $0.lowercased().hasPrefix("via:")
    }
    let second = harness.client(get("/", via.joined(separator: "\r\n") + "\r\n"))
    harness.wait(for: "the answer") { second.text.contains("\r\n\r\n{") }
    #expect(second.text.hasPrefix("HTTP/1.1 508 "))
    #expect(harness.observer.refusals.map(\.status) == [508])
    #expect(client.text.isEmpty)
    harness.finish()
  }

  @Test func `another proxy in Via is no loop`() throws {
    let harness = try ProxyHarness()
    _ = harness.client(get("/", "Via: 1.1 holdfast-other\r\n"))
    #expect(try harness.request().text.contains("\r\nVia: 1.1 holdfast-other\r\n"))
    harness.finish()
  }
}
