import EventLoop
import Glibc
import TestSupport
import Testing

/// Who may use the program, and what it keeps to itself.
@Suite struct TrustTests {
  private static let token = "correct-horse-battery"

  @Test func `a token in a file is asked for and shown nowhere`() throws {
    let file = try TemporaryFile("\(Self.token)\n")
    let scene = try Scene(options: ["--client-token", "@\(file.path)"])
    scene.answerAll(chatAnswer())
    let body = Prompts.chat(["hi"])
    #expect(try scene.call(scene.agent(), "/v1/chat/completions", body).status == 401)
    let known = try scene.call(
      scene.agent(), "/v1/chat/completions", body, "x-holdfast-token: \(Self.token)\r\n")
    #expect(known.status == 200)
    _ = try scene.turns(1)
    scene.proxy.send(signal: SIGTERM)
    _ = scene.exit()
    let told = scene.proxy.standardOutput + scene.proxy.standardError + scene.ndjson.text
    #expect(!told.contains(Self.token))
  }

  @Test(arguments: [
    ["--client-token", "short"], ["--client-token", "@/nowhere/at/all"],
    ["--client-token", "with a space in it"],
  ])
  func `a token that cannot be used ends the start and is not shown`(_ options: [String]) throws {
    let command = try Command(["--upstream", "http://127.0.0.1:1", "--no-tui"] + options)
    #expect(command.status == 2)
    #expect(command.errors.hasPrefix("holdfast: --client-token "))
    #expect(!command.errors.contains("with a space"))
  }

  @Test(arguments: [
    ("127.0.0.1:18089", "http://127.0.0.1:18089"), ("0.0.0.0:18089", "http://127.0.0.1:18089/v1"),
    ("127.0.0.1:18089", "http://localhost:18089"), ("[::]:18089", "http://[::1]:18089"),
  ])
  func `the own address is refused as an upstream`(_ listen: String, _ upstream: String) throws {
    let command = try Command("--listen", listen, "--upstream", upstream, "--no-tui")
    #expect(command.status == 2)
    #expect(command.errors.contains("its own upstream"))
  }

  @Test func `reading only and rewriting exclude each other`() throws {
    let command = try Command("--upstream", "http://127.0.0.1:1", "--read-only", "--pin")
    #expect(command.status == 2)
    #expect(command.errors.contains("--read-only"))
  }

  @Test func `no core file is ever written`() throws {
    let scene = try Scene()
    let limits = try #require(readText("/proc/\(scene.proxy.process)/limits"))
    let line = limits.split(separator: "\n").first { $0.hasPrefix("Max core file size") }
    let words = try #require(line).split(separator: " ").suffix(3)
    #expect(words.prefix(2) == ["0", "0"])
  }

  @Test func `a listener that others can reach warns unless it asks for a token`() throws {
    for (options, warns) in [([], true), (["--client-token", Self.token], false)] {
      let proxy = try HoldfastProcess(
        [
          "--listen", "0.0.0.0:0", "--upstream", "http://127.0.0.1:1", "--no-tui", "--no-ledger",
        ] + options)
      let test = try TestLoop()
      _ = test.run { proxy.standardOutput.contains("ANTHROPIC_BASE_URL") }
      proxy.send(signal: SIGTERM)
      _ = test.run { proxy.exitStatus() != nil }
      #expect(proxy.standardOutput.contains("others on the network can reach") == warns)
      try test.loop.close()
    }
  }
}
