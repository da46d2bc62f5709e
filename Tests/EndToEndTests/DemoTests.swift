import EventLoop
import Glibc
import TestSupport
import Testing

/// The demonstration plays by itself.
@Suite struct DemoTests {
  private static let fast = ["--no-tui", "--listen", "127.0.0.1:0", "--prefill-speed", "1000000"]

  @Test func `it shows turns of several agents and the scripted changes`() throws {
    let demo = try HoldfastProcess(["demo", "--pace", "50"] + Self.fast)
    let test = try TestLoop()
    let wanted = [
      "MUTATION at system[0]", "billing line changed", "timestamp changed",
      "re-rendered, no effect", "side call",
    ]
    #expect(test.run { wanted.allSatisfy { demo.standardOutput.contains($0) } })
    let sessions = Set(
      demo.lines.dropFirst(4).compactMap { $0.split(separator: " ").dropFirst().first })
    #expect(sessions.count >= 4)
    demo.send(signal: SIGTERM)
    #expect(test.run { demo.exitStatus() != nil })
    #expect(demo.exitStatus() == 0)
    #expect(demo.standardError.isEmpty)
    try test.loop.close()
  }

  @Test func `it ends by itself after the turns that were asked for`() throws {
    let demo = try HoldfastProcess(["demo", "--turns", "3", "--pace", "50"] + Self.fast)
    let test = try TestLoop()
    #expect(test.run { demo.standardOutput.contains(" turn 3 ") })
    #expect(test.run { demo.exitStatus() != nil })
    #expect(demo.exitStatus() == 0)
    try test.loop.close()
  }

  @Test func `it prints where agents can be pointed at it`() throws {
    let demo = try HoldfastProcess(["demo"] + Self.fast)
    let test = try TestLoop()
    #expect(test.run { demo.lines.count >= 4 })
    let address = try #require(demo.address)
    #expect(demo.lines.contains("  export OPENAI_BASE_URL=http://\(address)/v1"))
    #expect(demo.lines.contains("  export ANTHROPIC_BASE_URL=http://\(address)"))
    try test.loop.close()
  }
}
