import Wire
import Bytes
import EventLoop
import Proxy
import TestSupport
import Testing

@Suite struct DrainTests {
  @Test func `a drain closes idle connections and finishes streams`() throws {
    let harness = try ProxyHarness()
    let idle = harness.client()
    let busy = harness.client(post("{}"))
    let peer = try harness.request(ending: "{}")
    peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n")
    harness.wait(for: "the first event") { busy.text.hasSuffix("a\r\n") }
    var isDone = false
    harness.server.drain(limitMillis: 60_000) { isDone = true }
    harness.wait(for: "the close") { idle.hasEnded }
    #expect(!isDone && !busy.hasEnded)
    let late = harness.client(get())
    harness.wait(for: "the refusal") { late.failure != nil }
    peer.send("0\r\n\r\n")
    harness.wait(for: "the end") { isDone }
    harness.wait(for: "the close") { busy.hasEnded }
    #expect(busy.text.hasSuffix("0\r\n\r\n"))
    harness.finish()
  }

  @Test func `half a response that only the connection ends is cut off visibly at the limit`()
    throws
  {
    let harness = try ProxyHarness()
    let client = harness.client("GET / HTTP/1.0\r\n\r\n")
    try harness.request().send(
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n")
    harness.wait(for: "the half") { client.text.hasSuffix("half") }
    var isDone = false
    harness.server.drain(limitMillis: 1) { isDone = true }
    harness.wait(for: "the end") { isDone && client.isOver }
    #expect(client.failure != nil)
    harness.finish()
  }

  @Test func `a response that begins during a drain says close`() throws {
    let harness = try ProxyHarness()
    let client = harness.client(get())
    let peer = try harness.request()
    var isDone = false
    harness.server.drain(limitMillis: 60_000) { isDone = true }
    peer.send(ok("x"))
    harness.wait(for: "the end") { isDone && client.hasEnded }
    #expect(client.text.lowercased().contains("\r\nconnection: close\r\n"))
    harness.finish()
  }

  @Test func `a drain ends at its limit`() throws {
    let harness = try ProxyHarness()
    let client = harness.client(get())
    try harness.request()
    var isDone = false
    harness.server.drain(limitMillis: 20) { isDone = true }
    harness.wait(for: "the end") { isDone && client.isOver }
    #expect(harness.observer.outcomes == [.clientGone])
    harness.finish()
  }

  @Test func `a drain without connections is done in a later round`() throws {
    let harness = try ProxyHarness()
    var isDone = false
    harness.server.drain(limitMillis: 60_000) { isDone = true }
    #expect(!isDone)
    harness.wait(for: "the end") { isDone }
    harness.finish()
  }

  @Test func `stop closes everything at once`() throws {
    let harness = try ProxyHarness()
    let client = harness.client(get())
    let peer = try harness.request()
    harness.server.stop()
    harness.wait(for: "the close") { client.isOver && peer.isOver }
    #expect(harness.server.counters.connections == 0)
    harness.finish()
  }
}
