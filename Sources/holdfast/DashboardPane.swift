import CSystem
import Dashboard
import EventLoop
import Glibc
import Prefix
import Reports
import Synchronization
import Terminal
import Turns
import Upstream

/// The dashboard beside the proxy: one ring towards it, one ring of commands back.
final class DashboardPane: Sendable {
  private let events = EventRing<TurnEvent>(capacity: 4096, backlog: 1024)
  private let commands: EventRing<ProxyCommand>
  private let wakeLoop: @Sendable () -> Void
  private let outcome = Outcome()
  private let thread: DashboardThread
  private let archive: ArchiveReader?

  /// - Parameters:
  ///   - color: auto, always or never.
  ///   - ledger: path of the file that earlier turns are read from.
  ///   - load: how busy the proxy is; called from the dashboard's thread.
  ///   - wakeLoop: called from the dashboard's thread when a command waits or it has ended.
  init(
    _ dashboard: DashboardOptions, color: String, ledger: String? = nil,
    load: @escaping @Sendable () -> ProxyLoad? = { nil },
    wakeLoop: @escaping @Sendable () -> Void
  ) throws(TerminalError) {
    let commands = EventRing<ProxyCommand>(capacity: 64)
    self.commands = commands
    self.wakeLoop = wakeLoop
    let colors: ColorChoice =
      switch color {
      case "always": .always
      case "never": .never
      default: .auto
      }
    let outcome = outcome
    let archive = ledger.map { ArchiveReader(path: $0, prices: dashboard.prices) }
    self.archive = archive
    thread = DashboardThread(
      ring: events,
      options: TerminalOptions(dashboard: dashboard, colors: colors) { Loop.wallMillis() },
      hooks: DashboardThread.Hooks(
        send: { command in
          _ = commands.push(command)
          wakeLoop()
        },
        save: { EvidenceFile.save($0) },
        read: { archive?.ask($0) },
        load: load,
        roomForMore: wakeLoop,
        finished: { reason, errors in
          outcome.value.withLock { $0 = (reason, errors) }
          wakeLoop()
        }))
    let thread = thread
    do {
      try archive?.start { thread.deliver($0) }
    } catch {
      throw TerminalError.loopFailed("\(error)")
    }
    try thread.start()
  }

  private final class Outcome: Sendable {
    let value = Mutex<(reason: LeaveReason, errors: String)?>(nil)
  }

  /// Loop thread only.
  func publish(_ event: TurnEvent) {
    if events.push(event) { thread.wake() }
  }

  /// Loop thread only: hands on what did not fit before.
  func flush() {
    if events.hasBacklog, events.flush() { thread.wake() }
  }

  /// Loop thread only: events that were lost on their way here.
  func noteLost(_ count: Int) {
    events.noteDropped(count)
    thread.wake()
  }

  /// Other prices: for turns that end from now on, and for all that is read from the ledger.
  func follow(_ prices: PriceTable) {
    archive?.prices = prices
    thread.follow(prices)
  }

  /// From any thread.
  var droppedCount: Int { events.droppedCount }

  func nextCommand() -> ProxyCommand? { commands.pop() }

  /// Why the dashboard ended, once; nil while it runs.
  func takeOutcome() -> (reason: LeaveReason, errors: String)? {
    outcome.value.withLock { value in
      defer { value = nil }
      return value
    }
  }

  /// Restores the terminal.
  /// - Returns: false if the terminal takes nothing any more, so that nothing else may be written
  ///   to it.
  func stop() -> Bool {
    archive?.stop()
    thread.stop()
    return thread.join()
  }
}

/// Writes what `w` saves: a new file in the working directory, readable by its owner only.
enum EvidenceFile {
  static func save(_ request: SaveRequest) -> SaveOutcome {
    let name: String
    let text: String
    switch request {
    case .turn(let record):
      name = "holdfast-\(record.session)-turn\(record.turn)"
      text = EvidenceText.text(record, time: EventLine.clock(record.startedAt))
    case .table(let title, let table):
      name = "holdfast-\(title)"
      text = table
    }
    for number in 0..<1000 {
      let path = number == 0 ? "\(name).txt" : "\(name)-\(number).txt"
      let file = csystem_open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
      if file < 0, errno == EEXIST { continue }
      guard file >= 0 else { return .failed(reason: String(cString: strerror(errno))) }
      defer { close(file) }
      var text = text
      if let code = text.withUTF8({ writeAll(UnsafeRawBufferPointer($0), to: file) }) {
        // Half a record says less than none.
        unlink(path)
        return .failed(reason: String(cString: strerror(code)))
      }
      return .written(path: path)
    }
    return .failed(reason: "there are too many files called \(name)")
  }
}
