import EventLoop
import TestSupport
import Testing

/// A terminal of 80 columns and 24 lines in a tmux server of its own, running the program.
final class TerminalPane {
  static let tmux = "/usr/bin/tmux"
  private let socket: TemporaryFile
  /// Where the program puts its control socket.
  private let runtime: TemporaryDirectory
  private let test: TestLoop

  /// - Parameters:
  ///   - arguments: of the program; no blanks or quotes in them.
  ///   - directory: where it runs.
  init(_ arguments: [String], in directory: String = "/tmp") throws {
    socket = try TemporaryFile()
    runtime = try TemporaryDirectory()
    test = try TestLoop()
    let program = ([HoldfastProcess.path] + arguments).joined(separator: " ")
    // What the program leaves behind stays to be read, and its status with it.
    _ = try run([
      "-f", "/dev/null", "new-session", "-d", "-x", "80", "-y", "24", "-c", directory,
      "\(program); echo status $?; read wait",
    ])
  }

  /// The terminal goes away under the program.
  func close() throws { _ = try run(["kill-server"]) }

  deinit {
    _ = try? run(["kill-server"])
    try? test.loop.close()
  }

  func send(_ keys: String...) throws { _ = try run(["send-keys"] + keys) }

  /// The screen once it fits; nil if it never did.
  /// - Parameter pane: one that the program opened, counted from 1; 0 is its own.
  func screen(of pane: Int = 0, where holds: (String) -> Bool) throws -> String? {
    let end = Loop.monotonicNanos() + 15_000_000_000
    while Loop.monotonicNanos() < end {
      let text = try run(["capture-pane", "-p", "-t", ":.\(pane)"])
      if holds(text) { return text }
    }
    return nil
  }

  /// What tmux knows, `#{cursor_flag}`.
  func value(_ format: String) throws -> String {
    try run(["display-message", "-p", format]).filter { !$0.isNewline }
  }

  /// The program's process, the only child of the pane's shell; nil if it has ended.
  func program() throws -> Int32? {
    let shell = try run(["list-panes", "-F", "#{pane_pid}"]).filter(\.isNumber)
    let children = readText("/proc/\(shell)/task/\(shell)/children") ?? ""
    return children.split(separator: " ").first.flatMap { Int32($0) }
  }

  /// Whether there come to be so many panes.
  func has(panes count: Int) throws -> Bool {
    let end = Loop.monotonicNanos() + 15_000_000_000
    while Loop.monotonicNanos() < end {
      if try run(["list-panes"]).split(separator: "\n").count == count { return true }
    }
    return false
  }

  private func run(_ arguments: [String]) throws -> String {
    let command = try HoldfastProcess(
      ["-S", socket.path] + arguments, program: Self.tmux,
      environment: ["XDG_RUNTIME_DIR=\(runtime.path)"])
    try #require(test.run { command.exitStatus() != nil }, "tmux does not end")
    return command.standardOutput
  }
}
