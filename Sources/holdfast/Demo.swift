import EventLoop
import Simulator
import Synchronization

/// The demo's model server and scripted agents, on a loop and a thread of their own: they are on the
/// other side of the sockets, as real ones would be.
final class DemoThread {
  let serverAddress: SocketAddress
  private let server: SimulatorThread
  private let options: DemoAgent.Options
  private var agents: AgentThread?

  init(_ options: ServeOptions) throws(UVError) {
    var simulator = SimulatorOptions()
    simulator.slots = options.simulator.slots
    simulator.prefillTokensPerSecond = Double(options.simulator.prefillTokensPerSecond)
    server = try SimulatorThread(options: simulator)
    serverAddress = server.address
    var agents = DemoAgent.Options()
    agents.pace = 1 / options.pace
    agents.turnLimit = options.turnLimit
    self.options = agents
  }

  /// Lets the agents talk to the proxy.
  /// - Parameter finished: called on the agents' thread when all have played their turns.
  func play(
    _ proxy: SocketAddress, finished: @escaping @Sendable () -> Void
  ) throws {
    agents = try AgentThread(proxy, options, finished)
  }

  func stopAgents() {
    agents?.stop()
    agents = nil
  }

  func stop() {
    stopAgents()
    server.stop()
  }
}

private final class AgentThread {
  private let wakeup: Wakeup
  private let thread: Thread

  init(
    _ target: SocketAddress, _ options: DemoAgent.Options,
    _ finished: @escaping @Sendable () -> Void
  ) throws {
    let stage = try Stage(target, options, finished)
    wakeup = stage.wakeup
    thread = try Thread(name: "demo-agents") { stage.run() }
  }

  func stop() {
    wakeup.send()
    thread.join()
  }

  /// Made on one thread, then used on its own thread only.
  private final class Stage: @unchecked Sendable {
    let wakeup: Wakeup
    private let loop: Loop
    private let agent: DemoAgent
    private let end: End

    private final class End {
      var action: (() -> Void)?
    }

    init(
      _ target: SocketAddress, _ options: DemoAgent.Options,
      _ finished: @escaping @Sendable () -> Void
    ) throws(UVError) {
      loop = try Loop()
      agent = DemoAgent(loop: loop, target: target, options: options)
      agent.onFinish = finished
      let end = End()
      self.end = end
      wakeup = try Wakeup(loop: loop) { end.action?() }
    }

    func run() {
      end.action = { [unowned self] in
        agent.stop()
        wakeup.close()
      }
      loop.run()
      end.action = nil
    }
  }
}
