import Bytes
import EventLoop
import Glibc
import TestSupport
import Testing
import Wire

/// An upstream that is away.
@Suite struct FailureTests {
  /// The API called and where its error object keeps type and message.
  struct API: Sendable, CustomTestStringConvertible {
    var target: String
    var testDescription: String { target }
    var isAnthropic: Bool { target == "/v1/messages" }
  }

  static let apis = ["/v1/chat/completions", "/v1/responses", "/v1/messages"].map {
    API(target: $0)
  }

  /// An address at which nothing listens, and which nobody else gets meanwhile.
  private static func closedPort() throws -> BoundSocket { try BoundSocket() }

  @Test(arguments: apis)
  func `an upstream that refuses is answered 502 in the form of the API`(_ api: API) throws {
    let port = try Self.closedPort()
    let scene = try Scene(server: port.address)
    let response = try scene.call(scene.agent(), api.target, Prompts.chat(["hi"]))
    #expect(response.status == 502)
    #expect(response.fields.first("content-type") == "application/json")
    let answer = try #require(JSONValue(response.text))
    #expect(answer["type"]?.string == (api.isAnthropic ? "error" : nil))
    #expect(answer["error"]?["type"]?.string == (api.isAnthropic ? "api_error" : "server_error"))
    #expect(answer["error"]?["message"]?.string?.contains("holdfast") == true)
    #expect(answer["error"]?["message"]?.string?.contains("refused") == true)
  }

  @Test func `an upstream that does not react is given up after the connect timeout`() throws {
    let port = try Self.closedPort()
    let test = try TestLoop()
    let fillers = try port.listenWithoutRoom(test)
    let scene = try Scene(server: port.address, options: ["--connect-timeout", "0.2"])
    let response = try scene.call(
      scene.agent(), "/v1/chat/completions", Prompts.chat(["hi"]))
    #expect([502, 504].contains(response.status))
    #expect(JSONValue(response.text)?["error"]?["message"]?.string?.isEmpty == false)
    for filler in fillers { filler.close() }
    try test.loop.close()
  }

  @Test func `every failed request has a line and the loss of the upstream one`() throws {
    let port = try Self.closedPort()
    let scene = try Scene(server: port.address)
    let agent = scene.agent()
    for _ in 0..<3 { _ = try scene.call(agent, "/v1/messages", Prompts.anthropic(["hi"])) }
    scene.wait(for: "all lines") { scene.proxy.lines.count >= 8 }
    let lines = scene.proxy.lines.dropFirst(4)
    #expect(lines.filter { $0.contains("\(port.address) DOWN: connection refused") }.count == 1)
    #expect(lines.count == 4)
    #expect(!lines.contains { $0.contains("not understood") })
  }

  @Test func `a session goes on where it was when the upstream is back`() throws {
    let scene = try Scene()
    let port = scene.upstream.address.port
    scene.answerAll(chatAnswer())
    let agent = scene.agent()
    let opening = [Prompts.prose(200), "yes", "go on"]
    _ = try scene.call(agent, "/v1/chat/completions", Prompts.chat(opening))
    scene.upstream.close()
    let failed = try scene.call(
      agent, "/v1/chat/completions", Prompts.chat(opening + ["yes", "more"]))
    #expect(failed.status == 502)
    let back = try ScriptedUpstream(loop: scene.test.loop, port: port)
    defer { back.close() }
    back.onReceive = { peer in
      if !HTTPMessage.requests(in: peer.received).isEmpty { peer.send(chatAnswer()) }
    }
    let again = try scene.call(
      agent, "/v1/chat/completions", Prompts.chat(opening + ["yes", "more"]))
    #expect(again.status == 200)
    let turns = try scene.turns(2)
    #expect(turns.last?["session_id"] == turns[0]["session_id"])
    #expect(turns.last?["preserved_prefix_pct"]?.integer == 100)
  }

  @Test func `a request that is too large is answered 413 and the proxy goes on`() throws {
    let scene = try Scene(options: ["--max-body", "4K"])
    scene.answerAll(chatAnswer())
    let refused = try scene.call(
      scene.agent(), "/v1/messages", Prompts.anthropic([Prompts.prose(2_000)]))
    #expect(refused.status == 413)
    #expect(JSONValue(refused.text)?["error"]?["type"]?.string == "request_too_large")
    let response = try scene.call(scene.agent(), "/v1/messages", Prompts.anthropic(["hi"]))
    #expect(response.status == 200)
  }

  @Test func `bodies that are too large together are answered 503 until one has left`() throws {
    let scene = try Scene(options: ["--max-body", "4K", "--max-in-flight", "4K"])
    let first = scene.agent()
    let body = Prompts.anthropic([Prompts.prose(400)])
    first.post("/v1/messages", body)
    _ = try scene.received()
    let refused = try scene.call(scene.agent(), "/v1/messages", body)
    #expect(refused.status == 503)
    #expect(refused.fields.first("retry-after") == "1")
    #expect(JSONValue(refused.text)?["error"]?["type"]?.string == "overloaded_error")
    first.close()
    scene.wait(for: "the upstream to be freed") { scene.upstream.connections[0].isOver }
    scene.answerAll(chatAnswer())
    #expect(try scene.call(scene.agent(), "/v1/messages", body).status == 200)
  }

  @Test func `bytes that are no request are answered 400 and the proxy goes on`() throws {
    let scene = try Scene()
    scene.answerAll(chatAnswer())
    let stranger = scene.agent()
    stranger.peer.send([0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x0D, 0x0A, 0x0D, 0x0A])
    scene.wait(for: "the refusal") { stranger.response?.status == 400 }
    let response = try scene.call(
      scene.agent(), "/v1/chat/completions", Prompts.chat(["hi"]))
    #expect(response.status == 200)
  }

  @Test func `a proxy that is its own upstream refuses instead of going round`() throws {
    let port = try Self.closedPort()
    let own = port.address
    port.close()
    // Written so that only looking it up tells that it is the own address.
    let proxy = try HoldfastProcess([
      "--listen", "\(own)", "--upstream", "http://127.1:\(own.port)", "--no-tui",
    ])
    let test = try TestLoop()
    #expect(test.run { proxy.address != nil || proxy.exitStatus() != nil })
    let agent = Agent(RawPeer(connectingTo: own, loop: test.loop))
    agent.post("/v1/messages", Prompts.anthropic(["hi"]))
    #expect(test.run { agent.response?.isComplete == true })
    #expect(agent.response?.status == 508)
    agent.close()
    try test.loop.close()
  }
}

/// A port of our own at which connecting is refused until it listens.
private final class BoundSocket {
  struct Failure: Error {}

  let address: SocketAddress
  private var descriptor: Int32

  init() throws {
    let descriptor = socket(
      AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    self.descriptor = descriptor
    var place = sockaddr_in()
    place.sin_family = sa_family_t(AF_INET)
    place.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let code = withUnsafeMutablePointer(to: &place) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, size) == 0 && getsockname(descriptor, $0, &size) == 0
      }
    }
    guard code else { throw Failure() }
    address = try SocketAddress(ip: "127.0.0.1", port: Int(UInt16(bigEndian: place.sin_port)))
  }

  deinit { close() }

  /// Listens, and fills the queue of connections that nobody accepts: whoever comes now waits.
  func listenWithoutRoom(_ test: TestLoop) throws -> [RawPeer] {
    guard listen(descriptor, 0) == 0 else { throw Failure() }
    let fillers = (0..<8).map { _ in RawPeer(connectingTo: address, loop: test.loop) }
    guard test.run(until: { fillers.contains(where: \.isConnected) }) else { throw Failure() }
    test.settle()
    return fillers
  }

  func close() {
    if descriptor >= 0 { Glibc.close(descriptor) }
    descriptor = -1
  }
}
