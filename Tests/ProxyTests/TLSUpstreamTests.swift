import EventLoop
import Proxy
import TestSupport
import Testing
import Wire

@Suite struct TLSUpstreamTests {
  private static let events = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"

  @Test func `big bodies pass both ways`() throws {
    let harness = try TLSHarness()
    let body = String((0..<3_000_000).map { Character(Unicode.Scalar(UInt8(97 + $0 % 26))) })
    let client = harness.client(post(body))
    let peer = try harness.request(ending: body)
    let answer = String(body.reversed())
    peer.send(ok(answer))
    harness.wait(for: "the answer") { client.text.hasSuffix(answer) }
    #expect(peer.text.hasSuffix("\r\n\r\n" + body))
    harness.finish()
  }

  @Test func `events pass one by one`() throws {
    let harness = try TLSHarness()
    let client = harness.client(post("{}"))
    let peer = try harness.request(ending: "{}")
    peer.send(Self.events + "Transfer-Encoding: chunked\r\n\r\n")
    for number in 1...5 {
      peer.send("9\r\ndata: \(number)\n\n\r\n")
      harness.wait(for: "event \(number)") { client.text.hasSuffix("data: \(number)\n\n\r\n") }
    }
    peer.send("0\r\n\r\n")
    harness.wait(for: "the end") { client.text.hasSuffix("0\r\n\r\n") }
    harness.finish()
  }

  @Test func `a connection is used again`() throws {
    let harness = try TLSHarness()
    harness.upstream.answerAll(ok("answer"))
    let client = harness.client(get("/1"))
    harness.wait(for: "the first answer") { client.text.occurrences(of: "\r\n\r\nanswer") == 1 }
    client.send(get("/2"))
    harness.wait(for: "the second answer") { client.text.occurrences(of: "\r\n\r\nanswer") == 2 }
    #expect(harness.upstream.connections.count == 1)
    harness.finish()
  }

  @Test(arguments: [false, true])
  func `a session is resumed by the next connection`(isOldProtocol: Bool) throws {
    let harness = try TLSHarness(isOldProtocol: isOldProtocol)
    harness.upstream.answerAll(ok("answer", "Connection: close\r\n"))
    for number in 1...2 {
      let client = harness.client(get())
      harness.wait(for: "the answer") { client.text.hasSuffix("answer") }
      #expect(harness.upstream.connections.count == number)
    }
    #expect(harness.upstream.connections.map(\.isResumed) == [false, true])
    harness.finish()
  }

  @Test func `a response until the end of TLS is complete`() throws {
    let harness = try TLSHarness()
    let client = harness.client(get())
    let peer = try harness.request()
    peer.send("HTTP/1.1 200 OK\r\n\r\nall of it")
    peer.end()
    harness.wait(for: "the end") { client.text.hasSuffix("all of it\r\n0\r\n\r\n") }
    #expect(harness.observer.outcomes == [.complete(status: 200)])
    harness.finish()
  }

  @Test func `a response until the end of the connection without the end of TLS is cut off`() throws
  {
    let harness = try TLSHarness()
    let client = harness.client(get())
    let peer = try harness.request()
    peer.send("HTTP/1.1 200 OK\r\n\r\npart of it")
    peer.endSilently()
    harness.wait(for: "the end") { client.isOver }
    #expect(client.text.contains("part of it"))
    #expect(!client.text.hasSuffix("0\r\n\r\n"))
    harness.wait(for: "the outcome") {
      harness.observer.outcomes == [
        .truncated(
          reason: "upstream main failed in the middle of its response: "
            + "connection closed without the end of TLS")
      ]
    }
    harness.finish()
  }

  @Test func `the same to an HTTP 1_0 client ends with a reset`() throws {
    let harness = try TLSHarness()
    let client = harness.client("GET / HTTP/1.0\r\n\r\n")
    let peer = try harness.request()
    peer.send("HTTP/1.1 200 OK\r\n\r\npart of it")
    harness.wait(for: "the part") { client.text.hasSuffix("part of it") }
    peer.endSilently()
    harness.wait(for: "the reset") { client.failure != nil }
    #expect(!client.hasEnded)
    harness.finish()
  }

  @Test func `bytes that are no TLS in the middle of a response break it off`() throws {
    let harness = try TLSHarness()
    let client = harness.client(get())
    let peer = try harness.request()
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart")
    harness.wait(for: "the part") { client.text.hasSuffix("part") }
    peer.sendGarbage()
    harness.wait(for: "the end") { client.isOver }
    #expect(harness.observer.outcomes.count == 1)
    harness.finish()
  }

  @Test func `a request on a connection that the server closes meanwhile is sent on another`()
    throws
  {
    let harness = try TLSHarness()
    harness.upstream.answerAll(ok("answer"))
    let client = harness.client(get())
    harness.wait(for: "the answer") { client.text.hasSuffix("answer") }
    harness.upstream.connections[0].end()
    harness.wait(for: "the close") { harness.server.counters.upstreamConnections == 0 }
    client.send(get())
    harness.wait(for: "the answer") { client.text.occurrences(of: "\r\n\r\nanswer") == 2 }
    #expect(harness.upstream.connections.count == 2)
    harness.finish()
  }

  @Test(arguments: [true, false])
  func `a POST that a reused connection took is not sent again`(isAnnounced: Bool) throws {
    let harness = try TLSHarness()
    harness.upstream.answerAll(ok("answer"))
    let client = harness.client(get())
    harness.wait(for: "the answer") { client.text.hasSuffix("answer") }
    harness.upstream.onReceive = { if isAnnounced { $0.end() } else { $0.endSilently() } }
    client.send(post("{}"))
    harness.wait(for: "the answer") { client.text.contains("HTTP/1.1 502 ") }
    #expect(harness.upstream.connections.count == 1)
    harness.finish()
  }

  @Test func `the upstream is told of the end`() throws {
    let harness = try TLSHarness()
    let client = harness.client(post("{}"))
    let peer = try harness.request(ending: "{}")
    client.close()
    harness.wait(for: "the end") { peer.isOver }
    #expect(peer.sawCloseNotify)
    harness.finish()
  }

  @Test func `an upstream is not read faster than its client reads`() throws {
    let harness = try TLSHarness()
    let client = harness.client(get())
    client.stopReading()
    let peer = try harness.request()
    let size = 24_000_000
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: \(size)\r\n\r\n")
    peer.send([UInt8](repeating: 66, count: size))
    harness.test.settle(rounds: 50)
    // The sockets' own buffers hold some megabytes.
    #expect(peer.queuedBytes > size / 4)
    client.discardsInput = true
    client.startReading()
    harness.wait(for: "the rest") { client.receivedCount > size }
    harness.wait(for: "the outcome") { harness.observer.outcomes == [.complete(status: 200)] }
    harness.finish()
  }

  @Test func `a body for an upstream that does not read waits and arrives whole`() throws {
    let harness = try TLSHarness()
    _ = harness.client(get())
    let peer = try harness.request()
    peer.send(ok("first"))
    peer.forget()
    peer.discardsInput = true
    harness.wait(for: "the pool") { harness.server.counters.idleUpstreamConnections == 1 }
    peer.stopReading()
    let body = String(repeating: "b", count: 24_000_000)
    let client = harness.client(post(body))
    harness.wait(for: "the request") { harness.observer.requests.count == 2 }
    harness.test.settle(rounds: 30)
    peer.startReading()
    harness.wait(for: "the body") { peer.receivedCount > body.utf8.count }
    peer.send(ok("second"))
    harness.wait(for: "the answer") { client.text.hasSuffix("second") }
    harness.finish()
  }

  @Test func `a port that does not react to the handshake is 502 after the limit`() throws {
    let test = try TestLoop()
    // Accepts, and says nothing.
    let silent = try ScriptedUpstream(loop: test.loop)
    let harness = try TLSHarness(configure: {
      $0.upstreams = [
        UpstreamConfiguration(
          name: "main", url: try UpstreamURL(parsing: "https://127.0.0.1:\(silent.address.port)"))
      ]
      $0.timeouts.connect = 50
    })
    let answer = harness.refusal()
    #expect(answer.hasPrefix("HTTP/1.1 502 "))
    #expect(answer.contains("the TLS handshake took too long"))
    harness.finish()
    silent.close()
    try test.loop.close()
  }

  @Test func `a server that speaks plain HTTP is told apart`() throws {
    let test = try ProxyHarness()
    test.upstream.onReceive = { $0.send("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n") }
    let proxy = try ProxyServer(
      loop: test.test.loop,
      configuration: ProxyConfiguration(
        listen: try SocketAddress(ip: "127.0.0.1", port: 0),
        upstreams: [
          UpstreamConfiguration(
            name: "main", url: try UpstreamURL(parsing: "https://\(test.upstream.address)"))
        ]), observer: test.observer)
    let client = RawPeer(connectingTo: proxy.address, loop: test.test.loop)
    client.send(get())
    test.wait(for: "the answer") { client.text.contains("\r\n\r\n{") }
    #expect(
      client.text.contains("it does not speak TLS at this port (http:// instead of https://?)"))
    client.close()
    proxy.stop()
    test.finish()
  }

  @Test func `a client that goes during the handshake leaves nothing behind`() throws {
    let test = try ProxyHarness()
    let proxy = try ProxyServer(
      loop: test.test.loop,
      configuration: ProxyConfiguration(
        listen: try SocketAddress(ip: "127.0.0.1", port: 0),
        upstreams: [
          UpstreamConfiguration(
            name: "main", url: try UpstreamURL(parsing: "https://\(test.upstream.address)"))
        ]), observer: test.observer)
    let client = RawPeer(connectingTo: proxy.address, loop: test.test.loop)
    client.send(get())
    test.wait(for: "the handshake") { test.upstream.connections.first?.received.isEmpty == false }
    client.reset()
    test.wait(for: "the close") { test.upstream.connections[0].isOver }
    proxy.stop()
    test.finish()
  }
}
