import Bytes
import EventLoop
import Proxy
import TestSupport
import Testing
import Wire

@Suite struct TimeoutTests {
  @Test func `a head that does not end is answered 408`() throws {
    let harness = try ProxyHarness { $0.timeouts.requestHead = 30 }
    let client = harness.client("GET / HTTP/1.1\r\nHost")
    harness.wait(for: "the end") { client.hasEnded }
    #expect(client.text.hasPrefix("HTTP/1.1 408 "))
    #expect(harness.observer.refusals.map(\.status) == [408])
    harness.finish()
  }

  @Test func `a head that drips is answered 408`() throws {
    let harness = try ProxyHarness { $0.timeouts.requestHead = 60 }
    let client = harness.client("GET / HTTP/1.1\r\n")
    var count = 0
    let drip = Timer(loop: harness.test.loop) {
      count += 1
      client.send("X-\(count): 1\r\n")
    }
    drip.start(afterMillis: 5, repeatMillis: 5)
    harness.wait(for: "the answer") { client.text.hasPrefix("HTTP/1.1 408 ") }
    drip.close()
    harness.finish()
  }

  @Test func `a connection without a byte is closed without an answer`() throws {
    let harness = try ProxyHarness { $0.timeouts.requestHead = 30 }
    let client = harness.client()
    harness.wait(for: "the end") { client.hasEnded }
    #expect(client.text.isEmpty)
    #expect(harness.observer.refusals.isEmpty)
    harness.finish()
  }

  @Test func `a body that stalls is answered 408`() throws {
    let harness = try ProxyHarness { $0.timeouts.bodyStall = 30 }
    let client = harness.client("POST / HTTP/1.1\r\nHost: p\r\nContent-Length: 9\r\n\r\nabc")
    harness.wait(for: "the end") { client.hasEnded }
    #expect(client.text.hasPrefix("HTTP/1.1 408 "))
    #expect(harness.upstream.connections.isEmpty)
    harness.finish()
  }

  @Test func `a client connection without requests is closed`() throws {
    let harness = try ProxyHarness { $0.timeouts.clientIdle = 30 }
    harness.upstream.answerAll(ok("x"))
    let client = harness.client(get())
    harness.wait(for: "the end") { client.hasEnded }
    #expect(client.text.hasSuffix("\r\n\r\nx"))
    harness.finish()
  }

  @Test func `an upstream that never answers is waited for unless a limit is set`() throws {
    let harness = try ProxyHarness { $0.timeouts.response = 30 }
    let client = harness.client(get())
    let peer = try harness.request()
    harness.wait(for: "the answer") { client.text.contains("\r\n\r\n{") }
    #expect(client.text.hasPrefix("HTTP/1.1 504 "))
    harness.wait(for: "the close") { peer.isOver }
    harness.finish()
  }

  @Test func `a limit on the response does not cut a stream that has begun`() throws {
    let harness = try ProxyHarness { $0.timeouts.response = 30 }
    let client = harness.client(get())
    let peer = try harness.request()
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\na")
    var isLate = false
    let timer = Timer(loop: harness.test.loop) { isLate = true }
    timer.start(afterMillis: 60)
    harness.wait(for: "the limit to pass") { isLate }
    timer.close()
    peer.send("b")
    harness.wait(for: "the rest") { client.text.hasSuffix("ab") }
    harness.finish()
  }

  @Test func `an upstream that does not react is 502 after the limit`() throws {
    let silent = try #require(SilentListener())
    let harness = try ProxyHarness {
      $0.upstreams = [
        UpstreamConfiguration(
          name: "x", url: try UpstreamURL(parsing: "http://127.0.0.1:\(silent.port)"))
      ]
      $0.timeouts.connect = 50
    }
    let client = harness.client(get())
    harness.wait(for: "the answer") { client.text.contains("\r\n\r\n{") }
    #expect(client.text.hasPrefix("HTTP/1.1 502 "))
    client.forget()
    client.send(get())
    harness.wait(for: "the second answer") { client.text.contains("\r\n\r\n{") }
    let losses = harness.observer.health.filter { if case .down = $0 { true } else { false } }
    #expect(losses.count == 2, "one for each request that it cost")
    harness.finish()
  }

  @Test func `a name that does not exist is 502`() throws {
    let harness = try ProxyHarness {
      $0.upstreams = [
        UpstreamConfiguration(
          name: "x", url: try UpstreamURL(parsing: "http://no-such-host.invalid:9"))
      ]
      $0.timeouts.connect = 1_000
    }
    let client = harness.client(get())
    harness.wait(for: "the answer") { client.text.contains("\r\n\r\n{") }
    #expect(client.text.hasPrefix("HTTP/1.1 502 "))
    guard case .down = harness.observer.health.last else {
      Issue.record("health \(harness.observer.health)")
      return harness.finish()
    }
    harness.finish()
  }
}
