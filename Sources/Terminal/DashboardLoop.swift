import Dashboard
import EventLoop
import Glibc
import Turns

/// The dashboard on its own event loop: keys, events and time in; frames, commands out. Everything
/// in it belongs to the thread that runs it.
final class DashboardLoop {
  typealias Hooks = DashboardThread.Hooks

  private let loop: Loop
  private let device: TerminalDevice
  private let ring: EventRing<TurnEvent>
  private let options: TerminalOptions
  private let hooks: Hooks
  private let takeMail: () -> [DashboardInput]
  private var screen: CursesScreen
  private var reader = KeyReader()
  private var state: DashboardState
  private var gate = RefreshGate()
  private var lostSeen: Int
  private var reason: LeaveReason?

  private var keys: Poll?
  private var resizes: SignalWatch?
  private var hangUps: SignalWatch?
  private var gateTimer: EventLoop.Timer?
  private var tickTimer: EventLoop.Timer?
  private(set) var wakeup: Wakeup?

  /// Enters the terminal.
  init(
    ring: EventRing<TurnEvent>, options: TerminalOptions, hooks: Hooks,
    takeMail: @escaping () -> [DashboardInput]
  ) throws(TerminalError) {
    self.ring = ring
    self.options = options
    self.hooks = hooks
    self.takeMail = takeMail
    do { loop = try Loop() } catch { throw .loopFailed(error.message) }
    device = try TerminalDevice()
    let size = device.size ?? Size(columns: 80, rows: 24)
    state = DashboardState(
      options: options.dashboard, size: size, startedAt: options.now())
    screen = CursesScreen(
      attributes: RoleAttributes(
        colors: options.colors, noColor: getenv("NO_COLOR").map { $0.pointee != 0 } ?? false))
    lostSeen = 0
    do {
      // Before the first event: a resize between newterm and here is seen by asking for the size.
      resizes = try SignalWatch(loop: loop, signal: SIGWINCH) { [unowned self] in resized() }
      hangUps = try SignalWatch(loop: loop, signal: SIGHUP) { [unowned self] in
        // With the terminal still there it was meant for the proxy.
        if device.isGone { leave(.terminalGone) }
      }
      wakeup = try Wakeup(loop: loop) { [unowned self] in pump() }
      gateTimer = EventLoop.Timer(loop: loop) { [unowned self] in pump() }
      tickTimer = EventLoop.Timer(loop: loop) { [unowned self] in
        gate.markDirty()
        pump()
      }
      let keys = try Poll(loop: loop, descriptor: device.input)
      self.keys = keys
      try keys.start(.readable) { [unowned self] in ready($0) }
    } catch {
      _ = device.leave()
      closeHandles()
      throw .loopFailed(error.message)
    }
  }

  /// Runs until the dashboard is left, and gives the terminal back.
  /// - Returns: why it ended, and what was written to standard error meanwhile.
  func run(stopRequested: () -> Bool) -> (LeaveReason, String) {
    resized()
    perform(state.openingRequests)
    gate.markDirty()
    pump()
    while reason == nil {
      loop.runOnce()
      if stopRequested() { leave(.stopped) }
    }
    let errors = device.leave()
    closeHandles()
    return (reason ?? .stopped, errors)
  }

  private func closeHandles() {
    keys?.close()
    resizes?.close()
    hangUps?.close()
    gateTimer?.close()
    tickTimer?.close()
    wakeup?.close()
    loop.run()
    try? loop.close()
  }

  private func leave(_ reason: LeaveReason) {
    if self.reason == nil { self.reason = reason }
  }

  // MARK: Input

  private func ready(_ result: Result<Poll.Events, UVError>) {
    guard case .success = result, !device.isGone else {
      leave(.terminalGone)
      keys?.stop()
      return
    }
    let atEnd = device.isAtEnd
    let inputs = reader.read(now: loop.nowMillis)
    if inputs.isEmpty && atEnd {
      leave(.terminalGone)
      keys?.stop()
      return
    }
    for input in inputs {
      switch input {
      case .key(let key): apply(.key(key))
      case .paste: apply(.pasteIgnored)
      }
    }
    pump()
  }

  private func resized() {
    guard let size = device.size, size != state.size else { return }
    screen.resize(size)
    apply(.resized(size))
    pump()
  }

  private func apply(_ input: DashboardInput) {
    gate.markDirty(byPerson: input.isFromPerson)
    perform(state.reduce(input, now: options.now()))
  }

  private func perform(_ effects: [Effect]) {
    for effect in effects {
      switch effect {
      case .command(let command): hooks.send(command)
      case .save(let request): apply(.saved(hooks.save(request)))
      case .read(let request): hooks.read(request)
      case .readLoad: apply(.load(hooks.load()))
      case .copy(let text): device.send(Clipboard.sequence(text))
      case .leave(let reason): leave(reason)
      case .redraw: screen.invalidate()
      }
    }
  }

  // MARK: Output

  /// Takes in what arrived and draws if it is time to. While a frame is due the ring is left awake:
  /// what arrives meanwhile costs its producer no system call.
  private func pump() {
    guard reason == nil else { return }
    drain()
    loop.updateTime()
    let now = Int64(clamping: loop.nowMillis)
    switch gate.decision(at: now) {
    case .drawNow:
      draw(at: now)
      if !ring.prepareToSleep() { gateTimer?.start(afterMillis: UInt64(gate.gap)) }
    case .wait(let millis): gateTimer?.start(afterMillis: UInt64(max(1, millis)))
    case .nothing:
      if !ring.prepareToSleep() { gateTimer?.start(afterMillis: 1) }
    }
  }

  private func drain() {
    let lost = ring.droppedCount
    if lost > lostSeen {
      apply(.eventsLost(lost - lostSeen))
      lostSeen = lost
    }
    for input in takeMail() { apply(input) }
    // Bounded, so that keys are seen under any load.
    for _ in 0..<2_048 {
      guard let event = ring.pop() else {
        if ring.isHeldBack { hooks.roomForMore() }
        return
      }
      apply(.event(event))
    }
  }

  private func draw(at now: Int64) {
    let wall = options.now()
    state.clock = LocalTime.clock(at: wall)
    state.catchUp()
    _ = screen.draw(Dashboard.frame(state, now: wall))
    gate.drawn(at: now)
    if let next = Dashboard.nextChange(state, now: wall) {
      tickTimer?.start(afterMillis: UInt64(max(gate.gap, next)))
    } else {
      tickTimer?.stop()
    }
  }
}
