import EventLoop
import TestSupport
import Testing
import Wire

@testable import Proxy

@Suite struct ForwardProxyTests {
  private static let connected = "HTTP/1.1 200 Connected\r\n\r\n"

  private func harness(
    _ host: String = "model.example", answer: String = connected, credentials: String = ""
  ) throws -> TLSHarness {
    try TLSHarness(
      host: host, tunnelAnswer: answer, credentials: credentials,
      identity: { try $0.issue("DNS:model.example") })
  }

  @Test func `an https upstream is reached through a tunnel, and looked up by the proxy`() throws {
    let harness = try harness()
    harness.upstream.answerAll(ok("answer"))
    let client = harness.client(get())
    harness.wait(for: "the answer") { client.text.hasSuffix("answer") }
    let authority = "model.example:\(harness.upstream.address.port)"
    #expect(
      harness.tunnel?.requests == ["CONNECT \(authority) HTTP/1.1\r\nHost: \(authority)\r\n\r\n"])
    #expect(harness.upstream.connections.first?.serverName == "model.example")
    harness.finish()
  }

  @Test func `a dot at the end of a name is no part of the certificate's`() throws {
    let harness = try harness("model.example.")
    harness.upstream.answerAll(ok("answer"))
    let client = harness.client(get())
    harness.wait(for: "the answer") { client.text.hasSuffix("answer") }
    #expect(harness.upstream.connections.first?.serverName == "model.example")
    harness.finish()
  }

  @Test func `the tunnel's connection is used again`() throws {
    let harness = try harness()
    harness.upstream.answerAll(ok("answer"))
    let client = harness.client(get())
    harness.wait(for: "the first answer") { client.text.occurrences(of: "\r\n\r\nanswer") == 1 }
    client.send(get())
    harness.wait(for: "the second answer") { client.text.occurrences(of: "\r\n\r\nanswer") == 2 }
    #expect(harness.tunnel?.requests.count == 1)
    harness.finish()
  }

  @Test func `the certificate is verified through a tunnel, too`() throws {
    let harness = try harness("other.example")
    #expect(harness.refusal().contains("host name mismatch"))
    harness.finish()
  }

  @Test func `credentials go to the forward proxy alone`() throws {
    let harness = try harness(credentials: "me:se%40cret@")
    harness.upstream.answerAll(ok("answer"))
    let client = harness.client(get())
    harness.wait(for: "the answer") { client.text.hasSuffix("answer") }
    // me:se@cret
    #expect(
      harness.tunnel?.requests.first?.contains(
        "\r\nProxy-Authorization: Basic bWU6c2VAY3JldA==\r\n") == true)
    #expect(!client.text.contains("cret"))
    harness.finish()
  }

  private static let refusals: [(String, String)] = [
    ("HTTP/1.1 407 Who are you\r\nContent-Length: 0\r\n\r\n", "wants credentials (407)"),
    ("HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n", "refused the tunnel (403)"),
    ("SSH-2.0-x\r\n\r\n", "the forward proxy sent no valid HTTP"),
    ("", "the forward proxy closed the connection"),
    (connected + "x", "sent data before the tunnel was in use"),
  ]

  @Test(arguments: refusals)
  func `a tunnel that is refused is 502 with the reason`(answer: String, reason: String) throws {
    let harness = try harness(answer: answer, credentials: "me:sesame@")
    let text = harness.refusal()
    #expect(text.hasPrefix("HTTP/1.1 502 "))
    #expect(text.contains(reason))
    #expect(!text.contains("sesame"))
    harness.finish()
  }

  @Test func `a forward proxy that does not answer is 502 after the limit`() throws {
    let harness = try ProxyHarness {
      let proxy = try ForwardProxy(parsing: "127.0.0.1:\($0.upstreams[0].url.port)")
      $0.upstreams = [
        UpstreamConfiguration(
          name: "main", url: try UpstreamURL(parsing: "https://model.example"),
          forwardProxy: proxy)
      ]
      $0.timeouts.connect = 50
    }
    let client = harness.client(get())
    harness.wait(for: "the answer") { client.text.contains("\r\n\r\n{") }
    #expect(client.text.hasPrefix("HTTP/1.1 502 "))
    #expect(client.text.contains("the forward proxy's tunnel took too long"))
    harness.finish()
  }

  @Test func `a forward proxy that cannot be reached is named`() throws {
    let gone = try ProxyHarness()
    let refusing = gone.upstream.address
    gone.finish()
    let harness = try ProxyHarness {
      $0.upstreams = [
        UpstreamConfiguration(
          name: "main", url: try UpstreamURL(parsing: "https://model.example"),
          forwardProxy: try ForwardProxy(parsing: "me:sesame@\(refusing)"))
      ]
    }
    let client = harness.client(get())
    harness.wait(for: "the answer") { client.text.contains("\r\n\r\n{") }
    #expect(client.text.contains("the forward proxy \(refusing): connection refused"))
    #expect(!client.text.contains("sesame"))
    harness.finish()
  }

  @Test func `a forward proxy gets requests for an http upstream with absolute targets`() throws {
    let harness = try ProxyHarness {
      let proxy = try ForwardProxy(parsing: "http://me:sesame@\($0.upstreams[0].url.hostHeader)/")
      $0.upstreams = [
        UpstreamConfiguration(
          name: "main", url: try UpstreamURL(parsing: "http://model.example:81/base"),
          forwardProxy: proxy)
      ]
    }
    harness.upstream.answerAll(ok("answer"))
    let client = harness.client(get("/v1/models?a=b", "Proxy-Authorization: Basic agents\r\n"))
    harness.wait(for: "the answer") { client.text.hasSuffix("answer") }
    let request = harness.upstream.connections[0].text
    #expect(
      request.hasPrefix(
        "GET http://model.example:81/base/v1/models?a=b HTTP/1.1\r\nHost: model.example:81\r\n"))
    #expect(request.contains("\r\nProxy-Authorization: Basic bWU6c2VzYW1l\r\n"))
    #expect(!request.contains("agents"))
    harness.finish()
  }

  @Test func `the text of a proxy with credentials does not show them`() throws {
    let proxy = try ForwardProxy(parsing: "http://me:sesame@proxy.example:3128")
    var dumped = ""
    dump(proxy, to: &dumped)
    let texts = ["\(proxy)", String(reflecting: proxy), dumped]
    #expect(texts[0] == "proxy.example:3128")
    #expect(texts.allSatisfy { !$0.contains("sesame") && !$0.contains("Basic") })
    #expect(proxy.authorization == "Basic bWU6c2VzYW1l")
  }

  private static let faults: [(String, ForwardProxy.Fault)] = [
    ("socks5://h:1", ForwardProxy.Fault.unsupportedScheme),
    ("https://h:1", .unsupportedScheme),
    ("http://", .malformed(.malformedHost)),
    ("h:99999", .malformed(.malformedPort)),
    ("http://h/path", .malformed(.malformedPath)),
    ("http://a%4@h", .malformedCredentials),
  ]

  @Test(arguments: faults)
  func `what is no http proxy is refused`(text: String, fault: ForwardProxy.Fault) {
    #expect(throws: fault) { try ForwardProxy(parsing: text) }
  }

  private static let addresses: [(String, String, Int, String?)] = [
    ("h", "h", 80, nil), ("HTTP://h:8/", "h", 8, nil), ("[::1]:8", "::1", 8, nil),
    ("u@h", "h", 80, "Basic dTo="), ("http://u:p:q@h", "h", 80, "Basic dTpwOnE="),
    ("http://a@b:c@h", "h", 80, "Basic YUBiOmM="),
  ]

  @Test(arguments: addresses)
  func `a proxy's address is read`(text: String, host: String, port: Int, authorization: String?)
    throws
  {
    let proxy = try ForwardProxy(parsing: text)
    #expect(proxy.host == host)
    #expect(proxy.port == port)
    #expect(proxy.authorization == authorization)
  }
}
