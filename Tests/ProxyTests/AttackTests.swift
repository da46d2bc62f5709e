import Bytes
import EventLoop
import Proxy
import TestSupport
import Testing
import Wire

/// Peers that try to have one message taken for another, or to make the proxy hold more than it
/// should.
@Suite struct AttackTests {
  @Test func `a request behind an upload that was answered early goes on another connection`()
    throws
  {
    let harness = try ProxyHarness()
    harness.upstream.readsAtOnce = false
    let client = harness.client("POST / HTTP/1.1\r\nHost: p\r\nContent-Length: 12000000\r\n\r\n")
    client.send([UInt8](repeating: 65, count: 12_000_000))
    client.send(get("/next"))
    harness.wait(for: "the connection") {
      harness.observer.exchanges.first?.forwardedCount == 1
        && harness.upstream.connections.count == 1
    }
    harness.upstream.readsAtOnce = true
    harness.upstream.connections[0].send(
      "HTTP/1.1 429 Slow\r\nContent-Length: 4\r\n\r\nwaitHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"
    )
    let next = try harness.request(2)
    #expect(next.text.hasPrefix("GET /next HTTP/1.1\r\n"))
    next.send(ok("fine"))
    harness.wait(for: "the second answer") { client.text.hasSuffix("fine") }
    #expect(client.text.hasPrefix("HTTP/1.1 429 Slow\r\n"))
    #expect(!client.text.contains("evil"))
    harness.finish()
  }

  @Test func `what comes behind a 408 is no request`() throws {
    let harness = try ProxyHarness { $0.timeouts.requestHead = 50 }
    let client = harness.client("GET / HTTP/1.1\r\n")
    harness.wait(for: "the refusal") { client.text.contains("\r\n\r\n{") }
    #expect(client.text.hasPrefix("HTTP/1.1 408 "))
    client.send("Host: p\r\n\r\n" + get("/next"))
    harness.test.settle()
    #expect(harness.observer.requests.isEmpty)
    #expect(harness.upstream.connections.isEmpty)
    harness.finish()
  }

  @Test func `what an upstream sends behind its answer to HEAD reaches nobody`() throws {
    let harness = try ProxyHarness()
    let first = harness.client("HEAD / HTTP/1.1\r\nHost: p\r\n\r\n")
    try harness.request().send(
      "HTTP/1.1 200 OK\r\nContent-Length: 42\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"
    )
    harness.wait(for: "the head") { first.text.hasSuffix("\r\n\r\n") }
    let second = harness.client(get("/2"))
    try harness.request(2).send(ok("fine"))
    harness.wait(for: "the answer") { second.text.hasSuffix("fine") }
    #expect(!(first.text + second.text).contains("evil"))
    harness.finish()
  }

  @Test func `an answer that comes without a request is given to nobody`() throws {
    let harness = try ProxyHarness()
    let first = harness.client(get("/1"))
    let peer = try harness.request()
    peer.send(ok("fine"))
    harness.wait(for: "the answer") { first.text.hasSuffix("fine") }
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")
    harness.wait(for: "the end of the connection") { peer.isOver }
    let second = harness.client(get("/2"))
    try harness.request(2).send(ok("good"))
    harness.wait(for: "the answer") { second.text.hasSuffix("good") }
    harness.finish()
  }

  @Test func `a body of a hundred thousand chunks of one byte is forwarded as one`() throws {
    let harness = try ProxyHarness()
    let count = 100_000
    let client = harness.client(
      "POST / HTTP/1.1\r\nHost: p\r\nTransfer-Encoding: chunked\r\n\r\n")
    client.send(String(repeating: "1\r\na\r\n", count: count) + "0\r\n\r\n")
    let peer = try harness.request(ending: "aaaa")
    harness.wait(for: "the body") { peer.text.hasSuffix(String(repeating: "a", count: count)) }
    #expect(peer.text.contains("\r\nContent-Length: \(count)\r\n"))
    harness.finish()
  }

  @Test(arguments: [
    "Content-Length: 1001\r\n", "Transfer-Encoding: chunked\r\n",
  ])
  func `a client that waits with a body over the limit is refused instead of asked`(
    framing: String
  ) throws {
    let harness = try ProxyHarness { $0.maxBodyBytes = 1000 }
    let client = harness.client(
      "POST / HTTP/1.1\r\nHost: p\r\nExpect: 100-continue\r\n\(framing)\r\n")
    if framing.hasPrefix("Transfer") {
      harness.wait(for: "the request for the body") { client.text.contains("100 Continue") }
      client.forget()
      client.send("3E9\r\n")
    }
    harness.wait(for: "the refusal") { client.text.contains("\r\n\r\n{") }
    #expect(client.text.hasPrefix("HTTP/1.1 413 "))
    #expect(harness.upstream.connections.isEmpty)
    harness.finish()
  }

  @Test func `an upstream that never gets to its answer is 502`() throws {
    let harness = try ProxyHarness()
    let client = harness.client(get())
    let hints = String(repeating: "HTTP/1.1 103 Early Hints\r\n\r\n", count: 200)
    try harness.request().send(hints)
    harness.wait(for: "the answer") { client.text.contains("\r\n\r\n{") }
    #expect(client.text.contains("HTTP/1.1 502 "))
    #expect(client.text.occurrences(of: " 103 ") <= 64)
    harness.finish()
  }

  @Test func `interim answers that nobody reads take little memory`() throws {
    let harness = try ProxyHarness()
    let client = harness.client(get())
    client.stopReading()
    let peer = try harness.request()
    let hint =
      "HTTP/1.1 103 Early Hints\r\nLink: \(String(repeating: "a", count: 250_000))\r\n\r\n"
    for _ in 0..<60 { peer.send(hint) }
    peer.send(ok("done"))
    var last = -1
    harness.wait(for: "the standstill") {
      let unsent = (peer.queuedBytes, harness.server.unsentBytes)
      defer { last = unsent.0 + unsent.1 }
      harness.test.settle(rounds: 30)
      return unsent.0 + unsent.1 == last && unsent.1 > 0
    }
    #expect(harness.server.unsentBytes <= hint.utf8.count + 64 * 1024)
    client.startReading()
    harness.wait(for: "the answer") { client.text.hasSuffix("done") }
    harness.finish()
  }

  @Test func `a tunnel is not opened`() throws {
    let harness = try ProxyHarness()
    let client = harness.client(
      "CONNECT internal:22 HTTP/1.1\r\nHost: internal:22\r\n\r\nSSH-2.0-x\r\n")
    harness.wait(for: "the refusal") { client.text.contains("\r\n\r\n{") }
    #expect(client.text.hasPrefix("HTTP/1.1 4") || client.text.hasPrefix("HTTP/1.1 501 "))
    #expect(harness.upstream.connections.isEmpty)
    harness.finish()
  }

  @Test func `an answer that nobody reads takes little memory and the upstream waits`() throws {
    let harness = try ProxyHarness()
    let client = harness.client(get())
    client.stopReading()
    let peer = try harness.request()
    let size = 64 << 20
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: \(size)\r\n\r\n")
    peer.send([UInt8](repeating: 0x61, count: size))
    // Both kernels' buffers fill up, then nothing moves any more.
    var last = -1
    harness.wait(for: "the standstill") {
      let queued = peer.queuedBytes
      defer { last = queued }
      harness.test.settle(rounds: 30)
      return queued == last && queued > 0
    }
    #expect(peer.queuedBytes > size / 2)
    #expect(harness.server.unsentBytes <= 96 * 1024)
    client.startReading()
    client.discardsInput = true
    harness.wait(for: "all of it") { client.receivedCount > size }
    harness.finish()
  }
}
