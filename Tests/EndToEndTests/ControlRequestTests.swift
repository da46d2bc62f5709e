import Bytes
import EventLoop
import Foundation
import TestSupport
import Testing

/// What can be asked of the running program besides what `ControlSocketTests` show, and what it
/// refuses.
@Suite struct ControlRequestTests {
  private let directory: TemporaryDirectory
  private var path: String { directory.path + "/control.sock" }
  private static let prompt = Prompts.chat([Prompts.prose(200)])

  init() throws { directory = try TemporaryDirectory() }

  private func ask(
    _ scene: Scene, _ request: String, sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> HTTPMessage {
    let client = try scene.client(of: path)
    client.peer.send(request)
    return try scene.response(to: client, sourceLocation: sourceLocation)
  }

  private func post(_ scene: Scene, _ target: String, _ body: String) throws -> HTTPMessage {
    let client = try scene.client(of: path)
    client.post(target, body)
    return try scene.response(to: client)
  }

  private func repairs(_ scene: Scene) throws -> [String?] {
    let client = try scene.client(of: path)
    client.get("/sessions")
    let list = JSONValue(try scene.response(to: client).text)?["sessions"]?.array
    return try #require(list).map { $0["repairs"]?.string }
  }

  // MARK: Figures

  /// The value of the first sample whose name and labels begin so.
  private func sample(_ text: String, _ start: String) -> Double? {
    text.split(separator: "\n").first { $0.hasPrefix(start) }
      .flatMap { $0.split(separator: " ").last }.flatMap { Double($0) }
  }

  @Test func `figures are served on a port of their own, and nothing else is`() throws {
    let scene = try Scene(options: ["--metrics", "127.0.0.1:0"])
    scene.answerAll(chatAnswer())
    _ = try scene.call(scene.agent(), "/v1/chat/completions", Self.prompt)
    _ = try scene.turns(1)
    let line = try #require(
      scene.proxy.standardOutput.split(separator: "\n").first { $0.contains("metrics at") })
    let port = try #require(
      line.split(separator: "/").dropLast().last?.split(separator: ":").last.flatMap { Int($0) })
    let peer = RawPeer(
      connectingTo: try SocketAddress(ip: "127.0.0.1", port: port), loop: scene.test.loop)
    let client = Agent(peer, host: "127.0.0.1:\(port)")
    defer { client.close() }
    client.get("/metrics")
    let answer = try scene.response(to: client)
    #expect(answer.status == 200)
    #expect(sample(answer.text, "holdfast_turns_total{") == 1)
    #expect(sample(answer.text, "holdfast_sessions ") == 1)
    #expect(try #require(sample(answer.text, "process_resident_memory_bytes ")) > 1e6)
    #expect(try #require(sample(answer.text, "process_open_fds ")) > 4)
    #expect(try #require(sample(answer.text, "holdfast_loop_busy_seconds_count ")) > 1)
    client.get("/sessions")
    #expect(try scene.response(to: client).status == 404)
    client.get("/health")
    #expect(try scene.response(to: client).status == 200)
  }

  @Test func `a port for figures that is taken is an error at the start`() throws {
    let test = try TestLoop()
    let taken = try ScriptedUpstream(loop: test.loop)
    let run = try Command(
      "--listen", "127.0.0.1:0", "--upstream", "http://127.0.0.1:1", "--no-tui", "--metrics",
      "\(taken.address)")
    #expect(run.status != 0)
    #expect(run.errors.contains("cannot listen on \(taken.address) for metrics"))
    taken.close()
    try test.loop.close()
  }

  // MARK: Repairs

  @Test func `repairs are chosen for one session and for all`() throws {
    let scene = try Scene(options: ["--control", path])
    scene.answerAll(chatAnswer())
    _ = try scene.call(scene.agent(), "/v1/chat/completions", Self.prompt)
    let id = try #require(try scene.turns(1)[0]["session_id"]?.string)
    let answer = try post(scene, "/sessions/\(id)/repairs", #"{"repairs":"edit, clock"}"#)
    #expect(answer.status == 200)
    let chosen = try #require(JSONValue(answer.text)?["repairs"]?.string)
    #expect(Set(chosen.split(separator: ",")) == ["edit", "clock"])
    #expect(try repairs(scene) == [chosen])
    #expect(try post(scene, "/repairs", #"{"repairs":""}"#).status == 200)
    #expect(try repairs(scene) == [""])
  }

  @Test func `repairs that do not exist are refused, with those that do`() throws {
    let scene = try Scene(options: ["--control", path])
    let answer = try post(scene, "/repairs", #"{"repairs":"everything"}"#)
    #expect(answer.status == 400)
    #expect(answer.text.contains("edit"))
    #expect(try post(scene, "/repairs", "everything").status == 400)
    let unknown = try post(scene, "/sessions/00c0ffee/repairs", #"{"repairs":"edit"}"#)
    #expect(unknown.status == 404)
  }

  private func answers(_ client: Agent) -> Int {
    client.peer.text.components(separatedBy: "HTTP/1.1 200").count - 1
  }

  // MARK: Framing

  @Test(arguments: [
    ("POST /mode HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 411),
    ("POST /mode HTTP/1.1\r\nHost: localhost\r\nContent-Length: 20000\r\n\r\n", 413),
    ("GET /health HTTP/1.1\r\nHost: a b\r\n\r\n", 400),
    ("GET /health\r\n\r\n", 400),
  ])
  func `a request that cannot be read is refused`(_ request: String, _ status: Int) throws {
    let scene = try Scene(options: ["--control", path])
    #expect(try ask(scene, request).status == status)
  }

  @Test func `a body may come in pieces`() throws {
    let scene = try Scene(options: ["--control", path])
    let client = try scene.client(of: path)
    client.peer.send("POST /mode HTTP/1.1\r\nHost: localhost\r\nContent-Length: 15\r\n\r\n{\"mod")
    let other = try scene.client(of: path)
    other.get("/health")
    #expect(try scene.response(to: other).status == 200)
    #expect(client.response == nil)
    client.peer.send("e\":\"hold\"}")
    scene.wait(for: "the answer") { client.response?.isComplete == true }
    #expect(client.response?.status == 200)
  }

  @Test func `answers that nobody takes are not piled up`() throws {
    let scene = try Scene(options: ["--control", path])
    let client = try scene.client(of: path)
    client.peer.stopReading()
    let count = 20_000
    let request = "GET /sessions HTTP/1.1\r\nHost: localhost\r\n\r\n"
    client.peer.send(String(repeating: request, count: count))
    let other = try scene.client(of: path)
    other.get("/health")
    #expect(try scene.response(to: other).status == 200)
    #expect(client.peer.queuedBytes > 0, "the proxy has stopped reading")
    client.peer.startReading()
    scene.wait(for: "all answers") { answers(client) == count }
  }

  @Test func `whoever has said everything still gets the whole answer`() throws {
    let scene = try Scene(options: ["--control", path])
    scene.answerAll(chatAnswer())
    let agent = scene.agent()
    for number in 0..<800 {
      let prompt = Prompts.chat(["talk \(number) about something else entirely"])
      _ = try scene.call(agent, "/v1/chat/completions", prompt)
    }
    let client = try scene.client(of: path)
    client.peer.stopReading()
    client.get("/sessions")
    client.peer.shutdown()
    scene.test.settle(rounds: 5)
    client.peer.startReading()
    #expect(try scene.response(to: client).isComplete)
  }

  @Test func `more connections than there is room for are told so`() throws {
    let scene = try Scene(options: ["--control", path])
    var open: [Agent] = []
    for _ in 0..<64 {
      let client = try scene.client(of: path)
      client.get("/health")
      #expect(try scene.response(to: client).status == 200)
      open.append(client)
    }
    let refused = try scene.client(of: path)
    scene.wait(for: "the refusal") { refused.response?.isComplete == true }
    #expect(refused.response?.status == 503)
    open[0].close()
    // The end of the first is seen a moment later.
    var isServed = false
    scene.wait(for: "room") {
      guard !isServed, let client = try? scene.client(of: path) else { return isServed }
      client.get("/health")
      isServed = (try? scene.response(to: client))?.status == 200
      return isServed
    }
  }
}
