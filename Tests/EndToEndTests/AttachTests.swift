import EventLoop
import Glibc
import TestSupport
import Testing

/// The dashboard in a process of its own.
@Suite struct AttachTests {
  private static func demo(_ path: String) throws -> HoldfastProcess {
    try HoldfastProcess([
      "demo", "--listen", "127.0.0.1:0", "--no-tui", "--pace", "20", "--control", path,
    ])
  }

  @Test func `it shows a proxy that runs without a terminal, and leaves it running`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.path + "/control.sock"
    let proxy = try Self.demo(path)
    let test = try TestLoop()
    #expect(test.run { proxy.standardOutput.contains("MUTATION") })
    let pane = try TerminalPane(["attach", path])
    let shown = try pane.screen { $0.contains("BREAK") }
    #expect(shown?.contains("sessions,") == true)
    try pane.send("q")
    #expect(try pane.screen { $0.contains("status 0") } != nil)
    #expect(proxy.exitStatus() == nil)
    try test.loop.close()
  }

  @Test func `it reads the ledger of the proxy, wherever both were started`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.path + "/control.sock"
    let ledger = directory.path + "/ledger.sqlite"
    let proxy = try HoldfastProcess([
      "demo", "--listen", "127.0.0.1:0", "--no-tui", "--pace", "20", "--control", path,
      "--ledger", ledger,
    ])
    let test = try TestLoop()
    #expect(
      test.run {
        proxy.standardOutput.contains("MUTATION")
          && (try? Command("sessions", "--ledger", ledger))?.status == 0
      })
    let pane = try TerminalPane(["attach", path])
    #expect(try pane.screen { $0.contains("BREAK") } != nil)
    try pane.send("o")
    #expect(try pane.screen { $0.contains("stored sessions") && $0.contains("1 of ") } != nil)
    try pane.send("Enter")
    #expect(try pane.screen { $0.contains("turns 1-") } != nil)
    try test.loop.close()
  }

  @Test func `its keys change what the proxy does`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.path + "/control.sock"
    let proxy = try Self.demo(path)
    let test = try TestLoop()
    #expect(test.run { proxy.standardOutput.contains("turn 1") })
    let pane = try TerminalPane(["attach", path])
    #expect(try pane.screen { $0.contains("kept") } != nil)
    try pane.send("P")
    #expect(try pane.screen { $0.contains("pin all") } != nil)
    try pane.send("y")
    #expect(try pane.screen { $0.contains(" hold ") } != nil)
    #expect(test.run { proxy.standardOutput.contains("HELD") })
    try test.loop.close()
  }

  @Test func `it says when the proxy ends`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.path + "/control.sock"
    let proxy = try Self.demo(path)
    let test = try TestLoop()
    #expect(test.run { access(path, F_OK) == 0 })
    let waiting = try TerminalPane(["attach", path])
    let leaving = try TerminalPane(["attach", "--no-wait", path])
    for pane in [waiting, leaving] {
      #expect(try pane.screen { $0.contains("q quit") } != nil)
    }
    proxy.send(signal: SIGTERM)
    #expect(try waiting.screen { $0.contains("has ended; waiting") } != nil)
    #expect(try leaving.screen { $0.contains("status 0") && $0.contains("has ended") } != nil)
    try test.loop.close()
  }

  @Test func `without a terminal it prints a line for each turn`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.path + "/control.sock"
    let proxy = try Self.demo(path)
    let test = try TestLoop()
    #expect(test.run { access(path, F_OK) == 0 })
    let reader = try HoldfastProcess(["attach", path])
    #expect(test.run { reader.standardOutput.contains("prefix preserved") })
    reader.send(signal: SIGTERM)
    #expect(test.run { reader.exitStatus() != nil })
    #expect(reader.exitStatus() == 0)
    #expect(proxy.exitStatus() == nil)
    try test.loop.close()
  }

  @Test func `with several proxies it lists them, with none it says so`() throws {
    let runtime = try TemporaryDirectory()
    let environment = ["XDG_RUNTIME_DIR=\(runtime.path)"]
    let test = try TestLoop()
    func attach() throws -> HoldfastProcess {
      let process = try HoldfastProcess(["attach"], environment: environment)
      #expect(test.run { process.exitStatus() != nil })
      return process
    }
    let alone = try attach()
    #expect(alone.exitStatus() == 1)
    #expect(alone.standardError.contains("no proxy runs here"))
    let proxies = try (0..<2).map { _ in
      try HoldfastProcess(
        ["--upstream", "http://127.0.0.1:9", "--listen", "127.0.0.1:0", "--no-tui", "--no-ledger"],
        environment: environment)
    }
    #expect(test.run { proxies.allSatisfy { $0.address != nil } })
    let several = try attach()
    #expect(several.exitStatus() == 2)
    for proxy in proxies {
      #expect(several.standardError.contains("/\(proxy.address?.port ?? 0).sock"))
    }
    try test.loop.close()
  }

  @Test func `a path where nobody answers is told`() throws {
    let run = try Command("attach", "/nonexistent/control.sock")
    #expect(run.status == 1)
    #expect(run.errors.contains("no proxy answers"))
  }
}
