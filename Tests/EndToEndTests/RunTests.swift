import EventLoop
import Glibc
import Simulator
import TestSupport
import Testing

/// A command with a proxy of its own.
@Suite struct RunTests {
  private static func run(_ script: String, _ options: [String] = []) throws -> Command {
    try Command(
      ["run", "--upstream", "http://127.0.0.1:9", "--no-ledger"] + options
        + ["--", "sh", "-c", script])
  }

  @Test func `the command finds the proxy in its environment`() throws {
    let run = try Self.run(
      #"echo "$OPENAI_BASE_URL|$OPENAI_API_BASE|$ANTHROPIC_BASE_URL|$ANTHROPIC_API_BASE""#)
    #expect(run.status == 0)
    let addresses = run.output.filter { $0 != "\n" }.split(separator: "|").map(String.init)
    try #require(addresses.count == 4)
    #expect(addresses[0].hasPrefix("http://127.0.0.1:"))
    #expect(addresses[0].hasSuffix("/v1"))
    #expect(addresses[1] == addresses[0])
    #expect(addresses[2] + "/v1" == addresses[0])
    #expect(addresses[3] == addresses[2])
    #expect(run.errors.contains(addresses[2]))
  }

  @Test func `its status is the command's`() throws {
    #expect(try Self.run("exit 7").status == 7)
  }

  @Test func `a signal that ended the command is passed on in the status`() throws {
    #expect(try Self.run("kill -KILL $$").status == 128 + SIGKILL)
  }

  @Test func `a program that is not there is told as a shell does`() throws {
    let run = try Command(
      "run", "--upstream", "http://127.0.0.1:9", "--no-ledger", "--", "/nonexistent/agent")
    #expect(run.status == 127)
    #expect(run.errors.contains("/nonexistent/agent: there is no such program"))
  }

  @Test func `options behind the command are the command's`() throws {
    let run = try Command(
      "run", "--upstream", "http://127.0.0.1:9", "--no-ledger", "echo", "--pin", "--help")
    #expect(run.status == 0)
    #expect(run.output == "--pin --help\n")
  }

  @Test func `the command gets its signals as they are by default`() throws {
    // A shell cannot trap a signal that was ignored when it started.
    let run = try Self.run("trap 'echo caught' INT PIPE; kill -INT $$; kill -PIPE $$")
    #expect(run.output == "caught\ncaught\n")
  }

  @Test func `a request to end goes to the command, which decides`() throws {
    let process = try HoldfastProcess([
      "run", "--upstream", "http://127.0.0.1:9", "--no-ledger", "--", "sh", "-c",
      "trap 'exit 6' TERM; echo ready; while :; do sleep 0.05; done",
    ])
    let test = try TestLoop()
    #expect(test.run { process.standardOutput.contains("ready") })
    process.send(signal: SIGTERM)
    #expect(test.run { process.exitStatus() != nil })
    #expect(process.exitStatus() == 6)
    try test.loop.close()
  }

  @Test func `turns go to a file that is named`() throws {
    try withSimulator { simulator in
      let runtime = try TemporaryDirectory()
      let script = #"""
        body=$1
        place=${ANTHROPIC_BASE_URL#http://}
        exec 3<>/dev/tcp/${place%:*}/${place#*:}
        printf 'POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nConnection: close\r\n' >&3
        printf 'Content-Length: %d\r\n\r\n%s' ${#body} "$body" >&3
        cat <&3 >/dev/null
        """#
      let process = try HoldfastProcess(
        [
          "run", "--upstream", "http://\(simulator.address)", "--no-ledger", "--", "bash", "-c",
          script, "bash", Prompts.chat(["hello"]),
        ], environment: ["XDG_RUNTIME_DIR=\(runtime.path)"])
      let test = try TestLoop()
      #expect(test.run { process.exitStatus() != nil })
      #expect(process.exitStatus() == 0)
      let name = try #require(
        TemporaryDirectory.names(in: runtime.path + "/holdfast").first { $0.hasSuffix(".log") })
      #expect(process.standardError.contains(name))
      #expect(readText("\(runtime.path)/holdfast/\(name)")?.contains("first turn") == true)
      try test.loop.close()
    }
  }

  @Test func `in tmux the dashboard opens beside the command and goes with it`() throws {
    let pane = try TerminalPane(["run", "--upstream", "http://127.0.0.1:9", "--no-ledger", "cat"])
    #expect(try pane.has(panes: 2))
    #expect(try pane.screen(of: 1) { $0.contains("q quit") } != nil)
    try pane.send("hello", "Enter")
    #expect(try pane.screen { $0.components("hello") >= 2 } != nil)
    try pane.send("C-c")
    #expect(try pane.screen { $0.contains("status 130") } != nil)
    #expect(try pane.has(panes: 1))
  }
}

extension String {
  /// How often `text` occurs.
  fileprivate func components(_ text: String) -> Int { ranges(of: text).count }
}
