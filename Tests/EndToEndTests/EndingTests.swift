import Bytes
import EventLoop
import Glibc
import TestSupport
import Testing

/// How the program ends.
@Suite struct EndingTests {
  /// A scene in which an agent has got the first event of a stream that goes on.
  private static func streaming(_ options: [String] = []) throws -> (
    scene: Scene, agent: Agent, upstream: RawPeer
  ) {
    let scene = try Scene(options: options)
    let agent = scene.agent()
    agent.post("/v1/chat/completions", Prompts.chat(["hi"], more: #","stream":true"#))
    let upstream = try scene.received().peer
    upstream.send(StreamingTests.head + StreamingTests.chunk("data: 1\n\n"))
    scene.wait(for: "the first event") { agent.response?.text == "data: 1\n\n" }
    return (scene, agent, upstream)
  }

  /// Waits until the proxy takes no more connections, which is how draining begins.
  private static func waitUntilClosed(_ scene: Scene) {
    scene.wait(for: "the listener to close") {
      let probe = RawPeer(connectingTo: scene.address, loop: scene.test.loop)
      defer { probe.close() }
      return scene.test.run { probe.isConnected || probe.failure != nil } && !probe.isConnected
    }
  }

  @Test(arguments: [SIGTERM, SIGINT])
  func `an idle proxy ends with status 0`(_ signal: Int32) throws {
    let scene = try Scene()
    scene.proxy.send(signal: signal)
    #expect(scene.exit() == 0)
    #expect(scene.proxy.standardError.isEmpty)
  }

  @Test(arguments: [SIGTERM, SIGINT])
  func `a running stream is finished before the program ends`(_ signal: Int32) throws {
    let (scene, agent, upstream) = try Self.streaming()
    scene.proxy.send(signal: signal)
    Self.waitUntilClosed(scene)
    #expect(scene.proxy.exitStatus() == nil)
    upstream.send(StreamingTests.chunk("data: 2\n\n") + "0\r\n\r\n")
    let response = try scene.response(to: agent)
    #expect(response.text == "data: 1\n\ndata: 2\n\n")
    #expect(scene.exit() == 0)
    #expect(try scene.turns(1)[0]["state"]?.string == "done")
  }

  @Test func `a second signal ends it in the middle of a stream`() throws {
    let (scene, agent, _) = try Self.streaming()
    scene.proxy.send(signal: SIGTERM)
    Self.waitUntilClosed(scene)
    #expect(scene.proxy.exitStatus() == nil)
    scene.proxy.send(signal: SIGTERM)
    #expect(scene.exit() != nil)
    scene.wait(for: "the agent's connection to end") { agent.peer.isOver }
    #expect(agent.response?.isComplete == false)
  }

  @Test func `draining is given up after its limit`() throws {
    let (scene, agent, _) = try Self.streaming(["--drain-timeout", "0.1"])
    scene.proxy.send(signal: SIGTERM)
    #expect(scene.exit() == 0)
    #expect(agent.response?.isComplete == false)
  }

  @Test func `connections without a request do not hold up the end`() throws {
    let scene = try Scene()
    let idle = scene.agent()
    scene.wait(for: "the connection") { idle.peer.isConnected }
    scene.proxy.send(signal: SIGTERM)
    #expect(scene.exit() == 0)
  }

  @Test func `the built-in model server ends with status 0`() throws {
    let server = try HoldfastProcess(["upstream-sim", "--listen", "127.0.0.1:0"])
    let test = try TestLoop()
    #expect(test.run { server.address != nil })
    server.send(signal: SIGTERM)
    #expect(test.run { server.exitStatus() != nil })
    #expect(server.exitStatus() == 0)
    try test.loop.close()
  }

  @Test(arguments: ["<&- >&-", ">&- 2>&-", "<&- >&- 2>&-"])
  func `standard descriptors that are closed are no reason to fail`(_ closed: String) throws {
    let test = try TestLoop()
    let upstream = try ScriptedUpstream(loop: test.loop)
    let directory = try TemporaryDirectory()
    let socket = directory.path + "/control.sock"
    let process = try HoldfastProcess(
      [
        "-c", "exec \"$0\" \"$@\" \(closed)", HoldfastProcess.path, "--listen", "127.0.0.1:0",
        "--upstream", "http://\(upstream.address)", "--no-tui", "--no-probes", "--no-ledger",
        "--control", socket,
      ], program: "/bin/sh")
    var agents: [Agent] = []
    let isUp = test.run {
      guard TemporaryDirectory.names(in: directory.path).contains("control.sock"),
        let peer = try? RawPeer(path: socket, loop: test.loop)
      else { return process.exitStatus() != nil }
      let agent = Agent(peer, host: "localhost")
      agents.append(agent)
      agent.get("/health")
      return test.run { agent.response?.isComplete == true || agent.peer.isOver }
        && agent.response?.status == 200
    }
    #expect(isUp)
    process.send(signal: SIGTERM)
    #expect(test.run { process.exitStatus() != nil })
    #expect(process.exitStatus() == 0)
    for agent in agents { agent.close() }
    upstream.close()
    try test.loop.close()
  }

  @Test func `output that nobody takes holds up neither the turns nor the end`() throws {
    let scene = try Scene(outputBytes: 4096)
    scene.answerAll(chatAnswer())
    let agent = scene.agent()
    for number in 0..<400 {
      let prompt = Prompts.chat(["talk \(number) about something else entirely"])
      _ = try scene.call(agent, "/v1/chat/completions", prompt)
    }
    #expect(try scene.turns(400).count == 400)
    scene.proxy.send(signal: SIGTERM)
    #expect(scene.exit() == 0)
    #expect(scene.proxy.standardOutput.split(separator: "\n").count < 400)
  }
}
