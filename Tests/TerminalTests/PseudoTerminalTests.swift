import Glibc
import Testing

/// What the dashboard costs its terminal, and what a terminal can do to it.
@Suite(.serialized) struct PseudoTerminalTests {
  private func marker() -> String {
    "/tmp/holdfast-mark-\(UInt64.random(in: 0...UInt64.max))"
  }

  private func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

  @Test func `200 turns a second for 5 seconds cost the terminal less than 60 KB`() throws {
    let terminal = try PseudoTerminal(options: "--empty")
    terminal.read { terminal.text.contains("no sessions yet") }
    terminal.read { terminal.processorTime(of: "dashboard") != nil }
    let before = try #require(terminal.processorTime(of: "dashboard"))
    terminal.forget()
    let mark = marker()
    defer { unlink(mark) }
    terminal.command("load 200 5\ndone \(mark)")
    terminal.read { exists(mark) }
    let after = try #require(terminal.processorTime(of: "dashboard"))
    print(
      "200 turns/s: \(terminal.bytes.count) bytes, about \(terminal.bursts) frames, "
        + "\((after - before) / 1_000_000) ms of processor time")
    #expect(terminal.bytes.count < 60_000)
    #expect(terminal.bursts <= 105)
  }

  @Test func `a terminal that stops reading holds up nobody, and what it missed is counted`() throws
  {
    let terminal = try PseudoTerminal(options: "--empty")
    terminal.read { terminal.text.contains("no sessions yet") }
    let mark = marker()
    defer { unlink(mark) }
    terminal.command("load 1000 4\ndone \(mark)")
    // Not read meanwhile.
    for _ in 0..<6_000 where !exists(mark) { usleep(10_000) }
    #expect(exists(mark))
    terminal.command("turn")
    var came = false
    for _ in 0..<20 where !came {
      terminal.forget()
      // All of it anew: what is on the screen is not told by differences.
      terminal.send("\u{0C}")
      terminal.readUntilQuiet()
      came = terminal.text.contains("turn 4048") || terminal.text.contains("not shown live")
    }
    #expect(came, "\(terminal.text.suffix(2_000))")
  }

  @Test func `a terminal that takes nothing any more cannot keep the process`() throws {
    let terminal = try PseudoTerminal(columns: 250, rows: 80)
    terminal.read { terminal.text.contains("holdfast") }
    // Pictures that nobody reads, until the kernel takes no more of them.
    for _ in 0..<40 {
      terminal.send("\u{0C}")
      terminal.command("turn")
      usleep(60_000)
    }
    terminal.command("stop")
    #expect(terminal.exitStatus() == 3)
  }

  @Test func `a hang-up ends it even where the signal is ignored`() throws {
    let terminal = try PseudoTerminal(prefix: "trap '' HUP;")
    terminal.read { terminal.text.contains("holdfast") }
    terminal.hangUp()
    #expect(terminal.exitStatus() != nil)
  }

  @Test func `keys are echoed with 500 sessions of 200 turns`() throws {
    let terminal = try PseudoTerminal(options: "--empty")
    terminal.read { terminal.text.contains("no sessions yet") }
    let mark = marker()
    defer { unlink(mark) }
    terminal.command("crowd 500 200\ndone \(mark)")
    #expect(terminal.read { exists(mark) })
    terminal.forget()
    let start = PseudoTerminal.nanos
    terminal.send("4")
    #expect(terminal.read { terminal.text.contains("by session") })
    let echoMillis = (PseudoTerminal.nanos - start) / 1_000_000
    let memory = Shell.run("grep VmHWM /proc/\(terminal.process)/status")
    let kilobytes = Int(memory.filter(\.isNumber)) ?? .max
    print("500 sessions of 200 turns: echo after \(echoMillis) ms, \(kilobytes) KB at most")
    // Far more than it takes on a machine that has nothing else to do.
    #expect(echoMillis < 5_000)
    // Sanitizers keep freed memory and shadows of it.
    if getenv("HOLDFAST_SANITIZER") == nil { #expect(kilobytes < 256 * 1024) }
  }
}
