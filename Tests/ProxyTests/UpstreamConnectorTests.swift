import EventLoop
import TestSupport
import Testing

@testable import Proxy

@Suite struct UpstreamConnectorTests {
  @Test func `an address that does not react leaves time for the next`() throws {
    let test = try TestLoop()
    let silent = try #require(SilentListener())
    let upstream = try ScriptedUpstream(loop: test.loop)
    let deadlines = DeadlineQueue(loop: test.loop, kind: .connect, millis: 400)
    var result: Result<TCPStream, UpstreamConnector.ConnectFailure>?
    let connector = UpstreamConnector(
      loop: test.loop,
      addresses: [try SocketAddress(ip: "127.0.0.1", port: silent.port), upstream.address],
      deadlines: deadlines
    ) { result = $0 }
    #expect(result == nil)
    #expect(test.run { result != nil })
    let stream = try #require(try result?.get())
    #expect(stream.peerAddress == upstream.address)
    connector.cancel()
    stream.close()
    deadlines.close()
    upstream.close()
    try test.loop.close()
  }

  @Test func `an address that refuses is followed by the next at once`() throws {
    let test = try TestLoop()
    let gone = try ScriptedUpstream(loop: test.loop)
    let refusing = gone.address
    gone.close()
    let upstream = try ScriptedUpstream(loop: test.loop)
    let deadlines = DeadlineQueue(loop: test.loop, kind: .connect, millis: 60_000)
    var result: Result<TCPStream, UpstreamConnector.ConnectFailure>?
    _ = UpstreamConnector(
      loop: test.loop, addresses: [refusing, upstream.address], deadlines: deadlines
    ) { result = $0 }
    #expect(test.run { result != nil })
    let stream = try #require(try result?.get())
    #expect(stream.peerAddress == upstream.address)
    stream.close()
    deadlines.close()
    upstream.close()
    try test.loop.close()
  }

  @Test func `a cancelled attempt reports nothing and leaves nothing`() throws {
    let test = try TestLoop()
    let silent = try #require(SilentListener())
    let deadlines = DeadlineQueue(loop: test.loop, kind: .connect, millis: 20)
    var isCalled = false
    let connector = UpstreamConnector(
      loop: test.loop, host: "127.0.0.1", port: silent.port, deadlines: deadlines
    ) { _ in isCalled = true }
    connector.cancel()
    test.settle(rounds: 40)
    #expect(!isCalled)
    deadlines.close()
    try test.loop.close()
  }
}
