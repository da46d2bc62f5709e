import Settings
import Testing

/// getopt_long keeps global state, so these run one after the other.
@Suite(.serialized) struct CommandLineTests {
  private func parse(_ arguments: String...) throws(UsageError) -> ParsedCommandLine {
    try ParsedCommandLine.parse(arguments)
  }

  private func failure(_ arguments: String...) -> UsageError? {
    do {
      _ = try ParsedCommandLine.parse(arguments)
      return nil
    } catch {
      return error
    }
  }

  @Test func `options are read in every spelling`() throws {
    let line = try parse("--listen=127.0.0.1:9", "-u", "http://x", "--no-tui")
    #expect(line.command == .proxy)
    #expect(line.last("listen") == "127.0.0.1:9")
    #expect(line.last("upstream") == "http://x")
    #expect(line.has("no-tui"))
  }

  @Test func `a repeated option keeps all values in order and the last one counts`() throws {
    let line = try parse("--upstream", "a=http://x", "--upstream", "b=http://y")
    #expect(line.values["upstream"] == ["a=http://x", "b=http://y"])
    #expect(line.last("upstream") == "b=http://y")
  }

  @Test func `a command word selects the command and its options`() throws {
    #expect(try parse("demo", "--pace", "2").command == .demo)
    #expect(failure("upstream-sim", "--ndjson", "x") == .unknownOption("--ndjson"))
  }

  @Test func `every mistake is one clear sentence`() {
    #expect(failure("--nope") == .unknownOption("--nope"))
    #expect(failure("--listen") == .missingValue(option: "listen"))
    #expect(failure("-u") == .missingValue(option: "upstream"))
    #expect(failure("--no-tui=1") == .unexpectedValue(option: "no-tui"))
    #expect(failure("frobnicate") == .unknownCommand("frobnicate"))
    #expect(failure("--no-tui", "stray") == .unexpectedArgument("stray"))
    #expect(failure("--upstream=") == .missingValue(option: "upstream"))
    #expect("\(UsageError.missingValue(option: "listen"))" == "option --listen needs a value")
  }

  @Test func `sizes have units and bounds`() throws {
    #expect(
      try parse("--max-body", "2M").size("max-body", in: 1...(1 << 30), default: 0) == 2 << 20)
    #expect(try parse().size("max-body", in: 1...10, default: 7) == 7)
    for text in ["x", "-1", "9999999999999999999G", "99999999999G", "5T", ""] {
      let line = ParsedCommandLine(command: .proxy, values: ["max-body": [text]])
      #expect(throws: UsageError.self) { try line.size("max-body", in: 1...(1 << 30), default: 0) }
    }
  }

  @Test func `an endpoint is host and port, a port alone, or an IPv6 address in brackets`() throws {
    func endpoint(_ text: String) throws -> String {
      let line = ParsedCommandLine(command: .proxy, values: ["listen": [text]])
      let result = try line.endpoint("listen", default: ("h", 1))
      return "\(result.host) \(result.port)"
    }
    #expect(try endpoint("0.0.0.0:80") == "0.0.0.0 80")
    #expect(try endpoint("8090") == "127.0.0.1 8090")
    #expect(try endpoint("[::1]:80") == "::1 80")
    #expect(try endpoint("localhost:80") == "127.0.0.1 80")
    for text in ["host:", "host:99999", ":80", "x"] {
      #expect(throws: UsageError.self) { _ = try endpoint(text) }
    }
  }

  @Test func `the help names every option and fits eighty columns`() {
    for command in Command.allCases {
      let text = HelpText.text(for: command)
      for option in OptionTable.options(for: command) {
        #expect(text.contains("--\(option.name)"))
      }
      for line in text.split(separator: "\n") { #expect(line.count <= 80, "\(line)") }
    }
  }
}
