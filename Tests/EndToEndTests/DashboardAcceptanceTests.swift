import Bytes
import EventLoop
import Glibc
import TestSupport
import Testing

/// What a person does at the dashboard, and what happens to the requests.
@Suite(.serialized, .enabled(if: access(TerminalPane.tmux, X_OK) == 0, "tmux is not installed"))
struct DashboardAcceptanceTests {
  private static let rules = (0..<40).map { "Rule \($0): be exact.\\n" }.joined()

  /// A conversation in which the first answer is `answer`, with so many exchanges behind it.
  private static func talk(_ answer: String, exchanges: Int, about topic: String = "it") -> String {
    let more = (0..<exchanges).flatMap { ["reply \($0)", "question \($0)"] }
    return Prompts.chat(
      ["fix \(topic)", answer, "and \(topic)?"] + more, system: "Work on \(topic). \(rules)")
  }

  @Test func `p has the next change held and the server gets the old bytes; p again ends that`()
    throws
  {
    let scene = try DashboardScene()
    let agent = scene.agent()
    try scene.call(agent, Self.talk("done ", exchanges: 0))
    try scene.see("kept")
    try scene.press("p")
    try scene.see("(hold) from turn 2")
    try scene.call(agent, Self.talk("done", exchanges: 1))
    try scene.see("HELD")
    #expect(scene.bodies.last == Self.talk("done ", exchanges: 1))
    try scene.press("p")
    let message = try scene.see("from turn 3")
    #expect(message.contains("unpinned"))
    try scene.call(agent, Self.talk("done", exchanges: 2))
    #expect(scene.bodies.last == Self.talk("done", exchanges: 2))
    #expect(scene.bodies.count == 3)
  }

  @Test func `P changes all sessions only after a y`() throws {
    let scene = try DashboardScene()
    for name in ["one", "two"] {
      try scene.call(
        scene.agent(), Self.talk("done ", exchanges: 0, about: "number \(name)"))
    }
    try scene.see("2 sessions")
    try scene.press("P")
    try scene.see("Set 2 sessions to hold")
    try scene.press("n")
    let unchanged = try scene.see("nothing changed")
    #expect(Self.modes(unchanged) == ["off", "off"])
    try scene.press("P", "y")
    let changed = try scene.see("all sessions: hold")
    #expect(Self.modes(changed) == ["hold", "hold"])
    try scene.call(
      scene.agent(), Self.talk("done", exchanges: 1, about: "number two"))
    #expect(scene.bodies.last == Self.talk("done ", exchanges: 1, about: "number two"))
  }

  /// The pin column of the rows of the table.
  private static func modes(_ screen: String) -> [String] {
    let lines = screen.split(separator: "\n", omittingEmptySubsequences: false)
    guard let header = lines.firstIndex(where: { $0.contains("session") && $0.contains("pin ") })
    else { return [] }
    return lines[(header + 1)...].prefix { !$0.contains("turns") && !$0.isEmpty }
      .compactMap { $0.split(separator: " ").first { ["off", "safe", "hold"].contains($0) } }
      .map(String.init)
  }

  @Test func `w writes a file for its owner alone, without the key that the prompt holds`() throws {
    let key = "sk-live0123456789abcdefghij"
    let scene = try DashboardScene()
    let agent = scene.agent()
    try scene.call(agent, Self.talk("the key is \(key), noted", exchanges: 0))
    try scene.call(agent, Self.talk("The key is \(key), noted", exchanges: 1))
    try scene.see("BREAK")
    try scene.press("3")
    let shown = try scene.see("difference 1/")
    try scene.press("o")
    let block = try scene.see("after: turn 2")
    #expect(block.contains("The key is ***"))
    try scene.press("o")
    let before = try scene.see("before: turn 1")
    #expect(before.contains("the key is ***"))
    for screen in [shown, block, before] { #expect(!screen.contains("0123456789abcdef")) }
    try scene.press("q", "w")
    try scene.see("saved: holdfast-")
    let names = TemporaryDirectory.names(in: scene.directory.path).filter {
      $0.hasPrefix("holdfast-")
    }
    let name = try #require(names.first)
    let path = scene.directory.path + "/" + name
    var facts = stat()
    #expect(stat(path, &facts) == 0)
    #expect(facts.st_mode & 0o777 == 0o600)
    let text = try #require(readText(path))
    #expect(text.contains("key is"))
    #expect(!text.contains("0123456789abcdef"))
  }

  @Test func `an upstream that is gone is told at once, agents get JSON, and it comes back`() throws
  {
    let scene = try DashboardScene()
    let agent = scene.agent()
    try scene.call(agent, Self.talk("done", exchanges: 0))
    let port = scene.upstream.address.port
    scene.upstream.close()
    let refused = try scene.call(agent, Self.talk("done", exchanges: 1))
    #expect(refused.status == 502)
    #expect(JSONValue(refused.text)?["error"]?["message"]?.string?.isEmpty == false)
    try scene.see("UPSTREAM DOWN")
    let again = try ScriptedUpstream(loop: scene.test.loop, port: port)
    defer { again.close() }
    again.answerAll(chatAnswer())
    let answered = try scene.call(scene.agent(), Self.talk("done", exchanges: 1))
    #expect(answered.status == 200)
    let screen = try scene.pane.screen { !$0.contains("DOWN") && $0.contains(" up") }
    #expect(screen != nil)
  }

  @Test func `the notices tell how long the rounds of the loop take`() throws {
    let scene = try DashboardScene()
    try scene.call(scene.agent(), Self.talk("done", exchanges: 0))
    try scene.see("kept")
    try scene.press("!")
    let screen = try scene.see("loop rounds")
    #expect(screen.contains("(median)"))
    #expect(screen.contains("no events lost on the way to this screen"))
    #expect(screen.contains(scene.upstream.address.description))
  }

  @Test func `q with a request in flight asks; Esc goes back; s lets it end first`() throws {
    let scene = try DashboardScene()
    scene.answer = nil
    let agent = scene.agent()
    agent.post("/v1/chat/completions", Self.talk("done", exchanges: 0))
    #expect(scene.test.run { scene.bodies.count == 1 })
    try scene.see("1 in flight")
    try scene.press("q")
    try scene.see("1 request in flight.")
    try scene.press("Escape")
    #expect(try scene.pane.screen { !$0.contains("stop the proxy?") } != nil)
    #expect(try scene.pane.program() != nil)
    try scene.press("q")
    try scene.see("finish 1 request, then stop")
    try scene.press("s")
    // It takes no more connections while the one request runs.
    #expect(
      scene.test.run {
        let probe = RawPeer(connectingTo: scene.address, loop: scene.test.loop)
        defer { probe.close() }
        return scene.test.run { probe.isConnected || probe.failure != nil } && !probe.isConnected
      })
    #expect(agent.response == nil)
    scene.upstream.connections.first { !$0.received.isEmpty }?.send(chatAnswer())
    #expect(try scene.response(to: agent).status == 200)
    try scene.see("status 0")
  }

  @Test(arguments: [SIGTERM, SIGINT])
  func `a signal ends it with the terminal as it was`(_ signal: Int32) throws {
    let scene = try DashboardScene()
    try scene.call(scene.agent(), Self.talk("done", exchanges: 0))
    try scene.see("kept")
    let terminal = try scene.pane.value("#{pane_tty}")
    #expect(try scene.pane.value("#{alternate_on}#{cursor_flag}") == "10")
    kill(try #require(try scene.pane.program()), signal)
    let left = try scene.see("status 0")
    #expect(!left.contains("q quit"))
    #expect(try scene.pane.value("#{alternate_on}#{cursor_flag}") == "01")
    let settings = try HoldfastProcess(["-F", terminal, "-a"], program: "/usr/bin/stty")
    #expect(scene.test.run { settings.exitStatus() != nil })
    let words = settings.standardOutput.split { $0.isWhitespace || $0 == ";" }
    for word in ["icanon", "echo", "isig", "opost"] { #expect(words.contains { $0 == word }) }
  }

  @Test func `a terminal that nobody reads holds up no request`() throws {
    let scene = try DashboardScene()
    let agent = scene.agent()
    try scene.call(agent, Self.talk("done", exchanges: 0))
    try scene.see("kept")
    let program = try #require(try scene.pane.program())
    let server = try #require(Int32(try scene.pane.value("#{pid}")))
    kill(server, SIGSTOP)
    defer { kill(server, SIGCONT) }
    // Until the kernel takes no more of what the dashboard writes, so that it stands still.
    var turns = 1
    var isStalled = false
    while !isStalled, turns < 6_000 {
      let before = Self.switches(of: "dashboard", in: program)
      for _ in 0..<50 {
        turns += 1
        #expect(try scene.call(agent, Self.talk("done", exchanges: 0)).status == 200)
      }
      isStalled = before == Self.switches(of: "dashboard", in: program)
    }
    #expect(isStalled, "the terminal took all of \(turns) turns")
    for _ in 0..<100 {
      turns += 1
      #expect(try scene.call(agent, Self.talk("done", exchanges: 0)).status == 200)
    }
    kill(server, SIGCONT)
    let text = try scene.pane.screen {
      $0.contains("\(turns) kept") || $0.contains("not shown live")
    }
    let now = try scene.pane.screen { _ in true } ?? ""
    #expect(text != nil, "turn \(turns):\n\(now)")
    #expect(scene.bodies.count == turns)
  }

  /// Context switches of the thread with that name.
  private static func switches(of thread: String, in process: Int32) -> Int? {
    let tasks = "/proc/\(process)/task"
    for task in TemporaryDirectory.names(in: tasks)
    where readText("\(tasks)/\(task)/comm")?.hasPrefix(thread) == true {
      let lines = readText("\(tasks)/\(task)/status")?.split(separator: "\n") ?? []
      return lines.filter { $0.contains("ctxt_switches") }
        .compactMap { Int($0.split(whereSeparator: { $0 == "\t" || $0 == " " }).last ?? "") }
        .reduce(0, +)
    }
    return nil
  }
}
