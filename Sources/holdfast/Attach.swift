import Control
import Dashboard
import EventLoop
import Glibc
import Prefix
import Settings
import Terminal
import TurnCoding
import Turns

/// What `holdfast attach` was asked to do.
struct AttachOptions {
  /// Nil: the only one there is.
  var socket: String?
  var noTUI: Bool
  /// Leave when the proxy ends, instead of waiting for it to come back.
  var noWait: Bool
  var readOnly: Bool
  var ascii: Bool
  var color: String

  init(_ line: ParsedCommandLine) throws(UsageError) {
    if line.arguments.count > 1 { throw .unexpectedArgument(line.arguments[1]) }
    socket = line.arguments.first
    noTUI = line.has("no-tui")
    noWait = line.has("no-wait")
    readOnly = line.has("read-only")
    ascii = line.has("ascii")
    color = try line.word("color", of: ["auto", "always", "never"], default: "auto")
  }
}

/// Shows a running proxy in this terminal; returns the process's exit status.
func attach(_ options: AttachOptions) -> Int32 {
  var path = options.socket ?? ""
  if options.socket == nil {
    let running = RuntimeDirectory.sockets().filter { LocalListener.isAnswering($0) }
    switch running.count {
    case 0:
      Console.error(
        "holdfast: no proxy runs here (looked in \(RuntimeDirectory.path)); start one, or name its "
          + "control socket")
      return 1
    case 1: path = running[0]
    default:
      Console.error("holdfast: several proxies run; name one:")
      for path in running { Console.error("  holdfast attach \(path)") }
      return 2
    }
  }
  do {
    return try Attaching(options, path: path).run()
  } catch {
    Console.error("holdfast: \(error)")
    return 1
  }
}

/// A dashboard in a process of its own: events come from the proxy's control socket, commands go
/// there.
private final class Attaching {
  private let options: AttachOptions
  private let path: String
  private let loop: Loop
  private let client: ControlClient
  private var wakeup: Wakeup?
  private var signals: [SignalWatch] = []
  private var timer: EventLoop.Timer?
  private var pane: DashboardPane?
  private var status: Int32 = 0
  private var farewell: String?

  /// The proxy that is attached to, or was last.
  private var hello: StreamHello?
  /// The past is being told.
  private var isReplaying = false
  /// The proxy is the one whose past was told before.
  private var isKnown = false
  private var isOver = false
  /// The connection is gone, and that was said.
  private var isLost = false
  private var lastFinished: [SessionID: Int] = [:]
  private var inFlight: [TurnKey: TurnRecord] = [:]

  /// How long to wait for the first greeting, and between attempts to reach a proxy that is gone.
  private static let greetingMillis: UInt64 = 5_000
  private static let retryMillis: UInt64 = 500

  init(_ options: AttachOptions, path: String) throws {
    self.options = options
    self.path = path
    loop = try Loop()
    client = ControlClient(loop: loop, path: path)
  }

  func run() throws -> Int32 {
    wakeup = try Wakeup(loop: loop) { [unowned self] in takeCommands() }
    timer = EventLoop.Timer(loop: loop) { [unowned self] in timeIsUp() }
    for signal in [SIGINT, SIGTERM, SIGHUP] {
      signals.append(try SignalWatch(loop: loop, signal: signal) { [unowned self] in end(0) })
    }
    timer?.start(afterMillis: Self.greetingMillis)
    connect()
    loop.run()
    if let farewell { Console.error("holdfast: \(farewell)") }
    return status
  }

  private func connect() {
    do throws(ControlClientFault) {
      try client.attach(
        { [unowned self] in received($0) }, ended: { [unowned self] in lost($0) })
    } catch {
      lost(error)
    }
  }

  private func timeIsUp() {
    if hello == nil {
      fail("\(path) does not answer")
    } else if !isOver {
      connect()
    }
  }

  // MARK: From the proxy

  private func received(_ message: StreamMessage) {
    guard !isOver else { return }
    switch message {
    case .hello(let hello): greeted(hello)
    case .caughtUp: isReplaying = false
    case .lost(let count): pane?.noteLost(count)
    case .event(let event): happened(event)
    }
  }

  private func greeted(_ greeting: StreamHello) {
    timer?.stop()
    isReplaying = true
    isLost = false
    isKnown = hello?.process == greeting.process && hello?.startedAt == greeting.startedAt
    if !isKnown { lastFinished = [:] }
    let isFirst = hello == nil
    hello = greeting
    if isFirst { show(greeting) } else { notice("attached again to \(greeting.listen)", .warning) }
  }

  private func show(_ hello: StreamHello) {
    guard !options.noTUI, TerminalDevice.isUsable else {
      Console.print("holdfast attached to http://\(hello.listen)")
      return
    }
    let wakeup = wakeup
    let ledger = hello.ledger.isEmpty ? nil : hello.ledger
    do throws(TerminalError) {
      pane = try DashboardPane(
        DashboardOptions(
          listenAddress: hello.listen, ascii: options.ascii || !TerminalDevice.isUnicode,
          readOnly: options.readOnly || hello.readOnly, canPin: true, defaultMode: hello.mode,
          isAttached: true, hasLedger: ledger != nil), color: options.color, ledger: ledger
      ) { wakeup?.send() }
    } catch {
      fail("no dashboard: \(error)")
    }
  }

  private func happened(_ event: TurnEvent) {
    switch event {
    case .finished(let record):
      let last = lastFinished[record.session] ?? 0
      // What was told before is not counted twice.
      if isReplaying, isKnown, record.turn <= last { return }
      if lastFinished.count > 10_000 { lastFinished = [:] }
      lastFinished[record.session] = max(last, record.turn)
      inFlight[TurnKey(session: record.session, turn: record.turn)] = nil
    case .started(let record):
      if inFlight.count < 10_000 {
        inFlight[TurnKey(session: record.session, turn: record.turn)] = record
      }
    case .sessionEvicted(let session): lastFinished[session] = nil
    default: break
    }
    publish(event)
  }

  private func publish(_ event: TurnEvent) {
    if let pane {
      pane.publish(event)
    } else if !isReplaying, let line = EventLine.text(event) {
      Console.print(line)
    }
  }

  private func notice(_ text: String, _ level: NoticeLevel) {
    publish(.notice(Notice(at: Loop.wallMillis(), level: level, text: text)))
  }

  /// Tells of the end once, then tries again and again.
  private func lost(_ fault: ControlClientFault) {
    guard !isOver else { return }
    guard let hello else { return fail("\(path): \(Self.reason(fault))") }
    if case .version = fault { return fail("\(path): \(Self.reason(fault))") }
    if !isLost {
      for var record in inFlight.values {
        record.state = .failed
        record.failure = "the proxy ended"
        publish(.finished(record))
      }
      inFlight = [:]
    }
    if options.noWait {
      farewell = "the proxy at \(hello.listen) has ended"
      return end(0)
    }
    if !isLost {
      isLost = true
      isReplaying = false
      notice("the proxy at \(hello.listen) has ended; waiting for it to come back", .warning)
    }
    timer?.start(afterMillis: Self.retryMillis)
  }

  // MARK: From the dashboard

  private func takeCommands() {
    guard !isOver, let pane else { return }
    pane.flush()
    while let command = pane.nextCommand() { send(command) }
    if let outcome = pane.takeOutcome() {
      if !outcome.errors.isEmpty { farewell = outcome.errors }
      end(0)
    }
  }

  private func send(_ command: ProxyCommand) {
    do throws(ControlClientFault) {
      try client.send(command) { [unowned self] fault in
        if let fault { notice("nothing changed: \(Self.reason(fault))", .warning) }
      }
    } catch {
      notice("nothing changed: \(Self.reason(error))", .warning)
    }
  }

  private static func reason(_ fault: ControlClientFault) -> String {
    switch fault {
    case .unreachable(let reason): "no proxy answers: \(reason)"
    case .refused(_, let message): message
    case .malformed(let reason): "this is no control socket of holdfast (\(reason))"
    case .version(let version, let program):
      "the proxy is holdfast \(program) and speaks version \(version) of the events, this one "
        + "version \(StreamHello.currentVersion); attach with the same program"
    case .ended: "the connection ended"
    }
  }

  // MARK: Ending

  private func fail(_ text: String) {
    farewell = text
    end(1)
  }

  private func end(_ status: Int32) {
    guard !isOver else { return }
    isOver = true
    self.status = status
    client.close()
    // A terminal that takes nothing any more would hold up the end of the process as well.
    if pane?.stop() == false { _exit(status) }
    pane = nil
    timer?.close()
    for signal in signals { signal.close() }
    signals = []
    wakeup?.close()
    loop.stop()
  }
}
