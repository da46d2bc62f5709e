import EventLoop
import Glibc
import Simulator

/// Measures what the ledger costs the proxy's loop: the same turns with and without it, in turn, each
/// in a process of its own. Prints quantiles of the loop's lag, as `/metrics` has them.
/// - Parameter arguments: turns of one run (default 4,000), runs of each kind (default 5), then
///   further options of the program.
func ledgerLag(_ arguments: [String]) -> Int32 {
  let numbers = arguments.prefix { Int($0) != nil }.compactMap { Int($0) }
  let turns = max(100, numbers.first ?? 4_000)
  let runs = max(1, numbers.dropFirst().first ?? 5)
  let options = Array(arguments.dropFirst(numbers.count))
  var simulated = SimulatorOptions()
  simulated.prefillTokensPerSecond = 0
  simulated.generationTokensPerSecond = 0
  simulated.storeTokens = 0
  guard let simulator = try? SimulatorThread(options: simulated) else { return 1 }
  defer { simulator.stop() }
  print("\(runs) runs each of \(turns) turns, 16 agents in turn; lag of the loop in us\n")
  print("  run  ledger    p50    p99  p99.9")
  var lags: [Bool: [LoopLag]] = [:]
  for run in 1...runs {
    // The order changes, so that what warms up favours neither.
    for keeps in run % 2 == 0 ? [true, false] : [false, true] {
      guard let lag = measure(turns, keeps, "\(simulator.address)", options) else {
        print(
          "a run failed: holdfast has to lie beside this program, and every turn to be answered")
        return 1
      }
      lags[keeps, default: []].append(lag)
      print(column(run, 5) + (keeps ? "      on" : "     off") + row(lag))
      fflush(nil)
    }
  }
  let (off, on) = (medians(lags[false] ?? []), medians(lags[true] ?? []))
  print("\n  medians  off" + row(off) + "\n  medians   on" + row(on))
  let ratio = (on.p99 / off.p99 * 100).rounded() / 100
  print("\np99 with the ledger is \(ratio) times that without")
  return 0
}

private struct LoopLag {
  var p50: Double
  var p99: Double
  var p999: Double
}

private func medians(_ lags: [LoopLag]) -> LoopLag {
  func median(_ path: KeyPath<LoopLag, Double>) -> Double {
    lags.map { $0[keyPath: path] }.sorted()[lags.count / 2]
  }
  return LoopLag(p50: median(\.p50), p99: median(\.p99), p999: median(\.p999))
}

private func row(_ lag: LoopLag) -> String {
  [lag.p50, lag.p99, lag.p999].map { column(Int(($0 * 1_000_000).rounded()), 7) }.joined()
}

private func column(_ number: Int, _ width: Int) -> String {
  let text = String(number)
  return String(repeating: " ", count: max(0, width - text.count)) + text
}

/// One process from start to end; nil if a turn was not answered or nothing can be read.
private func measure(
  _ turns: Int, _ keepsLedger: Bool, _ upstream: String, _ options: [String]
) -> LoopLag? {
  guard let folder = ScratchFolder() else { return nil }
  defer { folder.remove() }
  let (port, metrics) = (freePort(), freePort())
  let ledger = keepsLedger ? ["--ledger", folder.path + "/ledger"] : ["--no-ledger"]
  let program = ChildProgram(
    [
      "--listen", "127.0.0.1:\(port)", "--metrics", "\(metrics)", "--upstream",
      "http://\(upstream)",
      "--no-tui", "--no-control", "--no-config", "--no-probes",
    ] + ledger + options)
  guard let program else { return nil }
  defer { program.stop() }
  var agents = (0..<16).map { SoakAgent(port: port, number: $0) }
  defer { for agent in agents { agent.close() } }
  for turn in 0..<turns where !agents[turn % agents.count].play() { return nil }
  let text = fetch("/metrics", port: metrics)
  func quantile(_ share: String) -> Double? {
    let name = #"holdfast_loop_lag_seconds{quantile="\#(share)"} "#
    let line = text.split(whereSeparator: \.isNewline).first { $0.hasPrefix(name) }
    return line.flatMap { Double($0.dropFirst(name.count)) }
  }
  guard let p50 = quantile("0.5"), let p99 = quantile("0.99"), let p999 = quantile("0.999") else {
    return nil
  }
  return LoopLag(p50: p50, p99: p99, p999: p999)
}

/// Head and body of an answer; empty without one.
private func fetch(_ path: String, port: Int) -> String {
  let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
  defer { close(descriptor) }
  guard connect(descriptor, port: port) else { return "" }
  let request = "GET \(path) HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
  guard send(descriptor, request, request.utf8.count, Int32(MSG_NOSIGNAL)) > 0 else { return "" }
  var answer: [UInt8] = []
  var buffer = [UInt8](repeating: 0, count: 65_536)
  while case let count = read(descriptor, &buffer, buffer.count), count > 0 {
    answer += buffer[..<count]
  }
  return String(decoding: answer, as: UTF8.self)
}
