import CPseudoTerminal
import Glibc
import Testing

/// The replay on a pseudo terminal of its own, whose other end is this process: it sees every byte,
/// may stop reading, and may go away.
final class PseudoTerminal {
  private var primary: Int32
  private(set) var process: pid_t = 0
  let commands: String
  /// What was read so far.
  private(set) var bytes: [UInt8] = []
  /// Reads that began after a silence: about one for each frame.
  private(set) var bursts = 0
  private var lastRead: UInt64 = 0
  /// POSIX_SPAWN_SETSID, which the module map leaves out.
  private static let newSession: Int16 = 0x80
  private static let silenceNanos: UInt64 = 15_000_000

  init(columns: Int = 120, rows: Int = 35, options: String = "", prefix: String = "") throws {
    let name = (0..<4).map { _ in String(UInt16.random(in: 0...UInt16.max), radix: 16) }.joined()
    commands = "/tmp/holdfast-pty-\(name).fifo"
    try #require(mkfifo(commands, 0o600) == 0)
    primary = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
    try #require(primary >= 0 && cpty_unlock(primary) == 0)
    try #require(cpty_resize(primary, UInt16(rows), UInt16(columns)) == 0)
    let secondary = "/dev/pts/\(cpty_number(primary))"
    try spawn(
      secondary,
      "\(prefix) exec env PATH=/usr/bin:/bin TERM=xterm-256color LC_ALL=C.UTF-8 TZ=UTC "
        + "\(Shell.folderOfThisProcess)/dashboard-replay run --commands \(commands) \(options)")
  }

  deinit {
    if process > 0 {
      kill(process, SIGKILL)
      waitpid(process, nil, 0)
    }
    if primary >= 0 { close(primary) }
    unlink(commands)
  }

  private func spawn(_ secondary: String, _ command: String) throws {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    // The first terminal that the leader of a session opens becomes the one that controls it.
    posix_spawn_file_actions_addopen(&actions, 0, secondary, O_RDWR, 0)
    posix_spawn_file_actions_adddup2(&actions, 0, 1)
    posix_spawn_file_actions_adddup2(&actions, 0, 2)
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    posix_spawnattr_setflags(&attributes, PseudoTerminal.newSession)
    defer {
      posix_spawn_file_actions_destroy(&actions)
      posix_spawnattr_destroy(&attributes)
    }
    let words = ["/bin/sh", "-c", command]
    var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
    defer { for argument in arguments { free(argument) } }
    try #require(
      posix_spawn(&process, "/bin/sh", &actions, &attributes, &arguments, nil) == 0)
  }

  var text: String { String(decoding: bytes, as: UTF8.self) }

  func forget() {
    bytes = []
    bursts = 0
  }

  func send(_ keys: String) {
    var keys = keys
    keys.withUTF8 { _ = write(primary, $0.baseAddress, $0.count) }
  }

  func command(_ line: String) {
    Shell.run("printf '%s\\n' \(Shell.quoted(line)) > \(commands)")
  }

  /// Reads until `test` holds or the other end is gone.
  /// - Returns: whether it came to hold within a minute.
  @discardableResult
  func read(until test: () -> Bool) -> Bool {
    for _ in 0..<6_000 {
      if test() { return true }
      var watched = pollfd(fd: primary, events: Int16(POLLIN), revents: 0)
      guard poll(&watched, 1, 10) > 0 else { continue }
      var part = [UInt8](repeating: 0, count: 65_536)
      let count = Glibc.read(primary, &part, part.count)
      // The kernel says EIO when nobody has the other end open any more.
      if count <= 0 { return test() }
      let now = Self.nanos
      if now - lastRead > Self.silenceNanos { bursts += 1 }
      lastRead = now
      bytes += part.prefix(count)
    }
    return false
  }

  /// Reads until nothing has come for half a second.
  func readUntilQuiet() {
    var count = -1
    var silent = 0
    read {
      silent = bytes.count == count ? silent + 1 : 0
      count = bytes.count
      return silent > 50
    }
  }

  /// Closes this end: the terminal goes away.
  func hangUp() {
    close(primary)
    primary = -1
  }

  /// Waits for the end of the process without reading; its exit status, or nil after a minute.
  func exitStatus() -> Int32? {
    for _ in 0..<6_000 {
      var status: Int32 = 0
      if waitpid(process, &status, WNOHANG) == process {
        process = 0
        return status & 0x7F == 0 ? (status >> 8) & 0xFF : 128 + (status & 0x7F)
      }
      usleep(10_000)
    }
    return nil
  }

  /// Nanoseconds that the thread of this name has spent on a processor.
  func processorTime(of thread: String) -> UInt64? {
    let text = Shell.run(
      "for t in /proc/\(process)/task/*; do [ \"$(cat $t/comm)\" = \(thread) ] && "
        + "cut -d' ' -f1 $t/schedstat; done")
    return UInt64(text.filter { !$0.isNewline })
  }

  static var nanos: UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }
}
