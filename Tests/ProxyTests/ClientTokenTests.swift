import Bytes
import Foundation
import Proxy
import TestSupport
import Testing
import Wire

/// A proxy that only answers clients that know its token.
@Suite struct ClientTokenTests {
  private static let token = "correct-horse-battery"

  private static func fields(_ lines: [(String, String)]) -> HeaderFields {
    var fields = HeaderFields()
    for (name, value) in lines { fields.append(name: name, value: value) }
    return fields
  }

  private func harness() throws -> ProxyHarness {
    try ProxyHarness { $0.clientToken = ClientToken(Self.token) }
  }

  @Test(arguments: [
    "", "X-Holdfast-Token: wrong-horse-battery1\r\n", "x-api-key: other\r\n",
    "Authorization: Bearer correct-horse-batter\r\n", "Authorization: correct-horse-battery\r\n",
    "Authorization: Basic correct-horse-battery\r\n", "X-Holdfast-Token:\r\n",
    "Proxy-Authorization: Bearer correct-horse-battery1\r\n",
  ])
  func `a request without the token is refused in the shape of its API`(_ field: String) throws {
    for (target, type) in [
      ("/v1/chat/completions", "invalid_request_error"), ("/v1/messages", "authentication_error"),
    ] {
      let harness = try harness()
      let client = harness.client(post("{}", to: target, field))
      harness.wait(for: "the end") { client.isOver }
      #expect(client.text.hasPrefix("HTTP/1.1 401 Unauthorized\r\n"))
      #expect(client.text.contains("\r\nWWW-Authenticate: Bearer"))
      let body = try #require(client.text.range(of: "\r\n\r\n")).upperBound
      let json = try JSONSerialization.jsonObject(with: Data(client.text[body...].utf8))
      let error = try #require((json as? [String: Any])?["error"] as? [String: Any])
      #expect(error["type"] as? String == type)
      #expect((error["message"] as? String)?.contains("token") == true)
      #expect(!client.text.contains(Self.token))
      #expect(harness.observer.requests.isEmpty)
      #expect(harness.upstream.connections.isEmpty)
      harness.finish()
    }
  }

  @Test(arguments: [
    "X-Holdfast-Token: \(token)", "Proxy-Authorization: Bearer \(token)",
    "Authorization: bearer \(token)", "x-api-key: \(token)",
  ])
  func `the token opens the proxy and goes no further`(_ field: String) throws {
    let harness = try harness()
    let client = harness.client(post("{}", "\(field)\r\nX-Other: stays\r\n"))
    let upstream = try harness.request(ending: "{}")
    #expect(!upstream.text.contains(Self.token))
    #expect(upstream.text.contains("\r\nX-Other: stays\r\n"))
    upstream.send(ok("yes"))
    harness.wait(for: "the answer") { client.text.hasSuffix("yes") }
    harness.finish()
  }

  @Test func `the agent's own credentials stay beside the token`() throws {
    let harness = try harness()
    _ = harness.client(
      post("{}", "X-Holdfast-Token: \(Self.token)\r\nAuthorization: Bearer sk-mine\r\n"))
    let upstream = try harness.request(ending: "{}")
    #expect(upstream.text.contains("\r\nAuthorization: Bearer sk-mine\r\n"))
    #expect(!upstream.text.contains(Self.token))
    harness.finish()
  }

  @Test func `a stranger is refused before the body is taken`() throws {
    let harness = try harness()
    let client = harness.client(
      "POST /v1/messages HTTP/1.1\r\nHost: a\r\nContent-Length: 60000000\r\n\r\n")
    harness.wait(for: "the refusal") { client.text.contains("\r\n\r\n{") }
    #expect(client.text.hasPrefix("HTTP/1.1 401 "))
    harness.finish()
  }

  @Test func `the proxy's own field is not forwarded where no token is asked for`() throws {
    let harness = try ProxyHarness()
    _ = harness.client(post("{}", "x-holdfast-token: \(Self.token)\r\n"))
    let upstream = try harness.request(ending: "{}")
    #expect(!upstream.text.contains(Self.token))
    harness.finish()
  }

  @Test(arguments: ["", "short", "with space inside", "umläut-umläut", "tab\tseparated"])
  func `what cannot be a token is none`(_ text: String) {
    #expect(ClientToken(text) == nil)
  }

  @Test func `every field that carries the token is named`() throws {
    let token = try #require(ClientToken(Self.token))
    let fields = Self.fields([
      ("Authorization", "Bearer \(Self.token)"), ("X-Api-Key", Self.token), ("X-Other", Self.token),
    ])
    #expect(
      token.carriers(in: fields).map(\.description).sorted() == ["authorization", "x-api-key"])
  }
}
