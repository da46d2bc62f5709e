import Bytes
import EventLoop
import Glibc
import TestSupport
import Testing

/// What a killed proxy leaves for the next one.
@Suite struct RestartTests {
  private static let path = "/v1/chat/completions"
  private static let fields = "Authorization: Bearer sk-of-the-agent\r\n"
  private static let rules = (0..<120).map { "Rule \($0): be exact.\\n" }.joined()

  /// The requests of one conversation in which the agent changes its history on every turn: the
  /// time in the system prompt, white space behind an old answer.
  private static let requests = conversation(hasClock: true)
  private static let trimmed = conversation(hasClock: false)

  private static func conversation(hasClock: Bool) -> [String] {
    (1...8).map { request($0, clock: hasClock ? $0 : 0) }
  }

  private static func request(_ turn: Int, clock: Int) -> String {
    var texts: [String] = []
    for step in 0..<turn {
      texts.append("question \(step): \(Prompts.prose(40, seed: step + 3))")
      // Cut off two turns later.
      if step < turn - 1 { texts.append("answer \(step)" + (step >= turn - 3 ? "  " : "")) }
    }
    return Prompts.chat(
      texts, system: "\(rules)Time: 2026-03-01 14:0\(clock):11.\\n\(rules)")
  }

  /// Runs the requests against one upstream through one proxy after the other.
  /// - Parameter kills: whether the proxy is killed behind the turn of this number, from 0.
  private static func play(
    _ requests: [String], options: [String], kills: (Int) -> Bool
  ) throws -> (bodies: [String], last: JSONValue, sessions: [JSONValue]?) {
    let place = try LedgerPlace()
    let stage = try Stage(["--ledger", place.path] + options)
    for (number, body) in requests.enumerated() {
      let response = try stage.call(path, body, fields)
      #expect(response.status == 200)
      guard kills(number) else { continue }
      stage.kill()
      try stage.start()
    }
    let last = try #require(try stage.turns { $0["turn"]?.integer == requests.count }.last)
    stage.end()
    let stats = try Command("stats", "--ledger", place.path, "--format", "json")
    return (stage.bodies, last, JSONValue(stats.output)?["sessions"]?.array)
  }

  /// One upstream, and proxies that come and go in front of it.
  final class Stage {
    let test: TestLoop
    let upstream: ScriptedUpstream
    private(set) var proxy: HoldfastProcess
    private let options: [String]
    private let ndjson: TemporaryFile
    private var agent: Agent?
    private var answered: [ObjectIdentifier: Int] = [:]
    /// In the order of their arrival.
    private(set) var bodies: [String] = []
    var answers = true

    init(_ options: [String], upstream address: String? = nil) throws {
      test = try TestLoop()
      upstream = try ScriptedUpstream(loop: test.loop)
      ndjson = try TemporaryFile()
      self.options =
        [
          "--listen", "127.0.0.1:0", "--upstream", address ?? "http://\(upstream.address)",
          "--no-tui", "--no-probes",
          "--ndjson", ndjson.path,
        ] + options
      proxy = try HoldfastProcess(self.options)
      upstream.onReceive = { [unowned self] peer in
        let requests = HTTPMessage.requests(in: peer.received)
        for request in requests.dropFirst(answered[ObjectIdentifier(peer), default: 0]) {
          bodies.append(request.text)
          let tokens = request.body.count / 4
          if answers { peer.send(chatAnswer(prompt: tokens, cached: tokens - 10)) }
        }
        answered[ObjectIdentifier(peer)] = requests.count
      }
      try connect()
    }

    deinit {
      agent?.close()
      upstream.close()
      try? test.loop.close()
    }

    func start() throws {
      proxy = try HoldfastProcess(options)
      try connect()
    }

    private func connect() throws {
      _ = test.run { proxy.address != nil || proxy.exitStatus() != nil }
      let address = try #require(proxy.address, "\(proxy.standardError)")
      agent?.close()
      agent = Agent(RawPeer(connectingTo: address, loop: test.loop))
    }

    func kill() {
      proxy.send(signal: SIGKILL)
      _ = test.run { proxy.exitStatus() != nil }
    }

    func send(_ path: String, _ body: String, _ fields: String) { agent?.post(path, body, fields) }

    func call(_ path: String, _ body: String, _ fields: String) throws -> HTTPMessage {
      send(path, body, fields)
      _ = test.run { agent?.response?.isComplete == true }
      return try #require(agent?.response, "\(proxy.standardOutput)")
    }

    /// Lets it finish what it writes.
    func end() {
      proxy.send(signal: SIGTERM)
      wait(for: "the end") { proxy.exitStatus() != nil }
    }

    func turns(_ count: Int) throws -> [JSONValue] {
      _ = test.run { ndjson.text.split(separator: "\n").count >= count }
      return ndjson.text.split(separator: "\n").compactMap { JSONValue(String($0)) }
    }

    /// The turns once the newest one fits.
    func turns(where fits: (JSONValue) -> Bool) throws -> [JSONValue] {
      _ = test.run {
        ndjson.text.split(separator: "\n").last.flatMap { JSONValue(String($0)) }.map(fits) ?? false
      }
      return try turns(1)
    }

    func wait(for what: String, _ holds: () -> Bool) {
      let isMet = test.run(until: holds)
      #expect(isMet, "waited in vain for \(what): \(proxy.standardOutput)")
    }
  }

  /// A ledger in a directory of its own.
  final class LedgerPlace {
    let directory: String
    var path: String { directory + "/ledger.sqlite" }

    init() throws {
      var template = Array("/tmp/holdfast-tests-XXXXXX".utf8CString)
      try #require(mkdtemp(&template) != nil)
      directory = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit {
      guard let open = opendir(directory) else { return }
      while let entry = readdir(open) {
        let name = withUnsafePointer(to: &entry.pointee.d_name) {
          $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
        unlink(directory + "/" + name)
      }
      closedir(open)
      rmdir(directory)
    }

    func mode(_ suffix: String) -> UInt32? {
      var facts = stat()
      return stat(path + suffix, &facts) == 0 ? facts.st_mode & 0o777 : nil
    }

    /// Whether `text` stands in the ledger or its log.
    func contains(_ text: String) -> Bool {
      ["", "-wal"].contains { suffix in
        guard let file = fopen(path + suffix, "r") else { return false }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while case let count = fread(&chunk, 1, chunk.count, file), count > 0 {
          bytes += chunk[..<count]
        }
        return String(decoding: bytes, as: UTF8.self).contains(text)
      }
    }
  }

  @Test(arguments: ["--pin=hold", "--pin=safe"])
  func `a proxy killed behind every turn forwards what one that ran on forwards`(
    _ pin: String
  ) throws {
    let requests = pin == "--pin=safe" ? Self.trimmed : Self.requests
    let whole = try Self.play(requests, options: [pin]) { _ in false }
    let isRewritten = whole.bodies.dropFirst(3) != requests.dropFirst(3)
    #expect(isRewritten)
    let killed = try Self.play(requests, options: [pin]) { $0 < 7 }
    for (turn, body) in whole.bodies.enumerated() {
      let isSame = killed.bodies[turn] == body
      #expect(isSame, "turn \(turn + 1)")
    }
    #expect(killed.last["turn"]?.integer == 8)
    let stored = killed.sessions.map(\.count)
    #expect(stored == 1)
  }

  @Test(arguments: 0..<7)
  func `a proxy killed behind one turn forwards what one that ran on forwards`(
    _ turn: Int
  ) throws {
    let whole = try Self.play(Self.requests, options: ["--pin"]) { _ in false }
    let killed = try Self.play(Self.requests, options: ["--pin"]) { $0 == turn }
    let isSame = killed.bodies == whole.bodies
    #expect(isSame)
  }

  @Test func `a request whose proxy was killed under way is decided again in the same way`() throws
  {
    let whole = try Self.play(Self.requests, options: ["--pin"]) { _ in false }
    let place = try LedgerPlace()
    let stage = try Stage(["--ledger", place.path, "--pin"])
    for (number, body) in Self.requests.enumerated() {
      // It has reached the server, which is silent; the agent sends it once more.
      stage.answers = false
      stage.send(Self.path, body, Self.fields)
      stage.wait(for: "the request") { stage.bodies.count == 2 * number + 1 }
      stage.kill()
      stage.answers = true
      try stage.start()
      #expect(try stage.call(Self.path, body, Self.fields).status == 200)
      let isSame = stage.bodies.suffix(2) == [whole.bodies[number], whole.bodies[number]]
      #expect(isSame, "turn \(number + 1)")
    }
  }

  @Test func `without text in the ledger what was held is given up and declared`() throws {
    let place = try LedgerPlace()
    let stage = try Stage(["--ledger", place.path, "--pin", "--pin-state", "none"])
    for body in Self.requests.prefix(3) { _ = try stage.call(Self.path, body, Self.fields) }
    _ = try stage.turns(3)
    stage.wait(for: "the digests in the ledger") { place.contains("127.0.0.1") }
    stage.end()
    #expect(!place.contains("be exact"))
    try stage.start()
    _ = try stage.call(Self.path, Self.requests[3], Self.fields)
    let isAsSent = stage.bodies.last == Self.requests[3]
    #expect(isAsSent)
    let turn = try #require(try stage.turns(4).last)
    #expect(turn["turn"]?.integer == 4)
  }

  @Test func `files with text or a secret are for their owner alone, and unpinning drops the text`()
    throws
  {
    let place = try LedgerPlace()
    let stage = try Stage(["--ledger", place.path, "--pin"])
    _ = try stage.call(Self.path, Self.requests[0], Self.fields)
    #expect(place.contains("be exact"))
    #expect(!place.contains("sk-of-the-agent"))
    for suffix in ["", "-wal", "-shm", ".lock", ".key"] { #expect(place.mode(suffix) == 0o600) }
    stage.kill()
    // A proxy that does not pin keeps the digests only.
    let plain = try Stage(
      ["--ledger", place.path], upstream: "http://\(stage.upstream.address)")
    plain.wait(for: "the text to go") { !place.contains("be exact") }
  }

  @Test func `a session that was not pinned is judged against its history after a restart`() throws
  {
    let place = try LedgerPlace()
    let stage = try Stage(["--ledger", place.path])
    let talk = ["task \(Prompts.prose(60))", "done", "and \(Prompts.prose(50, seed: 9))"]
    _ = try stage.call(Self.path, Prompts.chat(talk), Self.fields)
    _ = try stage.turns(1)
    stage.end()
    #expect(!place.contains("word"))
    try stage.start()
    var changed = talk + ["yes", "go on"]
    changed[1] = "done, in other words"
    _ = try stage.call(Self.path, Prompts.chat(changed), Self.fields)
    let turns = try stage.turns(2)
    #expect(turns[1]["turn"]?.integer == 2)
    #expect(turns[1]["session_id"]?.string == turns[0]["session_id"]?.string)
    #expect(turns[1]["mutated"] == .bool(true))
    #expect(turns[1]["path"]?.string == "messages[2]")
    #expect(turns[1]["previous_tokens"]?.integer == turns[0]["prompt_tokens"]?.integer)
    let show = try Command(
      "stats", "--ledger", place.path, "--format", "json")
    stage.kill()
    let stats = try #require(JSONValue(show.output))
    #expect(stats["sessions"]?.array?.count == 1)
  }

  @Test func `another credential does not get a session of before`() throws {
    let place = try LedgerPlace()
    let stage = try Stage(["--ledger", place.path, "--pin"])
    for body in Self.requests.prefix(2) { _ = try stage.call(Self.path, body, Self.fields) }
    stage.kill()
    try stage.start()
    _ = try stage.call(
      Self.path, Self.requests[2], "Authorization: Bearer sk-of-somebody-else\r\n")
    let isAsSent = stage.bodies.last == Self.requests[2]
    #expect(isAsSent)
    #expect(try stage.turns(1).last?["turn"]?.integer == 1)
  }

  @Test(arguments: ["garbage", "directory", "read-only"])
  func `a ledger that cannot keep anything costs no turn, and a line says so`(
    _ fault: String
  ) throws {
    let place = try LedgerPlace()
    let stage = try Stage(["--ledger", place.path, "--pin"])
    for body in Self.requests.prefix(3) { _ = try stage.call(Self.path, body, Self.fields) }
    stage.kill()
    for suffix in ["-wal", "-shm"] { unlink(place.path + suffix) }
    switch fault {
    case "garbage":
      let file = try #require(fopen(place.path, "w"))
      fputs(String(repeating: "garbage ", count: 2000), file)
      fclose(file)
    case "directory":
      unlink(place.path)
      mkdir(place.path, 0o700)
    default:
      // The tests may run as root, for whom no mode is read-only.
      unlink(place.path)
      symlink("/proc/version", place.path)
    }
    defer { rmdir(place.path) }
    try stage.start()
    for body in Self.requests.dropFirst(3) {
      #expect(try stage.call(Self.path, body, Self.fields).status == 200)
    }
    // Pinning starts afresh: the first request goes as it came, later ones are held again.
    let isAsSent = stage.bodies[3] == Self.requests[3]
    #expect(isAsSent)
    let isHeld = stage.bodies[4] != Self.requests[4]
    #expect(isHeld)
    stage.wait(for: "the notice") { stage.proxy.standardOutput.contains("the ledger") }
  }
}
