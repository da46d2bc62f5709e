import EventLoop
import Proxy
import TestSupport
import Testing
import Wire

@Suite struct CertificateTests {
  @Test(arguments: ["localhost", "127.0.0.1"])
  func `a certificate of a private authority is accepted where that is trusted`(host: String) throws
  {
    let harness = try TLSHarness(host: host)
    harness.upstream.answerAll(ok("answer"))
    let client = harness.client(get())
    harness.wait(for: "the answer") { client.text.hasSuffix("\r\n\r\nanswer") }
    #expect(client.text.hasPrefix("HTTP/1.1 200 "))
    harness.finish()
  }

  @Test func `a certificate of a private authority is refused where that is not trusted`() throws {
    let harness = try TLSHarness(isTrusted: false)
    let answer = harness.refusal()
    #expect(answer.hasPrefix("HTTP/1.1 502 "))
    #expect(answer.contains("unknown CA (use --upstream-ca)"))
    #expect(harness.upstream.connections.allSatisfy { $0.received.isEmpty })
    harness.finish()
  }

  @Test func `a self-signed certificate is refused`() throws {
    let harness = try TLSHarness(identity: { _ in try .selfSigned("DNS:localhost") })
    let answer = harness.refusal()
    #expect(answer.contains("unknown CA: the certificate is self-signed (use --upstream-ca)"))
    harness.finish()
  }

  @Test func `a self-signed certificate that is trusted itself is accepted`() throws {
    let authority = try TestAuthority()
    let identity = try TestIdentity.selfSigned("DNS:localhost")
    try identity.write(to: authority.file)
    let harness = try TLSHarness(
      identity: { _ in identity }, configure: { $0.authorities = authority.file })
    harness.upstream.answerAll(ok("answer"))
    let client = harness.client(get())
    harness.wait(for: "the answer") { client.text.hasSuffix("\r\n\r\nanswer") }
    harness.finish()
  }

  @Test func `an expired certificate is refused`() throws {
    let harness = try TLSHarness(identity: { try $0.issue("DNS:localhost", days: -9 ... -2) })
    let answer = harness.refusal()
    #expect(answer.hasPrefix("HTTP/1.1 502 "))
    #expect(answer.contains("certificate expired"))
    harness.finish()
  }

  @Test func `a certificate of the future is refused`() throws {
    let harness = try TLSHarness(identity: { try $0.issue("DNS:localhost", days: 2...9) })
    #expect(harness.refusal().contains("certificate not valid yet"))
    harness.finish()
  }

  @Test(arguments: [
    ("localhost", "DNS:example.com,IP:127.0.0.1"), ("127.0.0.1", "DNS:localhost,IP:127.0.0.2"),
    ("127.0.0.1", "DNS:127.0.0.1"), ("localhost", "DNS:local*"), ("localhost", "DNS:*"),
  ])
  func `a certificate for another name is refused`(host: String, names: String) throws {
    let harness = try TLSHarness(host: host, identity: { try $0.issue(names) })
    let answer = harness.refusal()
    #expect(answer.hasPrefix("HTTP/1.1 502 "))
    #expect(answer.contains("host name mismatch: the certificate is not for \(host)"))
    harness.finish()
  }

  @Test func `a file without certificates is an error at the start`() throws {
    let test = try TestLoop()
    var configuration = ProxyConfiguration(
      listen: try SocketAddress(ip: "127.0.0.1", port: 0),
      upstreams: [
        UpstreamConfiguration(name: "x", url: try UpstreamURL(parsing: "https://localhost"))
      ])
    for file in ["/dev/null", "/nowhere/ca.pem"] {
      configuration.authorities = file
      #expect(throws: (any Error).self) {
        try ProxyServer(
          loop: test.loop, configuration: configuration, observer: RecordingObserver())
      }
    }
    try test.loop.close()
  }

  @Test func `the server is told the name and the protocol`() throws {
    let harness = try TLSHarness()
    _ = harness.client(get())
    let peer = try harness.request()
    #expect(peer.serverName == "localhost")
    #expect(peer.applicationProtocol == "http/1.1")
    harness.finish()
  }

  @Test func `an address is no server name`() throws {
    let harness = try TLSHarness(host: "127.0.0.1")
    _ = harness.client(get())
    #expect(try harness.request().serverName == nil)
    harness.finish()
  }
}
