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
  func play(_ proxy: SocketAddress) throws(UVError) {
    agents = try AgentThread(proxy, options)
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
  private let thread: Thread?

  init(_ target: SocketAddress, _ options: DemoAgent.Options) throws(UVError) {
    let stage = try Stage(target, options)
    wakeup = stage.wakeup
    thread = Thread(name: "demo-agents") { stage.run() }
  }

  func stop() {
    wakeup.send()
    thread?.join()
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

    init(_ target: SocketAddress, _ options: DemoAgent.Options) throws(UVError) {
      loop = try Loop()
      agent = DemoAgent(loop: loop, target: target, options: options)
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
