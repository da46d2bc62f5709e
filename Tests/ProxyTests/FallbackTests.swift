import Wire
import Bytes
import EventLoop
import Proxy
import TestSupport
import Testing

@Suite struct FallbackTests {
  private func harness() throws -> ProxyHarness {
    let harness = try ProxyHarness()
    harness.observer.onPlan = { request, plan in
      plan.fallbackBody = request.body
      plan.body = [ByteSlice(ByteBuffer("rewritten".utf8))]
    }
    return harness
  }

  @Test(arguments: [400, 413])
  func `a refused rewritten body is followed by the agent's own`(status: Int) throws {
    let harness = try harness()
    let client = harness.client(post("original"))
    let peer = try harness.request(ending: "rewritten")
    peer.send("HTTP/1.1 \(status) No\r\nContent-Length: 3\r\n\r\nbad")
    let second = try harness.request(2, ending: "original")
    second.send(ok("good"))
    harness.wait(for: "the answer") { client.text.hasSuffix("good") }
    #expect(client.text.hasPrefix("HTTP/1.1 200 OK"))
    #expect(client.text.occurrences(of: "HTTP/1.1 ") == 1)
    #expect(harness.observer.exchanges.first?.retries == [status])
    #expect(harness.observer.exchanges.first?.heads.map(\.status) == [200])
    harness.finish()
  }

  @Test func `the answer to the agent's own body is final`() throws {
    let harness = try harness()
    let client = harness.client(post("original"))
    try harness.request(ending: "rewritten").send("HTTP/1.1 400 No\r\nContent-Length: 0\r\n\r\n")
    try harness.request(2, ending: "original").send(
      "HTTP/1.1 400 Still\r\nContent-Length: 3\r\n\r\nbad")
    harness.wait(for: "the answer") { client.text.hasSuffix("bad") }
    #expect(client.text.hasPrefix("HTTP/1.1 400 Still"))
    #expect(harness.upstream.connections.count == 2)
    harness.finish()
  }

  @Test func `another status is final`() throws {
    let harness = try harness()
    let client = harness.client(post("original"))
    try harness.request(ending: "rewritten").send("HTTP/1.1 429 No\r\nContent-Length: 3\r\n\r\nbad")
    harness.wait(for: "the answer") { client.text.hasSuffix("bad") }
    #expect(harness.upstream.connections.count == 1)
    harness.finish()
  }
}
