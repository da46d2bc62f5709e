import Control
import EventLoop
import Glibc
import Reports
import Synchronization
import TurnCoding
import Turns

/// The control socket on a thread and a loop of its own: one ring of events towards it, one ring of
/// commands back. What attached dashboards and scripts ask for costs the proxy's loop nothing.
final class ControlThread: @unchecked Sendable {
  enum Order {
    case command(UInt64, ProxyCommand)
    /// Whether anybody reads events.
    case attached(Bool)
  }

  /// Where figures come from that events do not tell; asked on the control thread.
  struct Figures: Sendable {
    var loop: LoopLoad.Figures?
    var dashboardDropped: @Sendable () -> Int
  }

  fileprivate enum Input {
    case event(TurnEvent)
    case done(UInt64, Bool)
    case draining
  }

  /// Where it listens.
  let path: String?
  let metricsAddress: SocketAddress?
  private let inputs = EventRing<Input>(capacity: 4_096, backlog: 16_384)
  private let orders = EventRing<Order>(capacity: 64)
  private let stopping = Flag()
  private let wakeup: Wakeup
  private let thread: Thread

  /// - Parameters:
  ///   - place: where the socket is to be.
  ///   - metrics: a port for figures, besides the socket.
  ///   - wakeLoop: called from the control thread when an order waits.
  init(
    _ configuration: ControlConfiguration, place: ControlPlace, metrics: SocketAddress?,
    _ figures: Figures, wakeLoop: @escaping @Sendable () -> Void
  ) throws(ControlFault) {
    let stage = try Stage(
      configuration, Channels(inputs: inputs, orders: orders, stopping: stopping), place, metrics,
      figures, wakeLoop)
    path = stage.path
    metricsAddress = stage.metricsAddress
    wakeup = stage.wakeup
    do throws(FileError) {
      thread = try Thread(name: "control") { stage.run() }
    } catch {
      throw ControlFault(text: error.text, isFatal: false)
    }
  }

  // MARK: The proxy's loop thread

  func publish(_ event: TurnEvent) {
    if inputs.push(.event(event)) { wakeup.send() }
  }

  func done(_ id: UInt64, _ isDone: Bool) { pushUrgent(.done(id, isDone)) }

  func noteDraining() { pushUrgent(.draining) }

  /// Somebody waits for this: it is not left to the end of a lull.
  private func pushUrgent(_ input: Input) {
    _ = inputs.push(input)
    wakeup.send()
  }

  /// Hands on what did not fit before.
  func flush() {
    if inputs.hasBacklog, inputs.flush() { wakeup.send() }
  }

  func nextOrder() -> Order? { orders.pop() }

  /// Tells readers what is left to tell, and removes the socket; waits for it.
  func stop() {
    flush()
    stopping.set()
    wakeup.send()
    thread.join()
  }

  // MARK: The control thread

  private struct Channels {
    var inputs: EventRing<Input>
    var orders: EventRing<Order>
    var stopping: Flag
  }

  /// Made on one thread, then used on its own thread only.
  private final class Stage: ControlDelegate, @unchecked Sendable {
    let wakeup: Wakeup
    let path: String?
    let metricsAddress: SocketAddress?
    private let loop: Loop
    private let server: ControlServer
    private let channels: Channels
    private let figures: Figures
    private let startedAt: Int64
    private let version: String
    private let wakeLoop: @Sendable () -> Void
    private var turns = TurnMetrics()
    private let pumping: Pumping
    private var lull: EventLoop.Timer?
    private var lostSeen = 0
    private var lastOrder: UInt64 = 0
    private var waiting: [UInt64: (Bool) -> Void] = [:]

    private final class Pumping {
      var action: (() -> Void)?
    }

    init(
      _ configuration: ControlConfiguration, _ channels: Channels, _ place: ControlPlace,
      _ metrics: SocketAddress?, _ figures: Figures, _ wakeLoop: @escaping @Sendable () -> Void
    ) throws(ControlFault) {
      self.channels = channels
      self.figures = figures
      self.wakeLoop = wakeLoop
      startedAt = configuration.hello.startedAt
      version = configuration.hello.program
      let pumping = Pumping()
      self.pumping = pumping
      do {
        loop = try Loop()
        wakeup = try Wakeup(loop: loop) { pumping.action?() }
      } catch {
        throw ControlFault(text: "\(error)", isFatal: true)
      }
      let server = ControlServer(loop: loop, configuration: configuration)
      self.server = server
      path = try place.listen(server)
      do throws(UVError) {
        metricsAddress = try metrics.map { address throws(UVError) in
          try server.listen(address, .metrics)
        }
      } catch {
        server.stop()
        let address = metrics.map { "\($0)" } ?? ""
        throw ControlFault(
          text:
            "cannot listen on \(address) for metrics: \(error.message); choose another --metrics",
          isFatal: true)
      }
    }

    func run() {
      server.setDelegate(self)
      server.onAttachment = { [unowned self] isAttached in
        _ = channels.orders.push(.attached(isAttached))
        wakeLoop()
      }
      pumping.action = { [unowned self] in pump() }
      lull = EventLoop.Timer(loop: loop) { [unowned self] in pump() }
      pump()
      loop.run()
      pumping.action = nil
    }

    /// Events come in bursts: after each one the ring is left awake for a moment, so that the next
    /// ones cost the proxy's loop no system call and no switch of threads.
    private static let lullMillis: UInt64 = 25

    private func pump() {
      if take() || !channels.inputs.prepareToSleep() {
        lull?.start(afterMillis: Self.lullMillis)
      }
      guard channels.stopping.isSet else { return }
      // What was pushed before the flag was set is in the ring.
      _ = take()
      server.stop()
      lull?.close()
      lull = nil
      wakeup.close()
      loop.stop()
    }

    /// - Returns: whether there was anything to take.
    private func take() -> Bool {
      var isAny = false
      let lost = channels.inputs.droppedCount
      if lost > lostSeen {
        server.noteLost(lost - lostSeen)
        lostSeen = lost
      }
      while let input = channels.inputs.pop() {
        isAny = true
        switch input {
        case .event(let event):
          server.note(event)
          turns.note(event)
        case .done(let id, let isDone): waiting.removeValue(forKey: id)?(isDone)
        case .draining: server.noteDraining()
        }
      }
      if channels.inputs.isHeldBack { wakeLoop() }
      return isAny
    }

    func control(_ command: ProxyCommand, _ done: @escaping (Bool) -> Void) {
      lastOrder &+= 1
      waiting[lastOrder] = done
      _ = channels.orders.push(.command(lastOrder, command))
      wakeLoop()
    }

    func metrics() -> String {
      _ = take()
      var process = ProcessFigures()
      process.version = version
      process.startedAt = Double(startedAt) / 1000
      process.sessions = server.sessionCount
      process.turnsInFlight = server.turnsInFlight
      process.controlConnections = server.connectionCount
      process.attachedReaders = server.subscriberCount
      process.droppedEvents = [
        ("dashboard", figures.dashboardDropped()), ("control", channels.inputs.droppedCount),
        ("attached", server.droppedCount),
      ]
      process.loopBusy = figures.loop.map {
        Histogram(bounds: LoopLoad.Figures.bounds, counts: $0.rounds, sum: $0.seconds)
      }
      process.loopQuantiles = [0.5, 0.99, 0.999].compactMap { share in
        figures.loop?.quantile(share).map { (share, $0) }
      }
      process.readSystem()
      return turns.text(process)
    }
  }
}

/// Why there is no control socket.
struct ControlFault: Error {
  var text: String
  /// Whether the proxy should not start without it: somebody named the place.
  var isFatal: Bool
}

/// Where the control socket is to be.
enum ControlPlace {
  case none
  /// In the runtime directory, called after the proxy's port.
  case standard(port: Int)
  case path(String)

  /// - Returns: the path that is listened on.
  func listen(_ server: ControlServer) throws(ControlFault) -> String? {
    switch self {
    case .none: return nil
    case .path(let path):
      do throws(LocalSocketError) {
        try server.listen(path: path)
      } catch {
        throw ControlFault(text: "control socket \(path): \(Self.reason(error))", isFatal: true)
      }
      return path
    case .standard(let port): return try Self.listen(server, port)
    }
  }

  private static func listen(_ server: ControlServer, _ port: Int) throws(ControlFault) -> String {
    let directory: String
    do throws(RuntimeDirectory.Fault) {
      directory = try RuntimeDirectory.make()
    } catch {
      throw ControlFault(text: "no control socket: \(error.text)", isFatal: false)
    }
    for path in RuntimeDirectory.sockets() { LocalListener.removeIfAbandoned(path) }
    // Two proxies may have the same port on different addresses.
    for name in ["\(port)", "\(port)-\(getpid())"] {
      let path = "\(directory)/\(name).sock"
      do throws(LocalSocketError) {
        try server.listen(path: path)
        return path
      } catch .inUse {
        continue
      } catch {
        throw ControlFault(text: "no control socket: \(path): \(reason(error))", isFatal: false)
      }
    }
    throw ControlFault(text: "no control socket: its paths are in use", isFatal: false)
  }

  static func reason(_ error: LocalSocketError) -> String {
    switch error {
    case .inUse: "another process listens there"
    case .notASocket: "there is a file that is no socket, which is left alone"
    case .failed(let error): error.message
    }
  }
}
