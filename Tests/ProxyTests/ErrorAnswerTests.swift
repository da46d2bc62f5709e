import Bytes
import EventLoop
import Foundation
import Proxy
import TestSupport
import Testing
import Wire

@Suite struct ErrorAnswerTests {
  private func object(_ text: String) throws -> [String: Any] {
    let body = try #require(text.range(of: "\r\n\r\n")).upperBound
    let json = try JSONSerialization.jsonObject(with: Data(text[body...].utf8))
    return try #require(json as? [String: Any])
  }

  /// The answer to `request` of a proxy whose upstream does not listen.
  private func answer(_ request: String, _ change: (inout ProxyConfiguration) -> Void = { _ in })
    throws -> String
  {
    let harness = try ProxyHarness(change)
    harness.upstream.stopListening()
    let client = harness.client(request)
    harness.wait(for: "the answer") { client.text.contains("\r\n\r\n{") }
    harness.finish()
    return client.text
  }

  @Test func `an unreachable upstream is reported in the shape of OpenAI`() throws {
    let text = try answer(post("{}"))
    #expect(text.hasPrefix("HTTP/1.1 502 Bad Gateway\r\nDate: "))
    #expect(!text.contains("Connection: close"))
    let error = try #require(try object(text)["error"] as? [String: Any])
    #expect((error["message"] as? String)?.contains("upstream main is unreachable") == true)
    #expect(error["type"] as? String == "server_error")
    #expect(error["param"] is NSNull)
    #expect(error["code"] as? String == "upstream_unavailable")
  }

  @Test(arguments: [
    post("{}", to: "/v1/messages?beta=true"),
    post("{}", to: "/any", "anthropic-version: 2023-06-01\r\n"),
    post("{}", to: "/base/v1/messages/count_tokens"),
  ])
  func `an unreachable upstream is reported in the shape of Anthropic`(request: String) throws {
    let object = try object(try answer(request))
    #expect(object["type"] as? String == "error")
    let error = try #require(object["error"] as? [String: Any])
    #expect(error["type"] as? String == "api_error")
  }

  @Test(arguments: [
    ("GET / HTTP/1.1\r\n\r\n", 400), ("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
    ("GET /\(String(repeating: "a", count: 20_000)) HTTP/1.1\r\nHost: a\r\n\r\n", 414),
    ("GET / HTTP/1.1\r\nHost: a\r\nX: \(String(repeating: "a", count: 70_000))\r\n\r\n", 431),
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n\r\n", 413),
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n", 400),
    (
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3E9\r\n"
        + String(repeating: "a", count: 1001), 413
    ),
    ("CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n", 501), ("GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505),
  ])
  func `a request that cannot be forwarded is refused and the connection closed`(
    request: String, status: Int
  ) throws {
    let harness = try ProxyHarness { $0.maxBodyBytes = 1000 }
    let client = harness.client(request)
    harness.wait(for: "the end") { client.isOver }
    #expect(client.text.hasPrefix("HTTP/1.1 \(status) "))
    #expect(client.text.contains("\r\nConnection: close\r\n"))
    #expect(client.text.contains("\r\nDate: "))
    #expect(try object(client.text)["error"] != nil)
    #expect(harness.observer.refusals.map(\.status) == [status])
    #expect(harness.observer.requests.isEmpty)
    harness.finish()
  }

  @Test(arguments: [
    ("POST /v1/messages HTTP/1.1\r\n\r\n", 400),
    ("POST /v1/messages HTTP/1.1\r\nHost: a\r\nbad field: 1\r\n\r\n", 400),
    (
      "POST /v1/messages?beta=true HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
      501
    ),
    ("POST /v1/messages HTTP/2.0\r\nHost: a\r\n\r\n", 505),
    ("POST /v1/messages HTTP/1.1\r\nX: " + String(repeating: "x", count: 70_000), 431),
    ("POST /v1/messages/" + String(repeating: "x", count: 20_000), 414),
  ])
  func `a head that is refused is answered in the shape of the API that it asked for`(
    _ request: String, _ status: Int
  ) throws {
    for cut in [request.utf8.count, 30] {
      let harness = try ProxyHarness()
      let bytes = Array(request.utf8)
      let client = harness.client(String(decoding: bytes[..<cut], as: UTF8.self))
      harness.wait(for: "the connection") { client.isConnected }
      harness.test.settle(rounds: 3)
      client.send(Array(bytes[cut...]))
      harness.wait(for: "the answer") { client.hasEnded || client.failure != nil }
      #expect(client.text.hasPrefix("HTTP/1.1 \(status) "))
      #expect(client.text.contains(#"{"type":"error","error":{"type":"#), "\(client.text)")
      harness.finish()
    }
  }

  @Test func `a head that takes too long is answered in the shape of its API`() throws {
    let harness = try ProxyHarness { $0.timeouts.requestHead = 30 }
    let client = harness.client("POST /v1/messages HTTP/1.1\r\nHost: a\r\n")
    harness.wait(for: "the answer") { client.hasEnded }
    #expect(client.text.hasPrefix("HTTP/1.1 408 "))
    #expect(client.text.contains(#"{"type":"error","error":"#))
    harness.finish()
  }

  @Test func `405 says what is allowed`() throws {
    let harness = try ProxyHarness()
    let client = harness.client("TRACE / HTTP/1.1\r\nHost: a\r\nMax-Forwards: 0\r\n\r\n")
    harness.wait(for: "the answer") { client.text.contains("\r\n\r\n{") }
    #expect(client.text.hasPrefix("HTTP/1.1 405 "))
    #expect(client.text.contains("\r\nAllow: OPTIONS\r\n"))
    harness.finish()
  }

  @Test func `a body at the limit is accepted`() throws {
    let harness = try ProxyHarness { $0.maxBodyBytes = 1000 }
    _ = harness.client(post(String(repeating: "a", count: 1000)))
    try harness.request(ending: "aaaa")
    harness.finish()
  }

  @Test func `a client that is refused while it sends still gets the answer`() throws {
    let harness = try ProxyHarness { $0.maxBodyBytes = 1000 }
    let client = harness.client("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9000000\r\n\r\n")
    client.send([UInt8](repeating: 65, count: 9_000_000))
    harness.wait(for: "the end") { client.isOver }
    #expect(client.failure == nil)
    #expect(client.text.hasPrefix("HTTP/1.1 413 "))
    harness.finish()
  }

  @Test func `an answer to HEAD has no body`() throws {
    let harness = try ProxyHarness()
    harness.upstream.stopListening()
    let client = harness.client("HEAD / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    harness.wait(for: "the end") { client.hasEnded }
    #expect(client.text.hasPrefix("HTTP/1.1 502 "))
    #expect(client.text.hasSuffix("\r\n\r\n"))
    harness.finish()
  }

  @Test func `the connection goes on after an unreachable upstream`() throws {
    let harness = try ProxyHarness()
    harness.upstream.stopListening()
    let client = harness.client(get() + get())
    harness.wait(for: "two answers") { client.text.occurrences(of: "HTTP/1.1 502 ") == 2 }
    #expect(!client.isOver)
    #expect(harness.observer.health.count == 2)
    harness.finish()
  }

  @Test func `no message shows credentials`() throws {
    let text = try answer(get("/", "Authorization: Bearer sk-secret\r\n")) {
      guard let url = try? UpstreamURL(parsing: "http://user:hunter2@127.0.0.1:1") else { return }
      $0.upstreams = [UpstreamConfiguration(name: "main", url: url)]
    }
    #expect(!text.contains("hunter2") && !text.contains("sk-secret"))
  }
}
