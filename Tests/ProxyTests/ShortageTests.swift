import Wire
import Bytes
import EventLoop
import Glibc
import Proxy
import TestSupport
import Testing

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
}
