import EventLoop
import Glibc
import Simulator

/// Runs the built-in model server alone until it is interrupted.
func simulate(_ options: SimulateOptions) -> Int32 {
  do throws(UVError) {
    let loop = try Loop()
    var settings = SimulatorOptions()
    settings.listen = options.listen
    settings.slots = options.simulator.slots
    settings.prefillTokensPerSecond = Double(options.simulator.prefillTokensPerSecond)
    let server = try SimulatorServer(loop: loop, options: settings)
    var signals: [SignalWatch] = []
    for signal in [SIGINT, SIGTERM] {
      signals.append(
        try SignalWatch(loop: loop, signal: signal) {
          server.stop()
          for watch in signals { watch.close() }
          loop.stop()
        })
    }
    Console.print("holdfast upstream-sim listening on http://\(server.address)")
    loop.run()
    return 0
  } catch {
    Console.error("holdfast: cannot listen on \(options.listen): \(error.message)")
    return 1
  }
}
