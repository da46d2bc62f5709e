import TestSupport
import Testing

@testable import EventLoop

@Suite struct ConnectRaceTests {
  @Test func `an address that does not react does not keep the next one waiting`() throws {
    let test = try TestLoop()
    let silent = try #require(SilentListener())
    let upstream = try ScriptedUpstream(loop: test.loop)
    var result: Result<TCPStream, UVError>?
    _ = ConnectRace(
      loop: test.loop,
      addresses: [try SocketAddress(ip: "127.0.0.1", port: silent.port), upstream.address]
    ) { result = $0 }
    #expect(result == nil)
    #expect(test.run { result != nil })
    let stream = try #require(try result?.get())
    #expect(stream.peerAddress == upstream.address)
    stream.close()
    upstream.close()
    try test.loop.close()
  }

  @Test func `a slow address still wins if the others fail`() throws {
    let test = try TestLoop()
    let first = try ScriptedUpstream(loop: test.loop)
    let gone = try ScriptedUpstream(loop: test.loop)
    let refusing = gone.address
    gone.close()
    var result: Result<TCPStream, UVError>?
    _ = ConnectRace(loop: test.loop, addresses: [first.address, refusing, refusing]) { result = $0 }
    #expect(test.run { result != nil })
    let stream = try #require(try result?.get())
    #expect(stream.peerAddress == first.address)
    stream.close()
    first.close()
    try test.loop.close()
  }

  @Test func `an address that refuses is followed by the next at once`() throws {
    let test = try TestLoop()
    let gone = try ScriptedUpstream(loop: test.loop)
    let refusing = gone.address
    gone.close()
    let upstream = try ScriptedUpstream(loop: test.loop)
    var result: Result<TCPStream, UVError>?
    let begin = test.loop.nowMillis
    // One after the other they would take longer than a test may.
    let addresses = [SocketAddress](repeating: refusing, count: 200) + [upstream.address]
    _ = ConnectRace(loop: test.loop, addresses: addresses) { result = $0 }
    #expect(test.run { result != nil })
    #expect(test.loop.nowMillis - begin < 200 * ConnectRace.staggerMillis)
    let stream = try #require(try result?.get())
    #expect(stream.peerAddress == upstream.address)
    stream.close()
    upstream.close()
    try test.loop.close()
  }

  @Test func `if all addresses refuse the error is theirs`() throws {
    let test = try TestLoop()
    let gone = try ScriptedUpstream(loop: test.loop)
    let refusing = gone.address
    gone.close()
    var result: Result<TCPStream, UVError>?
    _ = ConnectRace(loop: test.loop, addresses: [refusing, refusing]) { result = $0 }
    #expect(test.run { result != nil })
    guard case .failure(let error) = result else {
      Issue.record("connected to nobody")
      return
    }
    #expect(error.name == "ECONNREFUSED")
    try test.loop.close()
  }

  @Test func `the families take turns, beginning with the first address's`() throws {
    func address(_ ip: String) throws -> SocketAddress { try SocketAddress(ip: ip, port: 1) }
    let six = [try address("::1"), try address("::2"), try address("::3")]
    let four = [try address("1.1.1.1")]
    #expect(ConnectRace.order(six + four) == [six[0], four[0], six[1], six[2]])
    #expect(ConnectRace.order(four + six) == four + six)
    #expect(ConnectRace.order([]).isEmpty)
  }

  @Test func `a cancelled race reports nothing and leaves nothing`() throws {
    let test = try TestLoop()
    let silent = try #require(SilentListener())
    let address = try SocketAddress(ip: "127.0.0.1", port: silent.port)
    var isCalled = false
    let race = ConnectRace(loop: test.loop, addresses: [address, address]) { _ in isCalled = true }
    test.settle(rounds: 3)
    race.cancel()
    test.settle(rounds: 10)
    #expect(!isCalled)
    try test.loop.close()
  }
}
