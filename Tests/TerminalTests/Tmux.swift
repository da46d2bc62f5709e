import Glibc
import Testing

/// A private tmux server with one window that runs the replay. Everything about it is random or made
/// here: no test sees another one's server, and nobody's own sessions are touched.
final class Tmux {
  static let isAvailable = Shell.run("tmux -V 2>/dev/null").hasPrefix("tmux")

  private let socket: String
  let commands: String
  private let replay: String

  init() throws {
    let name = (0..<4).map { _ in String(UInt16.random(in: 0...UInt16.max), radix: 16) }.joined()
    socket = "holdfast-test-\(name)"
    commands = "/tmp/\(socket).fifo"
    try #require(mkfifo(commands, 0o600) == 0)
    replay = Shell.folderOfThisProcess + "/dashboard-replay"
  }

  deinit {
    tmux("kill-server 2>/dev/null")
    unlink(commands)
  }

  /// Starts the replay; `then` runs in the same shell after it has ended.
  func start(
    columns: Int = 120, rows: Int = 35, options: String = "", environment: String = "",
    before: String = ":", then: String = "echo status $?; stty -a; cat"
  ) {
    let run =
      "env LC_ALL=C.UTF-8 TZ=UTC \(environment) \(replay) run --commands \(commands) \(options)"
    tmux(
      "new-session -d -s t -x \(columns) -y \(rows) "
        + Shell.quoted("\(before); \(run); \(then)"))
  }

  @discardableResult
  func tmux(_ arguments: String) -> String {
    Shell.run("unset TMUX; tmux -L \(socket) -f /dev/null \(arguments)")
  }

  func keys(_ keys: String) { tmux("send-keys -t t \(keys)") }

  func resize(_ columns: Int, _ rows: Int) { tmux("resize-window -t t -x \(columns) -y \(rows)") }

  /// What is on the screen.
  func capture(escapes: Bool = false) -> String {
    tmux("capture-pane -p \(escapes ? "-e" : "") -t t")
  }

  func lines() -> [String] {
    capture().split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
  }

  /// A tmux format, `#{cursor_flag}`.
  func value(_ format: String) -> String {
    tmux("display-message -p -t t '\(format)'").filter { !$0.isNewline }
  }

  /// One command for the replay.
  func command(_ line: String) {
    Shell.run("printf '%s\\n' \(Shell.quoted(line)) > \(commands)")
  }

  /// Waits until `text` is on the screen, at most ten seconds.
  @discardableResult
  func wait(_ text: String, sourceLocation: SourceLocation = #_sourceLocation) -> Bool {
    wait("the text \(text)", sourceLocation: sourceLocation) { self.capture().contains(text) }
  }

  @discardableResult
  func wait(
    _ what: String, sourceLocation: SourceLocation = #_sourceLocation, _ test: () -> Bool
  ) -> Bool {
    for _ in 0..<400 {
      if test() { return true }
      usleep(25_000)
    }
    Issue.record("\(what) did not come:\n\(capture())", sourceLocation: sourceLocation)
    return false
  }

  /// Process id of the replay, once it runs.
  func replayProcess() -> Int? {
    // The kernel keeps fifteen characters of a name.
    Int(Shell.run("pgrep -x dashboard-repla -P \(value("#{pane_pid}"))").filter { !$0.isNewline })
  }
}

/// Runs a shell command and returns what it prints.
enum Shell {
  @discardableResult
  static func run(_ command: String) -> String {
    guard let pipe = popen(command, "r") else { return "" }
    defer { pclose(pipe) }
    var out: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 8_192)
    while true {
      let count = fread(&part, 1, part.count, pipe)
      if count == 0 { break }
      out += part.prefix(count)
    }
    return String(decoding: out, as: UTF8.self)
  }

  static func quoted(_ text: String) -> String {
    "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''")
      + "'"
  }

  static let folderOfThisProcess: String = {
    var bytes = [CChar](repeating: 0, count: 4_096)
    let count = readlink("/proc/self/exe", &bytes, bytes.count)
    let path = String(
      decoding: bytes.prefix(max(0, count)).map(UInt8.init(bitPattern:)), as: UTF8.self)
    return String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
  }()
}
