import Bytes
import EventLoop
import Proxy
import TestSupport
import Wire
import Bytes
import Testing

@Suite struct ForwardingTests {
  @Test func `a request reaches the upstream with its fields in order and its body unchanged`()
    throws
  {
    let harness = try ProxyHarness()
    let client = harness.client(
      "POST /v1/chat/completions?a=1&b=%20 HTTP/1.1\r\nhOsT: proxy:1\r\nX-A:  one \r\n"
        + "Accept-Encoding: gzip, br\r\nX-a: two\r\nAuthorization: Bearer s\r\n"
        + "Content-Length: 9\r\nx-b: \r\n\r\n{\"a\":1.0}")
    let peer = try harness.request(ending: "{\"a\":1.0}")
    let lines = peer.text.components(separatedBy: "\r\n")
    #expect(lines[0] == "POST /v1/chat/completions?a=1&b=%20 HTTP/1.1")
    let kept = lines.filter { !$0.lowercased().hasPrefix("via:") }
    #expect(kept.contains("Accept-Encoding: gzip, br"))
    #expect(kept.contains("Authorization: Bearer s"))
    let names = kept.dropFirst().map { String($0.prefix { $0 != ":" }) }
    let others = names.filter { ["X-A", "X-a", "x-b"].contains($0) }
    #expect(others == ["X-A", "X-a", "x-b"])
    peer.send(ok("done"))
    harness.wait(for: "the answer") { client.text.hasSuffix("done") }
    #expect(harness.observer.outcomes == [.complete(status: 200)])
    #expect(harness.observer.exchanges.first?.body == Array("done".utf8))
    harness.finish()
  }

  @Test func `Host names the upstream`() throws {
    let harness = try ProxyHarness()
    _ = harness.client(get())
    let peer = try harness.request()
    let hosts = peer.text.components(separatedBy: "\r\n").filter {
      $0.lowercased().hasPrefix("host:")
    }
    #expect(hosts.count == 1)
    #expect(hosts.first?.hasSuffix(" \(harness.upstream.address)") == true)
    harness.finish()
  }

  @Test func `fields that end at the proxy are not forwarded`() throws {
    let harness = try ProxyHarness()
    _ = harness.client(
      get(
        "/",
        "Connection: x-secret, keep-alive\r\nX-Secret: 1\r\nKeep-Alive: timeout=5\r\nTE: trailers\r\n"
          + "Proxy-Authorization: Basic x\r\nX-Stays: 1\r\n"))
    let text = try harness.request().text.lowercased()
    for name in ["x-secret", "keep-alive", "te:", "proxy-authorization", "connection:"] {
      #expect(!text.contains("\r\n\(name)"), "\(name) was forwarded")
    }
    #expect(text.contains("\r\nx-stays: 1\r\n"))
    harness.finish()
  }

  @Test func `an offer of another protocol is ignored`() throws {
    let harness = try ProxyHarness()
    let client = harness.client(
      get("/socket", "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"))
    let peer = try harness.request()
    #expect(!peer.text.lowercased().contains("\r\nupgrade:"))
    peer.send(ok("plain"))
    harness.wait(for: "the answer") { client.text.hasSuffix("plain") }
    harness.finish()
  }

  @Test func `a chunked body is forwarded with its length`() throws {
    let harness = try ProxyHarness()
    let client = harness.client(
      "POST / HTTP/1.1\r\nHost: p\r\nTransfer-Encoding: chunked\r\n\r\n5;ext=1\r\nhello\r\n")
    client.send("7\r\n, world\r\n0\r\nX-T: 1\r\n\r\n")
    let peer = try harness.request(ending: "hello, world")
    #expect(peer.text.lowercased().contains("\r\ncontent-length: 12\r\n"))
    #expect(!peer.text.lowercased().contains("transfer-encoding"))
    harness.finish()
  }

  @Test func `nothing is forwarded before the body is complete`() throws {
    let harness = try ProxyHarness()
    let client = harness.client("POST / HTTP/1.1\r\nHost: p\r\nContent-Length: 4\r\n\r\nab")
    harness.wait(for: "the connection") { harness.server.counters.connections == 1 }
    harness.test.settle()
    #expect(harness.upstream.connections.isEmpty)
    client.send("cd")
    try harness.request(ending: "abcd")
    harness.finish()
  }

  @Test func `a body of many megabytes arrives byte for byte`() throws {
    let harness = try ProxyHarness()
    let body = (0..<11_000_000).map { UInt8(truncatingIfNeeded: $0 &* 167 >> 5) }
    let client = harness.client(
      "POST / HTTP/1.1\r\nHost: p\r\nContent-Length: \(body.count)\r\n\r\n")
    client.send(body)
    harness.wait(for: "the body") {
      (harness.upstream.connections.first?.receivedCount ?? 0) > body.count
    }
    harness.test.settle()
    let received = try #require(harness.upstream.connections.first?.received)
    #expect(received.suffix(body.count).elementsEqual(body))
    harness.finish()
  }

  @Test func `a held back body is asked for`() throws {
    let harness = try ProxyHarness()
    let client = harness.client(
      "POST / HTTP/1.1\r\nHost: p\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
    harness.wait(for: "the interim response") {
      client.text == "HTTP/1.1 100 Continue\r\n\r\n"
    }
    client.send("ok")
    let peer = try harness.request(ending: "ok")
    #expect(!peer.text.lowercased().contains("expect:"))
    harness.finish()
  }

  @Test func `fields of the plan are added on both sides`() throws {
    let harness = try ProxyHarness()
    harness.observer.onPlan = { _, plan in
      plan.extraRequestFields = [("X-Up", "1")]
      plan.extraResponseFields = [("X-Down", "2")]
    }
    let client = harness.client(get())
    let peer = try harness.request()
    #expect(peer.text.contains("\r\nX-Up: 1\r\n"))
    peer.send(ok("x"))
    harness.wait(for: "the answer") { client.text.hasSuffix("\r\n\r\nx") }
    #expect(client.text.contains("\r\nX-Down: 2\r\n"))
    harness.finish()
  }

  @Test func `the pieces of a planned body are sent as one`() throws {
    let harness = try ProxyHarness()
    harness.observer.onPlan = { request, plan in
      let new = ByteBuffer("XYZ".utf8)
      plan.body = [
        ByteSlice(request.body, 0..<1), ByteSlice(new), ByteSlice(request.body, 2..<3),
      ]
    }
    _ = harness.client(post("abc"))
    let peer = try harness.request(ending: "aXYZc")
    #expect(peer.text.lowercased().contains("\r\ncontent-length: 5\r\n"))
    harness.finish()
  }
}
