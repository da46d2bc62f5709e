import EventLoop
import Glibc
import Settings

let version = "0.1.0"

/// Reads the command line and runs what it asks for; ends the process with the fitting status.
func runHoldfast() -> Never {
  openStandardDescriptors()
  prepareSignals()
  setlocale(LC_ALL, "")
  var line = ParsedCommandLine(command: .proxy, values: [:])
  do throws(UsageError) {
    line = try ParsedCommandLine.parse(Array(CommandLine.arguments.dropFirst()))
    if line.has("help") {
      Console.print(HelpText.text(for: line.command), terminator: "")
      exit(0)
    }
    if line.has("version") {
      Console.print("holdfast \(version)")
      exit(0)
    }
    if line.has("print-default-config") {
      Console.print(ConfigText.standardFile, terminator: "")
      exit(0)
    }
    let given = line
    line = try ConfigFiles.current.fill(line)
    if line.has("print-config") {
      Console.print(ConfigText.inForce(line))
      exit(0)
    }
    switch line.command {
    case .proxy, .demo, .run: break
    default: HangUpWatch.accept()
    }
    switch line.command {
    case .proxy, .demo, .run:
      // Half of libuv's threads look names up, and one is held as long as its name server is silent.
      setenv("UV_THREADPOOL_SIZE", "8", 0)
      leave(serve(try ServeOptions(line), Reload(given: given, filled: line)))
    case .attach: exit(attach(try AttachOptions(line)))
    case .bench:
      exit(bench(turns: try line.integer("turns", in: 2...1000, default: 50)))
    case .explain, .check: exit(explain(try ExplainOptions(line)))
    case .upstreamSim: exit(simulate(try SimulateOptions(line)))
    case .cache: exit(cache(try CacheOptions(line)))
    case .stats, .sessions, .show: exit(stats(try StatsOptions(line)))
    }
  } catch {
    Console.error("holdfast: \(error.located(in: line))")
    exit(2)
  }
}

/// At `exit` libuv waits for look-ups that are under way, which may take half a minute.
private func leave(_ status: Int32) -> Never {
  guard Resolver.isBusy else { exit(status) }
  fflush(nil)
  _exit(status)
}

/// A parent may have closed some of them, and the next file or socket would take the place: what is
/// printed would go there.
private func openStandardDescriptors() {
  for descriptor in 0...2 where fcntl(Int32(descriptor), F_GETFD) < 0 {
    // The lowest one that is free is this one.
    _ = open("/dev/null", O_RDWR)
  }
}

private func prepareSignals() {
  HangUpWatch.noteTerminal()
  // A parent may have blocked signals, and a mask is inherited: SIGTERM would never arrive.
  var held = sigset_t()
  sigemptyset(&held)
  // A proxy that still starts would be ended by it; `HangUpWatch.accept` lets it in.
  sigaddset(&held, SIGHUP)
  sigprocmask(SIG_SETMASK, &held, nil)
  signal(SIGPIPE, SIG_IGN)
  // A file that may not grow is an error of the write.
  signal(SIGXFSZ, SIG_IGN)
}

/// The process's own output, by descriptor: Swift's `print` would buffer and ignore errors.
enum Console {
  static func print(_ text: String, terminator: String = "\n") { _ = write(text + terminator, 1) }

  static func error(_ text: String) { _ = write(text + "\n", 2) }

  /// For the end of a process, which a terminal that is held must not hold up.
  static func last(_ text: String, _ descriptor: Int32 = 1) {
    var lines = WaitingLines(descriptor: descriptor)
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      lines.append(String(line))
    }
    if lines.wait(millis: 1_000) { _ = lines.write() }
  }

  /// - Returns: false if the descriptor does not take text any more.
  static func write(_ text: String, _ descriptor: Int32) -> Bool {
    var text = text
    return text.withUTF8 { writeAll(UnsafeRawBufferPointer($0), to: descriptor) == nil }
  }
}

/// Writes everything, waiting where the descriptor makes it wait.
/// - Returns: the error number, or nil.
func writeAll(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> Int32? {
  var rest = bytes
  while let start = rest.baseAddress, rest.count > 0 {
    let written = Glibc.write(descriptor, start, rest.count)
    if written < 0 {
      if errno == EINTR { continue }
      if errno == EAGAIN {
        var watch = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        _ = poll(&watch, 1, -1)
        continue
      }
      return errno
    }
    rest = UnsafeRawBufferPointer(rebasing: rest[written...])
  }
  return nil
}
