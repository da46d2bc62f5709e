import CSystem
public import Dashboard
import EventLoop
import Glibc
import Synchronization
public import Turns
public import Upstream

/// The dashboard on a thread of its own. It shares nothing with the proxy but the ring and the
/// callbacks, so a terminal that hangs or goes away can only stop the dashboard.
public final class DashboardThread: @unchecked Sendable {
  /// What the dashboard calls, all of it on its own thread.
  public struct Hooks: Sendable {
    /// A command for the proxy.
    var send: @Sendable (ProxyCommand) -> Void
    /// Writes a file and says where.
    var save: @Sendable (SaveRequest) -> SaveOutcome
    /// Passes a question on to whoever reads the ledger, without waiting; `deliver` brings the answer.
    var read: @Sendable (ArchiveRequest) -> Void
    /// How busy the proxy is, at once; nil if that cannot be told.
    var load: @Sendable () -> ProxyLoad?
    /// The ring has room for what its producer holds back.
    var roomForMore: @Sendable () -> Void
    /// The dashboard has ended, the terminal is as it was. The text is what was written to standard
    /// error meanwhile. Called once; the thread ends right after it.
    var finished: @Sendable (LeaveReason, _ standardError: String) -> Void

    public init(
      send: @escaping @Sendable (ProxyCommand) -> Void,
      save: @escaping @Sendable (SaveRequest) -> SaveOutcome,
      read: @escaping @Sendable (ArchiveRequest) -> Void = { _ in },
      load: @escaping @Sendable () -> ProxyLoad? = { nil },
      roomForMore: @escaping @Sendable () -> Void = {},
      finished: @escaping @Sendable (LeaveReason, _ standardError: String) -> Void
    ) {
      self.send = send
      self.save = save
      self.read = read
      self.load = load
      self.roomForMore = roomForMore
      self.finished = finished
    }
  }

  private let ring: EventRing<TurnEvent>
  private let options: TerminalOptions
  private let hooks: Hooks
  private let stopRequested = Atomic<Bool>(false)
  /// Open while the thread runs.
  private let wakeup = Mutex<Wakeup?>(nil)
  /// What comes from elsewhere than the ring.
  private let mail = Mutex<[DashboardInput]>([])
  private let hasEnded = Atomic<Bool>(false)
  private var thread: pthread_t?

  /// The ring's consumer is this thread, from `start` on.
  public init(ring: EventRing<TurnEvent>, options: TerminalOptions, hooks: Hooks) {
    self.ring = ring
    self.options = options
    self.hooks = hooks
  }

  /// Enters the terminal and starts the thread. If it throws, the terminal is as it was and nothing
  /// runs. To be called once.
  public func start() throws(TerminalError) {
    let loop = try DashboardLoop(ring: ring, options: options, hooks: hooks) { [self] in
      takeMail()
    }
    wakeup.withLock { $0 = loop.wakeup }
    let context = Unmanaged.passRetained(Start(thread: self, loop: loop)).toOpaque()
    var handle = pthread_t()
    let code = pthread_create(&handle, nil, dashboardMain, context)
    guard code == 0 else {
      let start = Unmanaged<Start>.fromOpaque(context).takeRetainedValue()
      wakeup.withLock { $0 = nil }
      _ = start.loop.run(stopRequested: { true })
      throw .threadFailed(code)
    }
    _ = csystem_name_thread(handle, "dashboard")
    thread = handle
  }

  /// To be called, from any thread, when `EventRing.push` says so.
  public func wake() { wakeup.withLock { $0?.send() } }

  /// Asks the dashboard to end, from any thread; `finished` follows with `.stopped`, unless it was
  /// left already.
  public func stop() {
    stopRequested.store(true, ordering: .releasing)
    wake()
  }

  /// Hands over an answer to `Hooks.read`, from any thread.
  public func deliver(_ answer: ArchiveAnswer) {
    post(.archive(answer))
  }

  /// Has turns that end from now on cost other prices, from any thread.
  public func follow(_ prices: PriceTable) { post(.prices(prices)) }

  private func post(_ input: DashboardInput) {
    mail.withLock { $0.append(input) }
    wake()
  }

  private func takeMail() -> [DashboardInput] {
    mail.withLock { mail in
      defer { mail = [] }
      return mail
    }
  }

  /// Waits until the thread has ended. To be called once, not from a hook.
  ///
  /// A terminal that takes nothing any more (a stopped pane, a connection that is gone) holds the
  /// thread in its last write: then it is left behind, and nothing that may write to the terminal,
  /// the end of the process included, may be waited for.
  /// - Returns: whether the thread has ended within `limitMillis`.
  public func join(limitMillis: Int = 3_000) -> Bool {
    guard let thread else { return true }
    self.thread = nil
    for _ in 0..<max(1, limitMillis / 5) {
      if hasEnded.load(ordering: .acquiring) {
        pthread_join(thread, nil)
        return true
      }
      usleep(5_000)
    }
    pthread_detach(thread)
    return false
  }

  fileprivate func run(_ loop: DashboardLoop) {
    let (reason, errors) = loop.run { self.stopRequested.load(ordering: .acquiring) }
    wakeup.withLock { $0 = nil }
    hooks.finished(reason, errors)
    hasEnded.store(true, ordering: .releasing)
  }

  /// What is handed to the new thread, which then owns it alone.
  fileprivate final class Start: @unchecked Sendable {
    let thread: DashboardThread
    let loop: DashboardLoop

    init(thread: DashboardThread, loop: DashboardLoop) {
      self.thread = thread
      self.loop = loop
    }
  }
}

private func dashboardMain(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
  guard let context else { return nil }
  let start = Unmanaged<DashboardThread.Start>.fromOpaque(context).takeRetainedValue()
  // Signals reach this thread through its loop, whichever thread the kernel picks for them.
  var blocked = sigset_t()
  sigfillset(&blocked)
  for fault in [SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGABRT] { sigdelset(&blocked, fault) }
  pthread_sigmask(SIG_BLOCK, &blocked, nil)
  start.thread.run(start.loop)
  return nil
}
