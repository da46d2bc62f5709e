import EventLoop
import Glibc

/// A program that has the terminal while the proxy works beside it. It stays in the proxy's process
/// group: the keys that end or stop a job reach it as if it had been started alone, and the shell
/// sees one job, whether or not there is a terminal at all.
final class ChildCommand {
  enum Fault: Error {
    case notFound(String)
    case notStarted(String, code: Int32)
  }

  /// 0 before it is started.
  private var process: pid_t = 0
  private var isOver = false
  private var watches: [SignalWatch] = []
  private let ended: (Int32) -> Void

  /// - Parameters:
  ///   - words: the program, looked for in PATH, and its arguments.
  ///   - environment: variables to set, besides those of this process.
  ///   - ended: called once, with the status a shell would report: 128 and the signal, if one ended
  ///     it.
  init(
    loop: Loop, _ words: [String], environment: [(name: String, value: String)],
    _ ended: @escaping (Int32) -> Void
  ) throws {
    self.ended = ended
    // Before the command runs: what it says may be answered with a signal at once.
    watches = [
      try SignalWatch(loop: loop, signal: SIGCHLD) { [unowned self] in look() },
      // The terminal sends these to the command, too, which decides what they mean.
      try SignalWatch(loop: loop, signal: SIGINT) {},
      try SignalWatch(loop: loop, signal: SIGQUIT) {},
      try SignalWatch(loop: loop, signal: SIGTERM) { [unowned self] in forward(SIGTERM) },
      try SignalWatch(loop: loop, signal: SIGHUP) { [unowned self] in forward(SIGHUP) },
      try SignalWatch(loop: loop, signal: SIGCONT) { [unowned self] in forward(SIGCONT) },
    ]
    do throws(Fault) {
      process = try Self.spawn(words, environment)
    } catch {
      close()
      throw error
    }
  }

  /// Asks the command to end.
  func terminate() { forward(SIGTERM) }

  func close() {
    for watch in watches { watch.close() }
    watches = []
  }

  private func forward(_ signal: Int32) {
    if process > 0, !isOver { kill(process, signal) }
  }

  private func look() {
    var raw: Int32 = 0
    while process > 0, !isOver, waitpid(process, &raw, WNOHANG | WUNTRACED) == process {
      if raw & 0xFF == 0x7F {
        // A command that stopped itself alone: its job is this process, which the shell watches.
        kill(getpid(), SIGTSTP)
      } else {
        isOver = true
        ended(raw & 0x7F == 0 ? (raw >> 8) & 0xFF : 128 + (raw & 0x7F))
      }
    }
  }

  /// Starts a program with the descriptors of this process and the signals as they are by default.
  /// - Returns: its process id.
  static func spawn(
    _ words: [String], _ environment: [(name: String, value: String)] = []
  ) throws(Fault) -> pid_t {
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    // Ignored by this process, and that would be inherited.
    var defaults = sigset_t()
    sigemptyset(&defaults)
    sigaddset(&defaults, SIGPIPE)
    posix_spawnattr_setsigdefault(&attributes, &defaults)
    var mask = sigset_t()
    sigemptyset(&mask)
    posix_spawnattr_setsigmask(&attributes, &mask)
    posix_spawnattr_setflags(
      &attributes, Int16(POSIX_SPAWN_SETSIGDEF) | Int16(POSIX_SPAWN_SETSIGMASK))
    var arguments = words.map { strdup($0) } + [nil]
    var variables = Self.variables(environment).map { strdup($0) } + [nil]
    defer { for text in arguments + variables { free(text) } }
    var process = pid_t()
    let code = posix_spawnp(&process, words.first ?? "", nil, &attributes, &arguments, &variables)
    switch code {
    case 0: return process
    case ENOENT: throw .notFound(words.first ?? "")
    default: throw .notStarted(words.first ?? "", code: code)
    }
  }

  private static func variables(_ changes: [(name: String, value: String)]) -> [String] {
    var kept: [String] = []
    var next = environ
    while let entry = next.pointee {
      let text = String(cString: entry)
      let name = text.prefix { $0 != "=" }
      if !changes.contains(where: { $0.name == name }) { kept.append(text) }
      next += 1
    }
    return kept + changes.map { "\($0.name)=\($0.value)" }
  }
}

extension ChildCommand.Fault {
  /// What a shell would report.
  var status: Int32 {
    switch self {
    case .notFound: 127
    case .notStarted: 126
    }
  }

  var text: String {
    switch self {
    case .notFound(let name): "\(name): there is no such program"
    case .notStarted(let name, let code): "\(name): \(String(cString: strerror(code)))"
    }
  }
}
