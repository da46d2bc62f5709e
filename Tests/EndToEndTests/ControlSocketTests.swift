import Bytes
import EventLoop
import Glibc
import TestSupport
import Testing

/// The control socket of the running program.
@Suite struct ControlSocketTests {
  private static func socket() throws -> (directory: TemporaryDirectory, path: String) {
    let directory = try TemporaryDirectory()
    return (directory, directory.path + "/control.sock")
  }

  private static func get(
    _ target: String, at path: String, _ scene: Scene,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> HTTPMessage {
    let client = try scene.client(of: path)
    client.get(target)
    return try scene.response(to: client, sourceLocation: sourceLocation)
  }

  private static func post(
    _ target: String, _ body: String, at path: String, _ scene: Scene,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> HTTPMessage {
    let client = try scene.client(of: path)
    client.post(target, body)
    return try scene.response(to: client, sourceLocation: sourceLocation)
  }

  private static let first = Prompts.chat([Prompts.prose(200)])
  private static let second = Prompts.chat([Prompts.prose(200), "yes", "and then?"])
  private static let changed = Prompts.chat(
    [Prompts.prose(200), "yes", "and then?", "yes", "and now?"], system: "You are a clock.")

  @Test func `it says how the proxy is`() throws {
    let (directory, path) = try Self.socket()
    defer { withExtendedLifetime(directory) {} }
    let scene = try Scene(options: ["--control", path])
    let answer = try Self.get("/health", at: path, scene)
    let health = try #require(JSONValue(answer.text))
    #expect(answer.status == 200)
    #expect(health["status"]?.string == "ok")
    #expect(health["listen"]?.string == "\(scene.address)")
    var facts = stat()
    #expect(stat(path, &facts) == 0)
    #expect(facts.st_mode & 0o777 == 0o600)
  }

  @Test func `it lists sessions and sets the mode of one`() throws {
    let (directory, path) = try Self.socket()
    defer { withExtendedLifetime(directory) {} }
    let scene = try Scene(options: ["--control", path])
    scene.answerAll(chatAnswer())
    let agent = scene.agent()
    _ = try scene.call(agent, "/v1/chat/completions", Self.first)
    _ = try scene.turns(1)
    let list = try #require(JSONValue(try Self.get("/sessions", at: path, scene).text))
    let session = try #require(list["sessions"]?.array?.first)
    let id = try #require(session["session"]?.string)
    #expect(session["mode"]?.string == "off")

    let answer = try Self.post("/sessions/\(id)/mode", #"{"mode":"safe"}"#, at: path, scene)
    #expect(answer.status == 200)
    _ = try scene.call(agent, "/v1/chat/completions", Self.second)
    #expect(try scene.turns(2)[1]["mode"]?.string == "safe")
    #expect(
      try Self.post("/sessions/00c0ffee/mode", #"{"mode":"safe"}"#, at: path, scene).status == 404)
    #expect(
      try Self.post("/sessions/\(id)/mode", #"{"mode":"loud"}"#, at: path, scene).status == 400)
  }

  @Test func `a mode for all holds for the next request already`() throws {
    let (directory, path) = try Self.socket()
    defer { withExtendedLifetime(directory) {} }
    let scene = try Scene(options: ["--control", path])
    scene.answerAll(chatAnswer())
    #expect(try Self.post("/mode", #"{"mode":"hold"}"#, at: path, scene).status == 200)
    _ = try scene.call(scene.agent(), "/v1/chat/completions", Self.first)
    #expect(try scene.turns(1)[0]["mode"]?.string == "hold")
  }

  @Test func `events tell the past first and then what happens`() throws {
    let (directory, path) = try Self.socket()
    defer { withExtendedLifetime(directory) {} }
    let scene = try Scene(options: ["--control", path])
    scene.answerAll(chatAnswer())
    let agent = scene.agent()
    _ = try scene.call(agent, "/v1/chat/completions", Self.first)
    _ = try scene.turns(1)

    let reader = try scene.client(of: path)
    reader.get("/events")
    func events() -> [JSONValue] {
      (reader.response?.text ?? "").split(separator: "\n").compactMap { JSONValue(String($0)) }
    }
    scene.wait(for: "the past") { events().contains { $0["event"]?.string == "caught_up" } }
    #expect(events().first?["event"]?.string == "hello")
    #expect(events().filter { $0["event"]?.string == "finished" }.count == 1)

    _ = try scene.call(agent, "/v1/chat/completions", Self.second)
    _ = try scene.call(agent, "/v1/chat/completions", Self.changed)
    scene.wait(for: "three turns") {
      events().filter { $0["event"]?.string == "finished" }.count == 3
    }
    let last = try #require(events().last { $0["event"]?.string == "finished" }?["turn"])
    #expect(last["turn"]?.integer == 3)
    #expect(last["verdict"]?["position"]?["group"]?.string == "messages")
    #expect(last["detail"]?["hunks"]?.array?.isEmpty == false)
  }

  @Test func `read-only refuses what changes something and answers the rest`() throws {
    let (directory, path) = try Self.socket()
    defer { withExtendedLifetime(directory) {} }
    let scene = try Scene(options: ["--control", path, "--read-only"])
    #expect(try Self.post("/mode", #"{"mode":"hold"}"#, at: path, scene).status == 403)
    #expect(try Self.post("/stop", "", at: path, scene).status == 403)
    #expect(try Self.get("/sessions", at: path, scene).status == 200)
  }

  @Test func `it stops the proxy and goes with it`() throws {
    let (directory, path) = try Self.socket()
    let scene = try Scene(options: ["--control", path])
    let answer = try Self.post("/drain", "", at: path, scene)
    #expect(answer.status == 200)
    #expect(scene.exit() == 0)
    #expect(TemporaryDirectory.names(in: directory.path).isEmpty)
  }

  @Test func `a socket that a killed proxy left is taken over`() throws {
    let (directory, path) = try Self.socket()
    defer { withExtendedLifetime(directory) {} }
    do {
      let scene = try Scene(options: ["--control", path])
      scene.proxy.send(signal: SIGKILL)
      #expect(scene.exit() == 128 + SIGKILL)
    }
    #expect(access(path, F_OK) == 0)
    let scene = try Scene(options: ["--control", path])
    #expect(try Self.get("/health", at: path, scene).status == 200)
  }

  @Test func `a socket of a running proxy is left alone`() throws {
    let (directory, path) = try Self.socket()
    defer { withExtendedLifetime(directory) {} }
    let scene = try Scene(options: ["--control", path])
    let second = try Command(
      "--upstream", "http://127.0.0.1:9", "--listen", "127.0.0.1:0", "--no-tui", "--control", path)
    #expect(second.status == 1)
    #expect(second.errors.contains("another process listens there"))
    #expect(try Self.get("/health", at: path, scene).status == 200)
  }

  @Test func `a file that is no socket is left alone`() throws {
    let file = try TemporaryFile("precious")
    let run = try Command(
      "--upstream", "http://127.0.0.1:9", "--listen", "127.0.0.1:0", "--no-tui", "--control",
      file.path)
    #expect(run.status == 1)
    #expect(run.errors.contains("no socket"))
    #expect(file.text == "precious")
  }

  @Test func `two proxies have sockets of their own in the usual place`() throws {
    let runtime = try TemporaryDirectory()
    let processes = try (0..<2).map { _ in
      try HoldfastProcess(
        ["--upstream", "http://127.0.0.1:9", "--listen", "127.0.0.1:0", "--no-tui"],
        environment: ["XDG_RUNTIME_DIR=\(runtime.path)"])
    }
    let test = try TestLoop()
    #expect(test.run { processes.allSatisfy { $0.address != nil } })
    let expected = processes.compactMap(\.address).map { "\($0.port).sock" }.sorted()
    #expect(TemporaryDirectory.names(in: runtime.path + "/holdfast") == expected)
    for process in processes { process.send(signal: SIGTERM) }
    #expect(test.run { processes.allSatisfy { $0.exitStatus() == 0 } })
    #expect(TemporaryDirectory.names(in: runtime.path + "/holdfast").isEmpty)
    try test.loop.close()
  }

  @Test func `without a socket there is none`() throws {
    let runtime = try TemporaryDirectory()
    let process = try HoldfastProcess(
      ["--upstream", "http://127.0.0.1:9", "--listen", "127.0.0.1:0", "--no-tui", "--no-control"],
      environment: ["XDG_RUNTIME_DIR=\(runtime.path)"])
    let test = try TestLoop()
    #expect(test.run { process.address != nil })
    #expect(TemporaryDirectory.names(in: runtime.path).isEmpty)
    try test.loop.close()
  }
}
