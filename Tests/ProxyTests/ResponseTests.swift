import Bytes
import EventLoop
import Proxy
import TestSupport
import Wire
import Testing

@Suite struct ResponseTests {
  private func body(_ text: String) -> String {
    text.components(separatedBy: "\r\n\r\n").dropFirst().joined(separator: "\r\n\r\n")
  }

  @Test func `an answer without a date gets one, and one with a date keeps it`() throws {
    let harness = try ProxyHarness()
    harness.upstream.answerAll(ok("x"))
    let client = harness.client(get())
    harness.wait(for: "the answer") { client.text.hasSuffix("\r\n\r\nx") }
    #expect(client.text.occurrences(of: "\r\nDate: ") == 1)
    #expect(client.text.contains(" GMT\r\n"))
    client.forget()
    harness.upstream.answerAll(ok("y", "date: Thu, 01 Jan 1970 00:00:01 GMT\r\n"))
    client.send(get())
    harness.wait(for: "the answer") { client.text.hasSuffix("\r\n\r\ny") }
    #expect(client.text.lowercased().occurrences(of: "\r\ndate: ") == 1)
    #expect(client.text.contains("\r\ndate: Thu, 01 Jan 1970 00:00:01 GMT\r\n"))
    harness.finish()
  }

  @Test func `each piece of a stream is passed on when it arrives`() throws {
    let harness = try ProxyHarness()
    let client = harness.client(post("{}"))
    let peer = try harness.request(ending: "{}")
    peer.send(
      "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
    harness.wait(for: "the head") { client.text.hasSuffix("\r\n\r\n") }
    for event in ["data: 1\n\n", "data: 22\n\n"] {
      peer.send("\(String(event.utf8.count, radix: 16))\r\n\(event)\r\n")
      harness.wait(for: "the event") { client.text.hasSuffix("\(event)\r\n") }
    }
    #expect(harness.observer.outcomes.isEmpty)
    peer.send("0\r\n\r\n")
    harness.wait(for: "the end") { client.text.hasSuffix("0\r\n\r\n") }
    #expect(body(client.text) == "9\r\ndata: 1\n\n\r\na\r\ndata: 22\n\n\r\n0\r\n\r\n")
    #expect(harness.observer.exchanges.first?.body == Array("data: 1\n\ndata: 22\n\n".utf8))
    harness.finish()
  }

  @Test func `trailers are passed on`() throws {
    let harness = try ProxyHarness()
    let client = harness.client(get())
    let peer = try harness.request()
    peer.send(
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nX-Sum: 7\r\n\r\n")
    harness.wait(for: "the end") {
      client.text.hasSuffix("\r\n\r\n") && client.text.contains("0\r\n")
    }
    #expect(client.text.hasSuffix("0\r\nX-Sum: 7\r\n\r\n"))
    harness.finish()
  }

  @Test func `a body until the end of the connection becomes chunked`() throws {
    let harness = try ProxyHarness()
    let client = harness.client(get())
    let peer = try harness.request()
    peer.send("HTTP/1.1 200 OK\r\n\r\nabc")
    peer.shutdown()
    harness.wait(for: "the end") { client.text.hasSuffix("0\r\n\r\n") }
    #expect(client.text.lowercased().contains("\r\ntransfer-encoding: chunked\r\n"))
    #expect(body(client.text) == "3\r\nabc\r\n0\r\n\r\n")
    #expect(!client.hasEnded)
    #expect(harness.observer.outcomes == [.complete(status: 200)])
    harness.finish()
  }

  @Test(arguments: [
    "HTTP/1.1 200 OK\r\n\r\nabc",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
  ])
  func `HTTP 1_0 gets a body without chunks that ends with the connection`(response: String) throws
  {
    let harness = try ProxyHarness()
    let client = harness.client("GET / HTTP/1.0\r\n\r\n")
    let peer = try harness.request()
    peer.send(response)
    peer.shutdown()
    harness.wait(for: "the end") { client.hasEnded }
    #expect(!client.text.lowercased().contains("transfer-encoding"))
    #expect(body(client.text) == "abc")
    harness.finish()
  }

  @Test func `a response to HEAD has its length and no body`() throws {
    let harness = try ProxyHarness()
    let client = harness.client("HEAD / HTTP/1.1\r\nHost: p\r\n\r\n")
    let peer = try harness.request()
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n")
    harness.wait(for: "the head") { client.text.hasSuffix("\r\n\r\n") }
    #expect(client.text.lowercased().contains("\r\ncontent-length: 99\r\n"))
    #expect(harness.observer.outcomes == [.complete(status: 200)])
    harness.finish()
  }

  @Test(arguments: ["204 No Content", "304 Not Modified"])
  func `a status without a body ends with its head`(status: String) throws {
    let harness = try ProxyHarness()
    let client = harness.client(get())
    try harness.request().send("HTTP/1.1 \(status)\r\n\r\n")
    harness.wait(for: "the end") { !harness.observer.outcomes.isEmpty }
    client.send(get("/2"))
    harness.wait(for: "the next request") { harness.observer.requests.count == 2 }
    #expect(!client.text.lowercased().contains("transfer-encoding"))
    harness.finish()
  }

  @Test func `an interim response is passed on and 100 is not`() throws {
    let harness = try ProxyHarness()
    let client = harness.client(get())
    let peer = try harness.request()
    peer.send("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n")
    harness.wait(for: "the hints") { client.text.hasSuffix("\r\n\r\n") }
    #expect(client.text.hasPrefix("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n"))
    peer.send(ok("x"))
    harness.wait(for: "the answer") { client.text.hasSuffix("\r\n\r\nx") }
    #expect(client.text.occurrences(of: "HTTP/1.1 ") == 2)
    harness.finish()
  }

  @Test func `HTTP 1_0 gets no interim response`() throws {
    let harness = try ProxyHarness()
    let client = harness.client("GET / HTTP/1.0\r\n\r\n")
    try harness.request().send("HTTP/1.1 103 Early Hints\r\n\r\n" + ok("x"))
    harness.wait(for: "the answer") { client.text.hasSuffix("x") }
    #expect(!client.text.contains("103"))
    harness.finish()
  }

  @Test func `an answer that comes while the request is still being sent is passed on`() throws {
    let harness = try ProxyHarness()
    harness.upstream.readsAtOnce = false
    let client = harness.client(
      "POST / HTTP/1.1\r\nHost: p\r\nContent-Length: 12000000\r\n\r\n")
    client.send([UInt8](repeating: 65, count: 12_000_000))
    harness.wait(for: "the connection") {
      harness.observer.exchanges.first?.forwardedCount == 1
        && harness.upstream.connections.count == 1
    }
    harness.upstream.connections[0].send("HTTP/1.1 429 Slow\r\nContent-Length: 4\r\n\r\nwait")
    harness.wait(for: "the answer") { client.text.hasSuffix("wait") }
    #expect(client.text.hasPrefix("HTTP/1.1 429 Slow\r\n"))
    #expect(harness.server.counters.upstreamConnections == 0)
    harness.finish()
  }

  @Test(arguments: [
    "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nzz\r\n",
  ])
  func `a response that breaks off looks broken off`(response: String) throws {
    let harness = try ProxyHarness()
    let client = harness.client(get())
    let peer = try harness.request()
    peer.send(response)
    peer.close()
    harness.wait(for: "the end") { client.isOver }
    #expect(!client.text.hasSuffix("0\r\n\r\n"))
    guard case .truncated = harness.observer.outcomes.first else {
      Issue.record("outcome \(harness.observer.outcomes)")
      return harness.finish()
    }
    harness.finish()
  }

  @Test func `a reset in a body until the end of the connection resets the client`() throws {
    let harness = try ProxyHarness()
    let client = harness.client("GET / HTTP/1.0\r\n\r\n")
    let peer = try harness.request()
    peer.send("HTTP/1.1 200 OK\r\n\r\nabc")
    harness.wait(for: "the first part") { client.text.hasSuffix("abc") }
    peer.reset()
    harness.wait(for: "the reset") { client.failure != nil }
    harness.finish()
  }

  @Test(arguments: [
    "nonsense\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
    "HTTP/1.1 101 Switching Protocols\r\n\r\n", "HTTP/1.1 200 OK\r\nA : b\r\n\r\n",
  ])
  func `a malformed response head is answered 502`(response: String) throws {
    let harness = try ProxyHarness()
    let client = harness.client(get())
    try harness.request().send(response)
    harness.wait(for: "the answer") { client.text.contains("\r\n\r\n{") }
    #expect(client.text.hasPrefix("HTTP/1.1 502 "))
    #expect(harness.server.counters.upstreamConnections == 0)
    harness.finish()
  }

  @Test func `an upstream that closes without answering is 502`() throws {
    let harness = try ProxyHarness()
    let client = harness.client(post("{}"))
    try harness.request(ending: "{}").close()
    harness.wait(for: "the answer") { client.text.contains("\r\n\r\n{") }
    #expect(client.text.hasPrefix("HTTP/1.1 502 "))
    #expect(harness.upstream.connections.count == 1)
    harness.finish()
  }
}
