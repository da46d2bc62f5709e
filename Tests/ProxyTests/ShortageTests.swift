import Wire
import Bytes
import EventLoop
import Glibc
import TestSupport
import Testing

@testable import Proxy

@Suite struct ShortageTests {
  @Test func `a client above the limit is told to come back`() throws {
    let harness = try ProxyHarness { $0.maxConnections = 1 }
    let first = harness.client()
    harness.wait(for: "the first") { harness.server.counters.connections == 1 }
    let second = harness.client(get())
    harness.wait(for: "the end") { second.isOver }
    #expect(second.failure == nil)
    #expect(second.text.hasPrefix("HTTP/1.1 503 "))
    #expect(second.text.contains("\r\nRetry-After: 1\r\n"))
    #expect(!first.isOver)
    harness.finish()
  }

  /// A proxy that takes 1,000 bytes, of which a request that waits for its answer has 800.
  private func crowded() throws -> (harness: ProxyHarness, waiting: RawPeer) {
    let harness = try ProxyHarness { $0.maxBytesInFlight = 1000 }
    let client = harness.client(post(String(repeating: "a", count: 800)))
    _ = try harness.request(ending: "aaaa")
    return (harness, client)
  }

  @Test(arguments: ["Content-Length: 201\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\nC9\r\n"])
  func `a body for which there is no room is told to come back`(framing: String) throws {
    let (harness, _) = try crowded()
    let client = harness.client(
      "POST /v1/messages HTTP/1.1\r\nHost: p\r\n\(framing)"
        + (framing.hasPrefix("T") ? String(repeating: "b", count: 201) : ""))
    harness.wait(for: "the refusal") { client.text.contains("}}") }
    #expect(client.text.hasPrefix("HTTP/1.1 503 "))
    #expect(client.text.contains("\r\nRetry-After: 1\r\n"))
    #expect(client.text.contains("overloaded_error"))
    #expect(harness.upstream.connections.count == 1)
    harness.finish()
  }

  @Test func `a body that fits beside the others is let in`() throws {
    let (harness, _) = try crowded()
    _ = harness.client(post(String(repeating: "b", count: 200)))
    _ = try harness.request(2, ending: "bbbb")
    harness.finish()
  }

  enum Ending: CaseIterable {
    case answered, left, refused
  }

  @Test(arguments: Ending.allCases)
  func `room comes back with the end of a request`(ending: Ending) throws {
    let harness = try ProxyHarness { $0.maxBytesInFlight = 1000 }
    let body = String(repeating: "a", count: 800)
    switch ending {
    case .answered:
      let client = harness.client(post(body))
      try harness.request(ending: body).send(ok("done"))
      harness.wait(for: "the answer") { client.text.hasSuffix("done") }
    case .left:
      let client = harness.client("POST / HTTP/1.1\r\nHost: p\r\nContent-Length: 800\r\n\r\na")
      harness.wait(for: "the body's begin") { harness.server.bodyAllowance.taken == 800 }
      client.close()
    case .refused:
      let client = harness.client(
        "POST / HTTP/1.1\r\nHost: p\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\nx")
      harness.wait(for: "the refusal") { client.text.hasPrefix("HTTP/1.1 400 ") }
    }
    harness.wait(for: "the room") { harness.server.bodyAllowance.taken == 0 }
    harness.finish()
  }
}
