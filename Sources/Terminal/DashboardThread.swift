import CSystem
public import Dashboard
import EventLoop
import Glibc
import Synchronization
public import Turns

/// The dashboard on a thread of its own. It shares nothing with the proxy but the ring and the
/// callbacks, so a terminal that hangs or goes away can only stop the dashboard.
public final class DashboardThread: @unchecked Sendable {
  /// What the dashboard calls, all of it on its own thread.
  public struct Hooks: Sendable {
    /// A command for the proxy.
    public var send: @Sendable (ProxyCommand) -> Void
    /// Writes a file and says where.
    public var save: @Sendable (SaveRequest) -> SaveOutcome
    /// The dashboard has ended, the terminal is as it was. The text is what was written to standard
    /// error meanwhile. Called once; the thread ends right after it.
    public var finished: @Sendable (LeaveReason, _ standardError: String) -> Void

    public init(
      send: @escaping @Sendable (ProxyCommand) -> Void,
      save: @escaping @Sendable (SaveRequest) -> SaveOutcome,
      finished: @escaping @Sendable (LeaveReason, _ standardError: String) -> Void
    ) {
      self.send = send
      self.save = save
      self.finished = finished
    }
  }

  private let ring: EventRing<TurnEvent>
  private let options: TerminalOptions
  private let hooks: Hooks
  private let stopRequested = Atomic<Bool>(false)
  /// Open while the thread runs.
  private let wakeup = Mutex<Wakeup?>(nil)
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
    let loop = try DashboardLoop(ring: ring, options: options, hooks: hooks)
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

  /// Waits until the thread has ended. To be called once, not from a hook.
  public func join() {
    if let thread { pthread_join(thread, nil) }
    thread = nil
  }

  fileprivate func run(_ loop: DashboardLoop) {
    let (reason, errors) = loop.run { self.stopRequested.load(ordering: .acquiring) }
    wakeup.withLock { $0 = nil }
    hooks.finished(reason, errors)
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
