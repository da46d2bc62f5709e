import Control
import EventLoop
import Glibc
import Synchronization
import TurnCoding
import Turns

/// The control socket on a thread and a loop of its own: one ring of events towards it, one ring of
/// commands back. What attached dashboards and scripts ask for costs the proxy's loop nothing.
final class ControlThread: @unchecked Sendable {
  struct Order {
    var id: UInt64
    var command: ProxyCommand
  }

  fileprivate enum Input {
    case event(TurnEvent)
    case done(UInt64, Bool)
    case draining
  }

  /// Where it listens.
  let path: String?
  private let inputs = EventRing<Input>(capacity: 4_096, backlog: 16_384)
  private let orders = EventRing<Order>(capacity: 64)
  private let stopping = Flag()
  private let wakeup: Wakeup
  private let thread: Thread?

  /// - Parameters:
  ///   - place: the path of the socket, and where to go if somebody listens there.
  ///   - wakeLoop: called from the control thread when an order waits.
  init(
    _ configuration: ControlConfiguration, place: ControlPlace,
    wakeLoop: @escaping @Sendable () -> Void
  ) throws(ControlFault) {
    let stage = try Stage(configuration, inputs, orders, stopping, place, wakeLoop)
    path = stage.path
    wakeup = stage.wakeup
    thread = Thread(name: "control") { stage.run() }
  }

  // MARK: The proxy's loop thread

  func publish(_ event: TurnEvent) { push(.event(event)) }

  func done(_ order: Order, _ isDone: Bool) { push(.done(order.id, isDone)) }

  func noteDraining() { push(.draining) }

  private func push(_ input: Input) {
    if inputs.push(input) { wakeup.send() }
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
    thread?.join()
  }

  // MARK: The control thread

  /// Made on one thread, then used on its own thread only.
  private final class Stage: ControlDelegate, @unchecked Sendable {
    let wakeup: Wakeup
    private(set) var path: String?
    private let loop: Loop
    private let server: ControlServer
    private let inputs: EventRing<Input>
    private let orders: EventRing<Order>
    private let stopping: Flag
    private let wakeLoop: @Sendable () -> Void
    private let pumping: Pumping
    private var lostSeen = 0
    private var lastOrder: UInt64 = 0
    private var waiting: [UInt64: (Bool) -> Void] = [:]

    private final class Pumping {
      var action: (() -> Void)?
    }

    init(
      _ configuration: ControlConfiguration, _ inputs: EventRing<Input>,
      _ orders: EventRing<Order>, _ stopping: Flag, _ place: ControlPlace,
      _ wakeLoop: @escaping @Sendable () -> Void
    ) throws(ControlFault) {
      self.inputs = inputs
      self.orders = orders
      self.stopping = stopping
      self.wakeLoop = wakeLoop
      let pumping = Pumping()
      self.pumping = pumping
      do {
        loop = try Loop()
        wakeup = try Wakeup(loop: loop) { pumping.action?() }
      } catch {
        throw ControlFault(text: "\(error)", isFatal: true)
      }
      server = ControlServer(loop: loop, configuration: configuration)
      path = try place.listen(server)
    }

    func run() {
      server.setDelegate(self)
      pumping.action = { [unowned self] in pump() }
      pump()
      loop.run()
      pumping.action = nil
    }

    private func pump() {
      repeat { take() } while !inputs.prepareToSleep()
      guard stopping.isSet else { return }
      // What was pushed before the flag was set is in the ring.
      take()
      server.stop()
      wakeup.close()
      loop.stop()
    }

    private func take() {
      let lost = inputs.droppedCount
      if lost > lostSeen {
        server.noteLost(lost - lostSeen)
        lostSeen = lost
      }
      while let input = inputs.pop() {
        switch input {
        case .event(let event): server.note(event)
        case .done(let id, let isDone): waiting.removeValue(forKey: id)?(isDone)
        case .draining: server.noteDraining()
        }
      }
    }

    func control(_ command: ProxyCommand, _ done: @escaping (Bool) -> Void) {
      lastOrder &+= 1
      waiting[lastOrder] = done
      _ = orders.push(Order(id: lastOrder, command: command))
      wakeLoop()
    }

    func metrics() -> String { "" }
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
