import Bytes
import EventLoop
import Glibc
import TestSupport
import Testing
import Wire

/// The program in an environment that fails it.
@Suite(.serialized) struct FaultTests {
  private static let chat = "/v1/chat/completions"

  private static func chatBody(_ number: Int = 1) -> String {
    Prompts.chat(["hi \(number)"])
  }

  /// A turn that has to work.
  private func turn(
    _ scene: Scene, _ number: Int = 1, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let agent = scene.agent()
    let response = try scene.call(
      agent, Self.chat, Self.chatBody(number), sourceLocation: sourceLocation)
    #expect(response.status == 200, sourceLocation: sourceLocation)
    agent.close()
  }

  // MARK: Descriptors

  @Test func `without descriptors it waits, does not spin, and recovers`() throws {
    // The program raises its soft limit, so the hard one has to fall.
    let scene = try Scene(options: ["--no-ledger"], shell: "ulimit -n 48")
    scene.answerAll(chatAnswer())
    let idle = (0..<120).map { _ in scene.agent() }
    scene.wait(for: "the shortage") { scene.proxy.standardOutput.contains("have to wait") }
    // Two seconds of being short: whatever spins takes all of a processor.
    let before = scene.proxy.processorMillis
    scene.test.pause(millis: 2000)
    #expect(scene.proxy.processorMillis - before < 500)
    for agent in idle { agent.close() }
    // Until it has seen them go it may answer 503 and ask to come back.
    var status: Int?
    for _ in 0..<1000 where status != 200 {
      let agent = scene.agent()
      status = try scene.call(agent, Self.chat, Self.chatBody()).status
      agent.close()
    }
    #expect(status == 200)
    scene.proxy.send(signal: SIGTERM)
    #expect(scene.exit() == 0)
  }

  // MARK: Disks

  @Test func `a full disk ends the file of turns and nothing else`() throws {
    let scene = try Scene(options: ["--no-ledger", "--ndjson", "/dev/full"])
    scene.answerAll(chatAnswer())
    for number in 1...3 { try turn(scene, number) }
    scene.wait(for: "the notice") { scene.proxy.standardOutput.contains("No space left") }
    #expect(scene.proxy.standardOutput.countText("No space left") == 1)
    #expect(scene.proxy.standardOutput.countText("turn 1") == 3)
    scene.proxy.send(signal: SIGTERM)
    #expect(scene.exit() == 0)
  }

  @Test(
    .disabled(
      if: HoldfastProcess.isWatchedForRaces, "no program starts under both that limit and TSan"))
  func `files that may not grow end no turn`() throws {
    let ledger = try TemporaryFile()
    // Units of 512 bytes; the kernel sends SIGXFSZ at the limit.
    let scene = try Scene(options: ["--ledger", ledger.path], shell: "ulimit -f 40")
    scene.answerAll(chatAnswer())
    for number in 1...60 { try turn(scene, number) }
    scene.wait(for: "the notice about the file") {
      scene.proxy.standardOutput.contains("nothing more is written to it")
    }
    scene.wait(for: "the notice about the ledger") {
      scene.proxy.standardOutput.contains("the ledger")
    }
    try turn(scene, 61)
    scene.proxy.send(signal: SIGTERM)
    #expect(scene.exit() == 0)
  }

  @Test func `a ledger that does not get on holds up one answer, and none until it does`() throws {
    let ledger = try RestartTests.LedgerPlace()
    // Who sets a damaged ledger aside holds this lock; everybody else waits some seconds for it.
    let lock = open(ledger.path + ".lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    defer { close(lock) }
    #expect(flock(lock, LOCK_EX) == 0)
    let scene = try Scene(options: ["--ledger", ledger.path, "--pin"])
    scene.answerAll(chatAnswer())
    try turn(scene, 1)
    let before = Loop.monotonicNanos()
    for number in 2...9 { try turn(scene, number) }
    // Each alone would wait for a second.
    #expect(Loop.monotonicNanos() - before < 4_000_000_000)
    scene.wait(for: "the notice") { scene.proxy.standardOutput.contains("the ledger is slow") }
    #expect(flock(lock, LOCK_UN) == 0)
    scene.proxy.send(signal: SIGTERM)
    #expect(scene.exit() == 0)
    let stats = try Command("stats", "--ledger", ledger.path, "--format", "json")
    #expect(JSONValue(stats.output)?["sessions"]?.array?.isEmpty == false)
  }

  @Test func `a closed standard output ends the log and nothing else`() throws {
    let scene = try Scene(options: ["--no-ledger"])
    scene.answerAll(chatAnswer())
    scene.proxy.closeStandardOutput()
    for number in 1...3 { try turn(scene, number) }
    _ = try scene.turns(3)
    scene.proxy.send(signal: SIGTERM)
    #expect(scene.exit() == 0)
  }

  // MARK: Signals

  @Test func `SIGTERM ends it though its parent had blocked it`() throws {
    let scene = try Scene(blockedSignals: [SIGTERM, SIGINT, SIGHUP])
    scene.proxy.send(signal: SIGTERM)
    #expect(scene.exit() == 0)
  }

  @Test func `under nohup the end of the terminal is ignored`() throws {
    let scene = try Scene(options: ["--no-ledger"], shell: "trap '' HUP")
    scene.answerAll(chatAnswer())
    scene.proxy.send(signal: SIGHUP)
    for number in 1...3 { try turn(scene, number) }
    #expect(scene.proxy.exitStatus() == nil)
    scene.proxy.send(signal: SIGTERM)
    #expect(scene.exit() == 0)
  }

  @Test(arguments: [("", "holdfast :", " -> "), ("--no-tui", "http://127.0.0.1:", "export")])
  func `when its terminal goes away it lets requests finish and ends`(
    _ option: String, _ marker: String, _ later: String
  ) throws {
    let pane = try TerminalPane(["demo", "--listen", "127.0.0.1:0", "--pace", "20", option])
    let shown = try #require(try pane.screen { $0.contains(marker) && $0.contains(later) })
    let start = try #require(shown.firstRange(of: marker)).upperBound
    let port = try #require(Int(shown[start...].prefix { $0.isNumber }))
    let address = try SocketAddress(ip: "127.0.0.1", port: port)
    try pane.close()
    let test = try TestLoop()
    let isGone = test.run {
      let probe = RawPeer(connectingTo: address, loop: test.loop)
      defer { probe.close() }
      return test.run { probe.isConnected || probe.failure != nil } && !probe.isConnected
    }
    #expect(isGone)
    test.settle()
    try test.loop.close()
  }

  @Test func `after SIGKILL the same port serves again at once`() throws {
    let first = try Scene(options: ["--no-ledger"])
    first.answerAll(chatAnswer())
    let agent = first.agent()
    _ = try first.call(agent, Self.chat, Self.chatBody())
    let port = first.address.port
    first.proxy.send(signal: SIGKILL)
    #expect(first.exit() == 128 + SIGKILL)
    let second = try Scene(options: ["--no-ledger", "--listen", "127.0.0.1:\(port)"])
    #expect(second.address.port == port)
    second.answerAll(chatAnswer())
    try turn(second)
  }

  // MARK: Crowds

  @Test func `two hundred streams at once are all passed on event by event`() throws {
    DescriptorLimit.raise()
    let scene = try Scene(options: ["--no-ledger"])
    let event = StreamingTests.chunk("data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n")
    var peers: [ObjectIdentifier: RawPeer] = [:]
    scene.upstream.onReceive = { peer in
      guard peers[ObjectIdentifier(peer)] == nil,
        !HTTPMessage.requests(in: peer.received).isEmpty
      else { return }
      peers[ObjectIdentifier(peer)] = peer
      peer.send(StreamingTests.head + event)
    }
    let agents = (1...200).map { number in
      let agent = scene.agent()
      agent.post(Self.chat, Prompts.chat(["stream \(number)"], more: #","stream":true"#))
      return agent
    }
    scene.wait(for: "the first event of all") {
      agents.allSatisfy { $0.peer.text.countText("data: ") == 1 }
    }
    for peer in peers.values { peer.send(event + "0\r\n\r\n") }
    scene.wait(for: "the end of all") { agents.allSatisfy { $0.peer.text.hasSuffix("0\r\n\r\n") } }
    #expect(agents.allSatisfy { $0.peer.text.countText("data: ") == 2 })
    #expect(try scene.turns(200).count == 200)
  }

  @Test func `two thousand idle connections cost next to nothing and hold up nobody`() throws {
    DescriptorLimit.raise()
    let scene = try Scene(options: ["--no-ledger"])
    scene.answerAll(chatAnswer())
    try turn(scene)
    let before = scene.proxy.residentBytes
    let idle = (0..<2000).map { _ in scene.agent() }
    scene.wait(for: "all connections") { idle.allSatisfy { $0.peer.isConnected } }
    // Later connections are accepted after earlier ones.
    try turn(scene, 2)
    #expect(HoldfastProcess.isSanitized || scene.proxy.residentBytes - before < 2000 * 8192)
    let used = scene.proxy.processorMillis
    scene.test.pause(millis: 1000)
    #expect(scene.proxy.processorMillis - used < 250)
    for agent in idle { agent.close() }
    try turn(scene, 3)
  }

  // MARK: Bodies

  @Test func `a body of 64 MiB is forwarded and one byte more is 413`() throws {
    let scene = try Scene(options: ["--no-ledger"])
    let size = 64 << 20
    scene.upstream.onReceive = { peer in
      peer.discardsInput = true
      if peer.receivedCount >= size { peer.send(chatAnswer()) }
    }
    let opening = Array(#"{"model":"m","messages":[{"role":"user","content":""#.utf8)
    let closing = Array(#""}]}"#.utf8)
    let filler = [UInt8](repeating: 0x61, count: size - opening.count - closing.count)
    let agent = scene.agent()
    agent.post(Self.chat, opening + filler + closing)
    #expect(try scene.response(to: agent).status == 200)
    // The body itself, and what lies around it.
    #expect(HoldfastProcess.isSanitized || scene.proxy.peakResidentBytes < size + size / 2)
    let other = scene.agent()
    other.peer.send(
      "POST /v1/messages HTTP/1.1\r\nHost: a\r\nContent-Length: \(size + 1)\r\n\r\n")
    scene.wait(for: "the refusal") { other.response?.isComplete == true }
    #expect(other.response?.status == 413)
    let answer = JSONValue(other.response?.text ?? "")
    #expect(answer?["type"]?.string == "error")
    #expect(answer?["error"]?["type"]?.string == "request_too_large")
  }

  @Test func `an agent that goes away before the first byte frees the upstream`() throws {
    let scene = try Scene(options: ["--no-ledger"])
    let agent = scene.agent()
    agent.post(Self.chat, Prompts.chat(["hi"], more: #","stream":true"#))
    let request = try scene.received()
    agent.close()
    scene.wait(for: "the end of the upstream's connection") { request.peer.isOver }
    #expect(try scene.turns(1)[0]["state"]?.string == "aborted")
  }
}
