import Bytes
import EventLoop
import Proxy
import TestSupport
import Wire
import Proxy
import Testing

@Suite struct KeepAliveTests {
  /// One exchange, after which the upstream connection is idle.
  private func warm(_ harness: ProxyHarness) throws {
    let client = harness.client(get("/warm"))
    let peer = try harness.request()
    peer.send(ok("warm"))
    harness.wait(for: "an idle connection") {
      client.text.hasSuffix("warm") && harness.server.counters.idleUpstreamConnections == 1
    }
    client.close()
    peer.forget()
  }

  @Test func `requests of one connection use one upstream connection`() throws {
    let harness = try ProxyHarness()
    harness.upstream.onReceive = { peer in
      peer.send(ok(String(peer.text.occurrences(of: "GET "))))
    }
    let client = harness.client()
    for count in 1...5 {
      client.send(get("/\(count)"))
      harness.wait(for: "answer \(count)") { client.text.hasSuffix("\r\n\r\n\(count)") }
    }
    #expect(harness.upstream.connections.count == 1)
    harness.finish()
  }

  @Test func `pipelined requests are answered in order and sent one at a time`() throws {
    let harness = try ProxyHarness()
    let client = harness.client(get("/1") + post("two", to: "/2") + get("/3"))
    var peer = try harness.request()
    for (index, name) in ["/1", "/2", "/3"].enumerated() {
      harness.wait(for: name) { peer.text.contains(" \(name) ") }
      harness.test.settle(rounds: 3)
      #expect(peer.text.occurrences(of: " HTTP/1.1\r\n") == index + 1)
      peer.send(ok("answer\(name)"))
      harness.wait(for: "answer") { client.text.hasSuffix("answer\(name)") }
      peer = harness.upstream.connections[0]
    }
    #expect(harness.upstream.connections.count == 1)
    harness.finish()
  }

  @Test func `a request that asks for it is the last of its connection`() throws {
    let harness = try ProxyHarness()
    harness.upstream.answerAll(ok("x"))
    let client = harness.client(get("/", "Connection: close\r\n") + get("/2"))
    harness.wait(for: "the end") { client.hasEnded }
    #expect(client.text.lowercased().contains("\r\nconnection: close\r\n"))
    #expect(client.text.occurrences(of: "HTTP/1.1 200") == 1)
    #expect(harness.observer.requests.count == 1)
    harness.finish()
  }

  @Test func `HTTP 1_0 keeps its connection when it asks for that`() throws {
    let harness = try ProxyHarness()
    harness.upstream.answerAll(ok("x"))
    let client = harness.client("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
    harness.wait(for: "the answer") { client.text.hasSuffix("\r\n\r\nx") }
    #expect(client.text.lowercased().contains("\r\nconnection: keep-alive\r\n"))
    client.send("GET / HTTP/1.0\r\n\r\n")
    harness.wait(for: "the end") { client.hasEnded }
    #expect(client.text.occurrences(of: "HTTP/1.1 200") == 2)
    harness.finish()
  }

  @Test func `empty lines behind a request are not the start of another`() throws {
    let harness = try ProxyHarness {
      $0.timeouts.requestHead = 20
      $0.timeouts.clientIdle = 200
    }
    harness.upstream.answerAll(ok("x"))
    let client = harness.client(get() + "\r\n")
    harness.wait(for: "the end") { client.hasEnded }
    #expect(client.text.hasSuffix("\r\n\r\nx"), "no 408 behind the answer")
    harness.finish()
  }

  @Test func `an answer that the client still takes is not cut off for idleness`() throws {
    let harness = try ProxyHarness { $0.timeouts.clientIdle = 30 }
    let body = String(repeating: "x", count: 5_000_000) + "end"
    let client = harness.client()
    harness.wait(for: "the client") { client.isConnected }
    client.stopReading()
    client.send(get())
    // Sent piece by piece, until no more is taken: the end of the body waits in the proxy.
    let peer = try harness.request()
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\n\r\n")
    peer.send(body)
    harness.wait(for: "a full connection") { harness.server.unsentBytes > 0 }
    var ticks = 0
    let timer = Timer(loop: harness.test.loop) { ticks += 1 }
    timer.start(afterMillis: 20, repeatMillis: 20)
    harness.wait(for: "more than the limit") { ticks >= 5 }
    timer.close()
    client.startReading()
    harness.wait(for: "the whole answer") { client.received.count > body.utf8.count }
    #expect(client.text.hasSuffix("end"))
    harness.wait(for: "the end, once it is idle") { client.hasEnded }
    harness.finish()
  }

  @Test func `an upstream that says close is not used again`() throws {
    let harness = try ProxyHarness()
    harness.upstream.answerAll(ok("x", "Connection: close\r\n"))
    let client = harness.client(get())
    harness.wait(for: "the answer") { client.text.hasSuffix("\r\n\r\nx") }
    #expect(!client.text.lowercased().contains("\r\nconnection: close"))
    #expect(harness.server.counters.upstreamConnections == 0)
    client.send(get("/2"))
    harness.wait(for: "the second connection") { harness.upstream.connections.count == 2 }
    harness.finish()
  }

  @Test func `an upstream connection with surplus bytes is closed`() throws {
    let harness = try ProxyHarness()
    let client = harness.client(get())
    let peer = try harness.request()
    peer.send(ok("x") + "HTTP/1.1 200 OK\r\n")
    harness.wait(for: "the answer") { client.text.hasSuffix("\r\n\r\nx") }
    #expect(harness.server.counters.upstreamConnections == 0)
    harness.finish()
  }

  @Test func `an idle connection on which something arrives is closed`() throws {
    let harness = try ProxyHarness()
    try warm(harness)
    harness.upstream.connections[0].send("x")
    harness.wait(for: "the close") { harness.server.counters.upstreamConnections == 0 }
    harness.finish()
  }

  @Test func `what waits on an idle connection is no answer to the next request`() throws {
    let harness = try ProxyHarness()
    try warm(harness)
    let idle = harness.upstream.connections[0]
    // Between the arrival of a request and its choice of a connection.
    harness.observer.onPlan = { _, _ in
      idle.send(
        "HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
    }
    let client = harness.client(post("{}"))
    let peer = try harness.request(2, ending: "{}")
    peer.send(ok("fresh"))
    harness.wait(for: "the answer") { client.text.hasSuffix("fresh") }
    #expect(client.text.hasPrefix("HTTP/1.1 200 "))
    harness.finish()
  }

  @Test func `an idle connection that the upstream closes is forgotten`() throws {
    let harness = try ProxyHarness()
    try warm(harness)
    harness.upstream.connections[0].close()
    harness.wait(for: "the close") { harness.server.counters.upstreamConnections == 0 }
    harness.finish()
  }

  @Test func `an upstream connection that is idle for too long is closed`() throws {
    let harness = try ProxyHarness { $0.timeouts.upstreamIdle = 20 }
    try warm(harness)
    harness.wait(for: "the close") { harness.upstream.connections[0].hasEnded }
    #expect(harness.server.counters.upstreamConnections == 0)
    harness.finish()
  }

  @Test func `a POST on a connection that was reset under it is sent on a new one`() throws {
    let harness = try ProxyHarness { $0.maxBodyBytes = 64 << 20 }
    try warm(harness)
    // More than the systems between hold for one that does not read.
    harness.upstream.connections[0].stopReading()
    let body = String(repeating: "x", count: 24 << 20) + "end"
    let client = harness.client(post(body))
    harness.wait(for: "the request") { harness.observer.exchanges.last?.forwardedCount == 1 }
    harness.upstream.connections[0].reset()
    let peer = try harness.request(2, ending: "end")
    peer.send(ok("second"))
    harness.wait(for: "the answer") { client.text.hasSuffix("second") }
    #expect(harness.observer.exchanges.last?.outcomes == [.complete(status: 200)])
    harness.finish()
  }

  @Test(arguments: [true, false])
  func `a POST that a reused connection took before it was reset is not sent again`(
    isAcknowledged: Bool
  ) throws {
    let harness = try ProxyHarness()
    try warm(harness)
    let client = harness.client(post("{}"))
    harness.wait(for: "the request") { harness.upstream.connections[0].text.hasSuffix("{}") }
    // Reading it is one thing, having said so to the other system another.
    harness.wait(for: "the acknowledgement") {
      !isAcknowledged || SocketTable.unacknowledgedBytes(toPort: harness.upstream.address.port) == 0
    }
    harness.upstream.connections[0].reset()
    harness.wait(for: "the answer") { client.text.contains("\r\n\r\n{") }
    #expect(client.text.hasPrefix("HTTP/1.1 502 "))
    #expect(harness.upstream.connections.count == 1)
    harness.finish()
  }

  @Test func `a POST that meets the close of an idle connection is delivered once`() throws {
    let harness = try ProxyHarness()
    try warm(harness)
    let client = harness.client()
    harness.wait(for: "the client") {
      client.isConnected && harness.server.counters.connections == 1
    }
    // Both are on their way before the proxy sees either.
    harness.upstream.connections[0].close()
    client.send(post("{}"))
    let peer = try harness.request(2, ending: "{}")
    #expect(!harness.upstream.connections[0].text.contains("POST"))
    peer.send(ok("once"))
    harness.wait(for: "the answer") { client.text.hasSuffix("once") }
    harness.finish()
  }

  @Test func `a POST that a reused connection took before it ended is not sent again`() throws {
    let harness = try ProxyHarness()
    try warm(harness)
    let client = harness.client(post("{}"))
    harness.wait(for: "the request") { harness.upstream.connections[0].text.hasSuffix("{}") }
    harness.upstream.connections[0].close()
    harness.wait(for: "the answer") { client.text.contains("\r\n\r\n{") }
    #expect(client.text.hasPrefix("HTTP/1.1 502 "))
    #expect(harness.upstream.connections.count == 1)
    harness.finish()
  }

  @Test func `a GET that a reused connection took before it ended is sent again`() throws {
    let harness = try ProxyHarness()
    try warm(harness)
    let client = harness.client(get("/again"))
    harness.wait(for: "the request") { harness.upstream.connections[0].text.contains("/again") }
    harness.upstream.connections[0].close()
    try harness.request(2).send(ok("second"))
    harness.wait(for: "the answer") { client.text.hasSuffix("second") }
    harness.finish()
  }

  @Test func `a request is replaced once only`() throws {
    let harness = try ProxyHarness()
    try warm(harness)
    let client = harness.client(get("/again"))
    harness.wait(for: "the request") { harness.upstream.connections[0].text.contains("/again") }
    harness.upstream.connections[0].close()
    try harness.request(2).close()
    harness.wait(for: "the answer") { client.text.contains("\r\n\r\n{") }
    #expect(client.text.hasPrefix("HTTP/1.1 502 "))
    #expect(harness.upstream.connections.count == 2)
    harness.finish()
  }

  @Test func `nothing is sent again once a byte of the response was seen`() throws {
    let harness = try ProxyHarness()
    try warm(harness)
    let client = harness.client(get("/again"))
    harness.wait(for: "the request") { harness.upstream.connections[0].text.contains("/again") }
    harness.upstream.connections[0].send("HTTP/1.1 2")
    harness.upstream.connections[0].close()
    harness.wait(for: "the answer") { client.text.contains("\r\n\r\n{") }
    #expect(client.text.hasPrefix("HTTP/1.1 502 "))
    #expect(harness.upstream.connections.count == 1)
    harness.finish()
  }
}
