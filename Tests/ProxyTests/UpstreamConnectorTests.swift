import EventLoop
import TestSupport
import Testing

@testable import Proxy

@Suite struct UpstreamConnectorTests {
  @Test func `a cancelled attempt reports nothing and leaves nothing`() throws {
    let test = try TestLoop()
    let silent = try #require(SilentListener())
    let deadlines = DeadlineQueue(loop: test.loop, kind: .connect, millis: 20)
    var isCalled = false
    let connector = UpstreamConnector(
      loop: test.loop, route: UpstreamRoute(host: "127.0.0.1", port: silent.port),
      names: NameLookup(loop: test.loop, host: "127.0.0.1", port: silent.port),
      deadlines: deadlines
    ) { _ in isCalled = true }
    connector.cancel()
    test.settle(rounds: 40)
    #expect(!isCalled)
    deadlines.close()
    try test.loop.close()
  }
}
