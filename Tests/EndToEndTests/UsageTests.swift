import Simulator
import Glibc
import Testing

/// What the command line answers.
@Suite struct UsageTests {
  @Test(arguments: [
    [], ["--upstream"], ["--upstream", "nonsense"], ["--upstream", "ftp://h"],
    ["--upstream", "http://h:99999"], ["--nonsense"], ["nonsense"], ["demo", "stray"],
    ["--upstream", "http://h", "--listen", "nowhere:x"], ["demo", "--pace", "0"],
    ["demo", "--turns", "none"], ["demo", "--color", "blue"], ["demo", "--no-tui=yes"],
    ["demo", "--max-body", "1T"], ["demo", "--max-in-flight", "63M"],
    ["demo", "--upstream", "http://h"], ["explain"], ["check"],
    ["check", "--min-preserved", "101", "x"], ["upstream-sim", "--slots", "0"],
    ["--upstream", "http://a", "--upstream", "http://b"],
    ["--upstream", "http://a", "--upstream", "v1=http://b"],
    ["--upstream", "http://a", "--upstream", "\u{e9}=http://b"],
  ])
  func `a command line that cannot be followed is one sentence and status 2`(
    _ arguments: [String]
  ) throws {
    let command = try Command(arguments)
    #expect(command.status == 2)
    #expect(command.output.isEmpty)
    #expect(command.errors.hasPrefix("holdfast: "))
    #expect(command.errors.split(separator: "\n", omittingEmptySubsequences: false).count == 2)
    #expect(command.errors.hasSuffix("\n"))
  }

  @Test(arguments: ["demo", "upstream-sim", "explain", "check"])
  func `every command explains itself`(_ name: String) throws {
    let command = try Command(name, "--help")
    #expect(command.status == 0)
    #expect(command.output.hasPrefix("usage: holdfast \(name) "))
    #expect(command.errors.isEmpty)
  }

  @Test func `a pipe that nobody reads is told instead of waited for`() throws {
    let directory = try TemporaryDirectory()
    let pipe = directory.path + "/pipe"
    try #require(mkfifo(pipe, 0o600) == 0)
    let command = try Command(
      "--listen", "127.0.0.1:0", "--upstream", "http://127.0.0.1:1", "--no-tui", "--no-config",
      "--ndjson", pipe)
    #expect(command.status == 1)
    #expect(command.errors.contains("\(pipe): No such device or address"))
  }

  @Test func `the help fits into eighty columns`() throws {
    let command = try Command("--help")
    #expect(command.status == 0)
    #expect(command.output.split(separator: "\n").allSatisfy { $0.count <= 80 })
  }

  @Test func `the version is one line`() throws {
    let command = try Command("--version")
    #expect(command.status == 0)
    #expect(command.output.hasPrefix("holdfast "))
    #expect(command.output.split(separator: "\n").count == 1)
  }

  @Test func `a port in use is told with its address and status 1`() throws {
    try withSimulator { simulator in
      let taken = "\(simulator.address)"
      for arguments in [
        ["--listen", taken, "--upstream", "http://127.0.0.1:1", "--no-tui"],
        ["demo", "--listen", taken, "--no-tui"], ["upstream-sim", "--listen", taken],
      ] {
        let command = try Command(arguments)
        #expect(command.status == 1)
        #expect(command.output.isEmpty)
        #expect(command.errors.contains(taken))
        #expect(command.errors.contains("in use"))
      }
    }
  }

  @Test func `a file that cannot be written ends the start with status 1`() throws {
    let command = try Command(
      "--listen", "127.0.0.1:0", "--upstream", "http://127.0.0.1:1", "--no-tui", "--ndjson",
      "/nowhere/at/all")
    #expect(command.status == 1)
    #expect(command.errors.contains("/nowhere/at/all"))
  }
}
