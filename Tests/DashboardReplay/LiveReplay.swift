import Dashboard
import DashboardFixtures
import Glibc
import Prefix
import Synchronization
import Terminal
import Turns

/// Runs the dashboard's thread on the terminal; the main thread is the producer and obeys lines from
/// a named pipe: `turn`, `break`, `evict`, `down`, `up`, `load PER_SECOND SECONDS`, `noise TEXT`,
/// `hostile`, `crowd SESSIONS TURNS`, `done FILE`, `crash`, `stop`.
final class LiveReplay: Sendable {
  private let ring = EventRing<TurnEvent>()
  private let thread: DashboardThread
  private let shared = Outcome()
  private let arguments: [String]

  init(arguments: [String]) {
    self.arguments = arguments
    let ring = ring
    let outcome = shared
    let archive = Archive()
    var options = Story.options(
      ascii: arguments.contains("--ascii") || !TerminalDevice.isUnicode,
      readOnly: arguments.contains("--read-only"), canPin: !arguments.contains("--measure-only"))
    options.listenAddress = "127.0.0.1:8089"
    thread = DashboardThread(
      ring: ring,
      options: TerminalOptions(
        dashboard: options, colors: arguments.contains("--no-color") ? .never : .auto,
        now: { Story.now }),
      hooks: DashboardThread.Hooks(
        send: { Outcome.log("command \($0)") },
        save: { _ in .written(path: "/tmp/evidence.txt") },
        read: { archive.answer($0) },
        finished: { reason, errors in outcome.set(reason, errors) }))
    archive.serve(thread)
  }

  /// The story's ledger, which answers at once.
  private final class Archive: Sendable {
    private let thread = Mutex<DashboardThread?>(nil)

    func serve(_ thread: DashboardThread) { self.thread.withLock { $0 = thread } }

    func answer(_ request: ArchiveRequest) {
      thread.withLock { $0 }?.deliver(Story.answer(request))
    }
  }

  func run() {
    guard TerminalDevice.isUsable else {
      print("line mode")
      return
    }
    let before = sharedDescriptorFlags()
    if !arguments.contains("--empty") { Story.events().forEach(push) }
    do {
      try thread.start()
    } catch {
      print("no dashboard: \(error)")
      return
    }
    obeyCommands()
    guard thread.join() else { _exit(3) }
    let (reason, errors) = shared.value
    print("left: \(reason)")
    if !errors.isEmpty { print("standard error: \(errors)") }
    print("flags \(before == sharedDescriptorFlags() ? "unchanged" : "CHANGED")")
  }

  private func sharedDescriptorFlags() -> Int32 { fcntl(0, F_GETFL, 0) }

  private func push(_ event: TurnEvent) {
    if ring.push(event) { thread.wake() }
  }

  private func obeyCommands() {
    guard let flag = arguments.firstIndex(of: "--commands"), flag + 1 < arguments.count else {
      return
    }
    var turn = 47
    var isStopping = false
    while !shared.isSet && !isStopping {
      // Opened again and again: each writer closes it.
      let file = open(arguments[flag + 1], O_RDONLY | O_NONBLOCK)
      guard file >= 0 else { return }
      defer { close(file) }
      var watched = pollfd(fd: file, events: Int16(POLLIN), revents: 0)
      while !shared.isSet && !isStopping {
        if ring.hasBacklog, ring.flush() { thread.wake() }
        guard poll(&watched, 1, 50) > 0 else { continue }
        var bytes = [UInt8](repeating: 0, count: 1_000)
        let count = read(file, &bytes, bytes.count)
        if count <= 0 { break }
        for line in String(decoding: bytes.prefix(count), as: UTF8.self).split(separator: "\n") {
          obey(line.split(separator: " ").map(String.init), &turn, &isStopping)
        }
      }
    }
  }

  private func obey(_ words: [String], _ turn: inout Int, _ isStopping: inout Bool) {
    switch words.first {
    case "turn", "break":
      turn += 1
      Story.whole(Story.claude, turn, secondsAgo: 0, broke: words[0] == "break").forEach(push)
    case "evict": push(.sessionEvicted(Story.claude))
    case "down": push(Story.upstreamDown(since: Story.now - 41_000))
    case "up": push(Story.upstreamUp)
    case "noise":
      var text = words.dropFirst().joined(separator: " ") + "\n"
      text.withUTF8 { _ = write(2, $0.baseAddress, $0.count) }
    case "hostile":
      turn += 1
      var record = Story.held(turn: turn, at: Story.now)
      record.agent = "\u{1b}]52;c;aGk=\u{7}"
      record.model = "\u{1b}[2J\u{202e}evil"
      record.failure = "\u{9b}31m\r\nline"
      push(.finished(record))
    case "load":
      guard words.count > 2, let rate = Int(words[1]), let seconds = Int(words[2]) else { return }
      for _ in 0..<(rate * seconds) {
        turn += 1
        Story.whole(Story.claude, turn, secondsAgo: 0).forEach(push)
        usleep(UInt32(1_000_000 / rate))
      }
    case "crowd":
      guard words.count > 2, let sessions = Int(words[1]), let turns = Int(words[2]) else { return }
      for turn in 1...turns {
        for session in 1...sessions {
          push(.finished(Story.plain(SessionID(raw: UInt32(session)), turn)))
          // Nothing may be lost: the ring is given time.
          while ring.hasBacklog {
            if ring.flush() { thread.wake() }
            usleep(200)
          }
        }
      }
    case "done":
      guard words.count > 1 else { return }
      close(open(words[1], O_WRONLY | O_CREAT, 0o600))
    case "crash": fatalError("crash asked for")
    case "stop":
      thread.stop()
      isStopping = true
    default: break
    }
  }
}

/// What the hooks leave behind for the main thread.
final class Outcome: Sendable {
  private let state = Mutex<(LeaveReason, String)?>(nil)

  var isSet: Bool { state.withLock { $0 != nil } }
  var value: (LeaveReason, String) { state.withLock { $0 } ?? (.stopped, "") }

  func set(_ reason: LeaveReason, _ errors: String) { state.withLock { $0 = (reason, errors) } }

  /// Commands go where standard error goes: they are shown when the dashboard was left.
  static func log(_ text: String) {
    var line = text + "\n"
    line.withUTF8 { _ = write(2, $0.baseAddress, $0.count) }
  }
}
