import Wire
import Bytes
import EventLoop
import Proxy
import TestSupport
import Testing

@Suite struct DisappearanceTests {
  @Test func `a client that is gone before the first byte closes the upstream connection`() throws {
    let harness = try ProxyHarness()
    let client = harness.client(post("{}"))
    let peer = try harness.request(ending: "{}")
    client.close()
    harness.wait(for: "the close") { peer.isOver }
    #expect(harness.observer.outcomes == [.clientGone])
    #expect(harness.server.counters.connections == 0)
    harness.finish()
  }

  @Test func `a client that resets closes the upstream connection`() throws {
    let harness = try ProxyHarness()
    let client = harness.client(post("{}"))
    let peer = try harness.request(ending: "{}")
    client.reset()
    harness.wait(for: "the close") { peer.isOver }
    #expect(harness.observer.outcomes == [.clientGone])
    harness.finish()
  }

  @Test func `a client that only ended its direction gets its answer`() throws {
    let harness = try ProxyHarness()
    let client = harness.client(post("{}"))
    client.shutdown()
    let peer = try harness.request(ending: "{}")
    harness.wait(for: "the probe") { client.text == "HTTP/1.1 102 Processing\r\n\r\n" }
    #expect(!peer.isOver)
    peer.send(ok("answer"))
    harness.wait(for: "the end") { client.hasEnded }
    #expect(client.text.hasSuffix("\r\n\r\nanswer"))
    #expect(client.text.lowercased().contains("\r\nconnection: close\r\n"))
    #expect(harness.observer.outcomes == [.complete(status: 200)])
    harness.finish()
  }

  @Test func `the end of an HTTP 1_0 client's data means that it is gone`() throws {
    let harness = try ProxyHarness()
    let client = harness.client("GET / HTTP/1.0\r\n\r\n")
    let peer = try harness.request()
    client.shutdown()
    harness.wait(for: "the close") { peer.isOver }
    #expect(client.text.isEmpty)
    harness.finish()
  }

  @Test func `a client that goes in the middle of a stream closes the upstream connection`() throws
  {
    let harness = try ProxyHarness()
    let client = harness.client(post("{}"))
    let peer = try harness.request(ending: "{}")
    peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n")
    harness.wait(for: "the first event") { client.text.hasSuffix("1\r\na\r\n") }
    client.close()
    // The upstream is silent: nothing that it sends finds out that nobody listens.
    harness.wait(for: "the close") { peer.isOver }
    #expect(harness.observer.outcomes == [.clientGone])
    harness.finish()
  }

  @Test func `a client that ended its direction in the middle of a stream gets the rest`() throws {
    let harness = try ProxyHarness()
    let client = harness.client(post("{}"))
    let peer = try harness.request(ending: "{}")
    peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n")
    harness.wait(for: "the first event") { client.text.hasSuffix("1\r\na\r\n") }
    client.shutdown()
    // The probe is the first digit of the size that comes next.
    harness.wait(for: "the probe") { client.text.hasSuffix("1\r\na\r\n0") }
    peer.send("1\r\nb\r\n0\r\n\r\n")
    harness.wait(for: "the end") { client.hasEnded }
    #expect(client.text.hasSuffix("1\r\na\r\n01\r\nb\r\n0\r\n\r\n"))
    harness.finish()
  }

  @Test func `a client that goes while the upstream is being connected leaves nothing behind`()
    throws
  {
    let harness = try ProxyHarness()
    let client = harness.client(get())
    harness.wait(for: "the request") { harness.observer.requests.count == 1 }
    client.reset()
    harness.wait(for: "the close") { harness.server.counters.connections == 0 }
    #expect(harness.observer.outcomes == [.clientGone])
    #expect(harness.server.counters.upstreamConnections == 0)
    harness.finish()
  }

  @Test func `pipelined requests before a half-close are all answered`() throws {
    let harness = try ProxyHarness()
    harness.upstream.onReceive = { peer in
      peer.send(ok("\(peer.text.occurrences(of: "GET "))"))
    }
    let client = harness.client(get("/1") + get("/2") + get("/3"))
    client.shutdown()
    harness.wait(for: "the end") { client.hasEnded }
    #expect(client.text.occurrences(of: "HTTP/1.1 200 OK") == 3)
    #expect(client.text.hasSuffix("\r\n\r\n3"))
    harness.finish()
  }

  @Test func `a request that ends before its end is 400`() throws {
    let harness = try ProxyHarness()
    let client = harness.client("POST / HTTP/1.1\r\nHost: p\r\nContent-Length: 9\r\n\r\nabc")
    client.shutdown()
    harness.wait(for: "the end") { client.hasEnded }
    #expect(client.text.hasPrefix("HTTP/1.1 400 "))
    #expect(harness.upstream.connections.isEmpty)
    harness.finish()
  }
}
