import EventLoop
import Testing

@Suite struct AddressTests {
  @Test(arguments: [
    ("127.0.0.1", 8089, "127.0.0.1:8089", true), ("::1", 80, "[::1]:80", true),
    ("[::1]", 80, "[::1]:80", true), ("10.1.2.3", 0, "10.1.2.3:0", false),
    ("::ffff:127.0.0.9", 1, "[::ffff:127.0.0.9]:1", true),
    ("fe80::1", 65535, "[fe80::1]:65535", false),
  ])
  func `an address literal is understood`(ip: String, port: Int, text: String, loopback: Bool)
    throws
  {
    let address = try SocketAddress(ip: ip, port: port)
    #expect(address.description == text)
    #expect(address.port == port)
    #expect(address.isLoopback == loopback)
  }

  @Test(arguments: [
    ("localhost", 1), ("127.0.0.1", 65536), ("127.0.0.1", -1), ("", 1), ("1.2.3", 1),
  ])
  func `anything else is refused`(ip: String, port: Int) {
    #expect(throws: UVError.self) { try SocketAddress(ip: ip, port: port) }
  }

  @Test(arguments: ["localhost", "Server.LocalHost"])
  func `localhost is this machine whoever is asked`(name: String) throws {
    let harness = try LoopHarness()
    var result: Result<[SocketAddress], UVError>?
    Resolver.resolve(loop: harness.loop, host: name, port: 99) { result = $0 }
    #expect(result == nil)
    harness.wait(for: "the addresses") { result != nil }
    #expect(
      try result?.get() == [
        SocketAddress(ip: "::1", port: 99), SocketAddress(ip: "127.0.0.1", port: 99),
      ])
    harness.finish()
  }

  @Test func `who asks while a look-up runs gets its result`() throws {
    let harness = try LoopHarness()
    let names = NameLookup(loop: harness.loop, host: "127.1", port: 7)
    var answers: [String: [SocketAddress]] = [:]
    let left = names.ask { answers["left"] = try? $0.get() }
    var (first, second): (NameLookup.Waiter?, NameLookup.Waiter?)
    first = names.ask {
      answers["first"] = try? $0.get()
      second = names.ask { answers["second"] = try? $0.get() }
    }
    left.cancel()
    #expect(Resolver.isBusy)
    harness.wait(for: "the answers") { answers.count == 2 }
    let address = try SocketAddress(ip: "127.0.0.1", port: 7)
    #expect(answers == ["first": [address], "second": [address]])
    withExtendedLifetime((first, second)) {}
    names.close()
    harness.finish()
  }

  @Test func `a name is resolved in a later round`() throws {
    let harness = try LoopHarness()
    var result: Result<[SocketAddress], UVError>?
    Resolver.resolve(loop: harness.loop, host: "127.1", port: 99) { result = $0 }
    #expect(result == nil)
    harness.wait(for: "the addresses") { result != nil }
    let addresses = try #require(try result?.get())
    #expect(!addresses.isEmpty)
    #expect(addresses.allSatisfy { $0.isLoopback && $0.port == 99 })
    harness.finish()
  }

  @Test func `a literal needs no look-up and is still reported later`() throws {
    let harness = try LoopHarness()
    var result: Result<[SocketAddress], UVError>?
    Resolver.resolve(loop: harness.loop, host: "127.0.0.1", port: 7) { result = $0 }
    #expect(result == nil)
    harness.wait(for: "the addresses") { result != nil }
    #expect(try result?.get() == [SocketAddress(ip: "127.0.0.1", port: 7)])
    harness.finish()
  }

  @Test func `a cancelled look-up reports nothing`() throws {
    let harness = try LoopHarness()
    var isCalled = false
    let look = Resolver.resolve(loop: harness.loop, host: "127.0.0.1", port: 7) { _ in
      isCalled = true
    }
    look.cancel()
    var isLater = false
    harness.loop.soon { isLater = true }
    harness.wait(for: "the next round") { isLater }
    #expect(!isCalled)
    harness.finish()
  }
}
