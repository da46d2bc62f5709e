public import EventLoop
import Glibc

/// A simulator on a loop and a thread of its own, for use from code that has no loop.
public final class SimulatorThread: Sendable {
  public let address: SocketAddress
  public let record: SimulatorRecord
  private let wakeup: Wakeup
  private let thread: UInt

  /// What the thread owns.
  private final class Body {
    let loop: Loop
    let server: SimulatorServer

    init(options: SimulatorOptions) throws(UVError) {
      loop = try Loop()
      server = try SimulatorServer(loop: loop, options: options)
    }
  }

  private final class Handles {
    var wakeup: Wakeup?
  }

  /// Listens when it returns.
  public init(options: SimulatorOptions = SimulatorOptions()) throws(UVError) {
    let body = try Body(options: options)
    let handles = Handles()
    let server = body.server
    wakeup = try Wakeup(loop: body.loop) {
      server.stop()
      handles.wakeup?.close()
      handles.wakeup = nil
    }
    handles.wakeup = wakeup
    address = server.address
    record = server.record
    var thread = pthread_t()
    let argument = Unmanaged.passRetained(body).toOpaque()
    let code = pthread_create(
      &thread, nil,
      { argument in
        guard let argument else { return nil }
        let body = Unmanaged<Body>.fromOpaque(argument).takeRetainedValue()
        body.loop.run()
        try? body.loop.close()
        return nil
      }, argument)
    guard code == 0 else {
      Unmanaged<Body>.fromOpaque(argument).release()
      server.stop()
      wakeup.close()
      throw UVError(.loop, -code)
    }
    self.thread = UInt(thread)
  }

  /// Ends all connections and the thread; returns when it is gone. To be called once.
  public func stop() {
    wakeup.send()
    pthread_join(pthread_t(thread), nil)
  }
}
