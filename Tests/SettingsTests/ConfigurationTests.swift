import Foundation
@testable import Settings
import Testing

@Suite struct ConfigurationTests {
  private func fill(
    _ values: [String: [String]] = [:], environment: [String: String] = [:],
    workspace: String? = nil, user: String? = nil
  ) throws(UsageError) -> ParsedCommandLine {
    var layers = SettingLayers(environment: { environment[$0] })
    if let workspace { layers.workspace = try ConfigFile(path: ".holdfast.toml", text: workspace) }
    if let user { layers.user = try ConfigFile(path: "config.toml", text: user) }
    return try ParsedCommandLine(command: .proxy, values: values).filled(from: layers)
  }

  private func complaint(workspace: String? = nil, user: String? = nil) -> String {
    do {
      _ = try fill(workspace: workspace, user: user)
      return ""
    } catch {
      return error.description
    }
  }

  @Test
  func `the command line wins over the environment, that over the workspace, that over one's own`()
    throws
  {
    let user = "pin = \"off\"\ncolor = \"never\"\nmax-sessions = 7\nascii = true"
    let workspace = "ascii = false\ncolor = \"always\""
    let environment = ["HOLDFAST_PIN": "hold"]
    let line = try fill(
      ["ascii": [""]], environment: environment, workspace: workspace, user: user)
    #expect(line.source(of: "ascii") == .commandLine)
    #expect(line.last("pin") == "hold")
    #expect(line.source(of: "pin") == .environment("HOLDFAST_PIN"))
    #expect(line.last("color") == "always")
    #expect(line.source(of: "color") == .workspace(path: ".holdfast.toml", line: 2))
    #expect(line.last("max-sessions") == "7")
    #expect(line.source(of: "max-sessions") == .user(path: "config.toml", line: 3))
    #expect(line.source(of: "ndjson") == .standard)
  }

  @Test func `a list gives an option several times`() throws {
    let line = try fill(user: "upstream = [\"a=http://x\", \"b=http://y\"]")
    #expect(line.values["upstream"] == ["a=http://x", "b=http://y"])
  }

  @Test func `a flag that is switched off nearer by stays off`() throws {
    let line = try fill(workspace: "no-tui = false", user: "no-tui = true")
    #expect(!line.has("no-tui"))
    #expect(line.source(of: "no-tui") == .workspace(path: ".holdfast.toml", line: 1))
  }

  @Test func `true for an option with an optional value means what the option alone means`() throws
  {
    #expect(try fill(user: "pin = true").last("pin") == "hold")
    #expect(try !fill(user: "pin = false").has("pin"))
  }

  @Test func `an unknown key is refused with its line and the nearest name`() {
    #expect(
      complaint(user: "pin = \"safe\"\n\nmax-session = 3")
        == "config.toml:3 sets 'max-session', which is no option; did you mean 'max-sessions'?")
    #expect(complaint(user: "[server]\nlisten = \"x\"").contains("config.toml:1 sets 'server'"))
  }

  @Test func `a wrong type is refused with its line`() {
    #expect(
      complaint(user: "ascii = \"yes\"") == "config.toml:1 'ascii' has to be true or false")
    #expect(
      complaint(user: "ndjson = true") == "config.toml:1 'ndjson' has to be a text or a number")
    #expect(
      complaint(user: "ndjson = [\"a\", \"b\"]")
        == "config.toml:1 'ndjson' has to be one value, not a list")
    #expect(complaint(user: "ndjson = 1979-05-27").contains("has to be a text or a number"))
  }

  @Test func `what is not TOML is refused with its line`() {
    #expect(complaint(user: "pin = \"safe\"\ncolor = ").hasPrefix("config.toml:2 is not TOML: "))
  }

  @Test func `a mistake in an overridden value is a mistake, too`() {
    #expect(throws: UsageError.self) {
      try fill(["ascii": [""]], user: "ascii = 3")
    }
  }

  @Test(arguments: [
    "upstream", "listen", "upstream-ca", "ledger", "ndjson", "control", "metrics", "pin",
  ])
  func `the file of a workspace cannot say where prompts go`(_ name: String) {
    let text = complaint(workspace: "\(name) = \"x\"")
    #expect(text.hasPrefix(".holdfast.toml:1 sets '\(name)', which only your own configuration"))
  }

  @Test func `a value out of range names the file it stands in`() throws {
    let line = try fill(user: "\nmax-sessions = 0")
    do {
      _ = try line.integer("max-sessions", in: 1...9, default: 1)
      Issue.record("accepted")
    } catch {
      #expect(
        error.located(in: line).description
          == "config.toml:2 sets 'max-sessions' to '0', which is not a whole number from 1 to 9")
    }
  }

  @Test func `a flag in the environment has to be true or false`() {
    #expect(throws: UsageError.self) { try fill(environment: ["HOLDFAST_ASCII": "maybe"]) }
    #expect(throws: Never.self) { try fill(environment: ["HOLDFAST_ASCII": "1"]) }
  }

  @Test func `what is in force is shown with its source and without passwords`() throws {
    let line = try fill(
      ["upstream": ["http://me:secret@host"]], environment: ["HOLDFAST_PIN": "safe"])
    let text = ConfigText.inForce(line)
    #expect(text.contains("# command line"))
    #expect(!text.contains("secret"))
    let pin = text.split(separator: "\n").first { $0.hasPrefix("pin ") }
    let sessions = text.split(separator: "\n").first { $0.hasPrefix("max-sessions ") }
    #expect(sessions?.hasSuffix(" = \"1024\"  # default") == true)
    #expect(pin?.contains("\"safe\"  # HOLDFAST_PIN") == true)
  }

  /// The file in Resources is the one that --print-default-config prints.
  @Test func `the stored configuration file is up to date, and reads as one that sets nothing`()
    throws
  {
    let place = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../Resources/holdfast.toml")
    let text = ConfigText.standardFile
    if ProcessInfo.processInfo.environment["HOLDFAST_UPDATE_README"] != nil {
      try text.write(to: place, atomically: true, encoding: .utf8)
    }
    #expect(try String(contentsOf: place, encoding: .utf8) == text)
    #expect(try ConfigFile(path: "holdfast.toml", text: text).values == [])
  }

  @Test func `every line of the stored file is valid once its mark is taken away`() throws {
    let lines = ConfigText.standardFile.split(separator: "\n").filter { $0.contains(" = ") }
      .map { $0.drop { $0 == "#" || $0 == " " } }
    #expect(lines.count > 20)
    let file = try ConfigFile(path: "x", text: lines.joined(separator: "\n"))
    #expect(file.values.count == lines.count)
  }
}

@Suite struct SettingChangesTests {
  private func line(_ text: String) throws -> ParsedCommandLine {
    var layers = SettingLayers(environment: { _ in nil })
    layers.user = try ConfigFile(path: "config.toml", text: text)
    return try ParsedCommandLine(command: .proxy, values: [:]).filled(from: layers)
  }

  private func changes(_ old: String, _ new: String) throws -> SettingChanges {
    try SettingChanges(from: line(old), to: line(new))
  }

  @Test func `saying a default is no change`() throws {
    #expect(
      try changes("", "pin = \"off\"\nmax-body = \"64M\"\nresponse-headers = false").text
        == "configuration read again: nothing changed")
  }

  @Test func `a secret is not shown, neither the old one nor the new one`() throws {
    let changes = try changes("client-token = \"old-sesame\"", "client-token = \"new-sesame\"")
    #expect(changes.text == "configuration read again: client-token is new")
    #expect(changes.applied == [.init(name: "client-token", before: nil, now: nil)])
  }

  @Test func `what takes a restart keeps its value and its source`() throws {
    let changes = try changes("listen = \"1\"", "max-body = \"1M\"\nlisten = \"2\"")
    #expect(changes.pending == ["listen"])
    #expect(changes.inForce.last("listen") == "1")
    #expect(changes.inForce.source(of: "listen") == .user(path: "config.toml", line: 1))
    #expect(changes.inForce.last("max-body") == "1M")
  }

  /// Addresses, files and terminals were opened by the first value; read-only is a promise.
  @Test(arguments: ["listen", "upstream", "ledger", "ndjson", "control", "capture", "read-only"])
  func `what was opened or promised at the start is not reloaded`(_ name: String) throws {
    let option = try #require(OptionTable.options.first { $0.name == name })
    #expect(!option.isReloadable)
  }

  @Test func `README names every option that is reloaded`() throws {
    let place = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../README.md")
    let text = try String(contentsOf: place, encoding: .utf8)
    let start = try #require(text.range(of: "reads its configuration again at SIGHUP"))
    let part = text[start.upperBound...].prefix(400)
    let told = Set(part.split(separator: "`").map(String.init))
    for option in OptionTable.options where option.isReloadable {
      #expect(told.contains(option.name), "\(option.name)")
    }
  }
}
