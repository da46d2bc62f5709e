import Bytes
import Glibc
import TestSupport
import Testing

/// SIGHUP has a running proxy follow what its configuration says now.
@Suite struct ReloadTests {
  private static let target = "/v1/chat/completions"

  private let file: TemporaryFile
  private let scene: Scene

  init() throws {
    file = try TemporaryFile("")
    scene = try Scene(options: ["--config", file.path])
    scene.answerAll(chatAnswer())
  }

  /// - Returns: the first line that is said after the new text was read.
  @discardableResult
  private func reload(_ text: String, in scene: Scene? = nil, _ file: TemporaryFile? = nil) throws
    -> String
  {
    let scene = scene ?? self.scene
    try write(text, (file ?? self.file).path)
    let before = Self.notices(scene).count
    scene.proxy.send(signal: SIGHUP)
    scene.wait(for: "a notice") { Self.notices(scene).count > before }
    return Self.notices(scene).dropFirst(before).first ?? ""
  }

  private static func notices(_ scene: Scene) -> [String] {
    scene.proxy.lines.filter { $0.contains(" configuration ") }.map { String($0.dropFirst(9)) }
  }

  private func write(_ text: String, _ path: String) throws {
    let output = try #require(fopen(path, "w"))
    fputs(text, output)
    fclose(output)
  }

  private func status(_ agent: Agent, words: Int = 10, _ fields: String = "") throws -> Int? {
    try scene.call(agent, Self.target, Prompts.chat([Prompts.prose(words)]), fields).status
  }

  @Test func `a signal that comes while the proxy still starts has it read again, too`() throws {
    // Blocked, so that it cannot come before the program's first line.
    let process = try HoldfastProcess(
      [
        "--listen", "127.0.0.1:0", "--upstream", "http://\(scene.upstream.address)", "--no-tui",
        "--no-probes", "--config", file.path,
      ], blockedSignals: [SIGHUP])
    process.send(signal: SIGHUP)
    scene.wait(for: "the configuration to be read again") {
      process.lines.contains { $0.contains(" configuration ") } || process.exitStatus() != nil
    }
    #expect(process.exitStatus() == nil)
    #expect(process.address != nil)
  }

  @Test func `another limit of bodies holds on connections that are open, too`() throws {
    let agent = scene.agent()
    #expect(try status(agent, words: 500) == 200)
    #expect(
      try reload("max-body = \"2K\"") == "configuration read again: max-body 64M -> 2K")
    #expect(try status(agent, words: 500) == 413)
    #expect(try reload("") == "configuration read again: max-body 2K -> 64M")
    #expect(try status(scene.agent(), words: 500) == 200)
  }

  @Test(arguments: [
    ("max-body = \"2K\"\nmax-sessions = 0", ":2 sets 'max-sessions' to '0', which is not a whole"),
    ("max-body = \"2K\"\nmetrics = \"x:y\"", ":2 sets 'metrics' to 'x:y', which is not an addr"),
    ("max-body = \"2K\"\nmax-bodi = 1", ":2 sets 'max-bodi', which is no option; did you mean"),
    ("max-body = \"2K\"\nmax-sessions = true", ":2 'max-sessions' has to be a text or a number"),
    ("max-body = \"2K\"\ncolor = ", ":2 is not TOML: "),
  ])
  func `a mistake is named with file and line and changes nothing`(
    _ text: String, _ complaint: String
  ) throws {
    let told = try reload(text)
    #expect(
      told.hasPrefix("configuration not read again, everything stays as it was: \(file.path)"))
    #expect(told.contains(complaint))
    #expect(try status(scene.agent(), words: 500) == 200)
  }

  @Test func `what takes a restart is named and stays, whatever else changes`() throws {
    #expect(
      try reload("ascii = true\ncapture-size = \"2M\"\nmax-sessions = 7")
        == "configuration read again: max-sessions 1024 -> 7; capture-size, ascii changed, too, "
        + "which takes a restart")
    // Still not followed, and so told again.
    #expect(
      try reload("ascii = true")
        == "configuration read again: max-sessions 7 -> 1024; ascii changed, too, which takes a "
        + "restart")
    #expect(try reload("") == "configuration read again: nothing changed")
  }

  @Test func `the command line still wins over the file`() throws {
    let file = try TemporaryFile("")
    let scene = try Scene(options: ["--config", file.path, "--max-body", "1M"])
    #expect(
      try reload("max-body = \"2K\"", in: scene, file)
        == "configuration read again: nothing changed")
  }

  @Test func `another mode is that of sessions to come`() throws {
    try reload("response-headers = true")
    func mode(_ texts: [String]) throws -> String? {
      let response = try scene.call(
        scene.agent(), Self.target, Prompts.chat(texts, system: Prompts.prose(50)))
      let line = response.fieldLines.first { $0.lowercased().hasPrefix("x-holdfast-mode: ") }
      return line.map { String($0.dropFirst(17)) }
    }
    let old = Prompts.prose(80, seed: 2)
    #expect(try mode([old]) == "off")
    #expect(
      try reload("response-headers = true\npin = \"safe\"\nno-pin = \"clock\"")
        == "configuration read again: pin off -> safe for sessions to come, no-pin unset -> clock "
        + "for sessions to come")
    #expect(try mode([Prompts.prose(80, seed: 3)]) == "safe")
    #expect(try mode([old, "yes", "more"]) == "off")
    #expect(try scene.turns(3)[2]["turn"]?.integer == 2)
  }

  @Test func `another token is asked for at once, and neither of them reaches the upstream`() throws
  {
    let (first, second) = ("first-token-of-all", "second-token-of-all")
    let secret = try TemporaryFile(first)
    let file = try TemporaryFile("client-token = \"@\(secret.path)\"")
    let scene = try Scene(options: ["--config", file.path])
    scene.answerAll(chatAnswer())
    func status(_ agent: Agent, _ token: String) throws -> Int? {
      try scene.call(
        agent, Self.target, Prompts.chat(["hi"]),
        "x-holdfast-token: \(second)\r\nAuthorization: Bearer \(token)\r\n"
      ).status
    }
    let agent = scene.agent()
    _ = try scene.call(
      agent, Self.target, Prompts.chat(["hi"]), "Authorization: Bearer \(first)\r\n")
    try write(second, secret.path)
    let text = "client-token = \"@\(secret.path)\""
    #expect(
      try reload(text, in: scene, file) == "configuration read again: client-token is new")
    // The agent still sends the old one where its key would be.
    #expect(try status(agent, first) == 200)
    #expect(
      try scene.call(
        scene.agent(), Self.target, Prompts.chat(["hi"]), "x-holdfast-token: \(first)\r\n"
      ).status == 401)
    for number in 1...2 {
      let sent = try scene.received(number).message.fieldLines.joined()
      #expect(!sent.contains(first) && !sent.contains(second))
    }
    #expect(!scene.proxy.standardOutput.contains("-token-of-all"))
  }

  @Test func `another price list is followed, and one with a mistake is not`() throws {
    func list(_ input: String) -> String {
      #"{"date":"2026-01-01","rows":[{"models":["m"],"read":1,"input":\#(input),"output":3}]}"#
    }
    let prices = try TemporaryFile(list("2"))
    let text = "prices = \"\(prices.path)\""
    #expect(
      try reload(text) == "configuration read again: prices unset -> \(prices.path)")
    try write(list("4"), prices.path)
    #expect(try reload(text) == "configuration read again: prices is new")
    try write(list("-4"), prices.path)
    let told = try reload(text)
    #expect(told.contains("\(file.path):1 sets 'prices'"))
    #expect(told.contains("rows[0].input is not a price"))
  }

  @Test func `a file that went away is a mistake where it was asked for`()
    throws
  {
    try reload("max-body = \"2K\"")
    unlink(file.path)
    scene.proxy.send(signal: SIGHUP)
    scene.wait(for: "a notice") { Self.notices(scene).count == 2 }
    #expect(Self.notices(scene).last?.contains("\(file.path) cannot be read") == true)
    #expect(try status(scene.agent(), words: 500) == 413)
  }

  @Test func `a proxy whose dashboard is on a living terminal reads its configuration again`()
    throws
  {
    let pane = try TerminalPane([
      "--listen", "127.0.0.1:0", "--upstream", "http://127.0.0.1:9", "--no-probes", "--no-ledger",
      "--config", file.path,
    ])
    #expect(try pane.screen { $0.contains("q quit") } != nil)
    try write("max-sessions = 7", file.path)
    kill(try #require(try pane.program()), SIGHUP)
    try pane.send("!")
    #expect(try pane.screen { $0.contains("max-sessions 1024 -> 7") } != nil)
    #expect(try pane.program() != nil)
  }
}
