import EventLoop
import Glibc
import Simulator

/// Plays many turns of growing conversations through the program and prints what memory it has at
/// intervals. The bounds on what it may remember are set low, so that they are reached early and all
/// growth behind them is a leak.
/// - Parameter arguments: the number of turns, then further options of the program.
/// - Returns: 1 if memory or descriptors grew after the first fifth.
func soak(_ arguments: [String]) -> Int32 {
  let turns = arguments.first.flatMap { Int($0) } ?? 10_000
  let options = arguments.drop { Int($0) != nil }
  var simulated = SimulatorOptions()
  simulated.prefillTokensPerSecond = 0
  simulated.generationTokensPerSecond = 0
  simulated.storeTokens = 0
  guard let simulator = try? SimulatorThread(options: simulated) else { return 1 }
  defer { simulator.stop() }
  guard let folder = ScratchFolder() else { return 1 }
  defer { folder.remove() }
  let place = folder.path
  let port = freePort()
  let program = ChildProgram(
    [
      "--listen", "127.0.0.1:\(port)", "--upstream", "http://\(simulator.address)", "--no-tui",
      "--ndjson", "\(place)/turns", "--ledger", "\(place)/ledger", "--max-sessions", "32",
      "--keep-bodies", "8M",
    ] + options)
  guard let program else {
    print("holdfast cannot be started; it has to lie beside this program")
    return 1
  }
  defer { program.stop() }
  print("\(turns) turns, 16 agents in turn, each 40 turns to a conversation; \(program.path)")
  print("   turns   RSS MB  descriptors   failed   us per turn")
  return run(turns, port, program)
}

private func run(_ turns: Int, _ port: Int, _ program: ChildProgram) -> Int32 {
  var agents = (0..<16).map { SoakAgent(port: port, number: $0) }
  var failed = 0
  var marks: [(resident: Int, descriptors: Int)] = []
  let step = max(1, turns / 20)
  var begin = Loop.monotonicNanos()
  for turn in 0..<turns {
    if !agents[turn % agents.count].play() { failed += 1 }
    if (turn + 1) % step == 0 {
      let now = Loop.monotonicNanos()
      marks.append((program.residentBytes, program.descriptors))
      print(
        padded(turn + 1, 8), padded(marks[marks.count - 1].resident >> 20, 8),
        padded(marks[marks.count - 1].descriptors, 12), padded(failed, 8),
        padded(Int(now - begin) / 1000 / step, 13))
      fflush(nil)
      begin = now
    }
  }
  for agent in agents { agent.close() }
  guard marks.count >= 10, let last = marks.last else { return failed == 0 ? 0 : 1 }
  let warm = marks[marks.count / 5]
  let growth = last.resident - warm.resident
  print("growth after the first fifth: \(growth >> 10) KB")
  // How many connections the pool holds differs from moment to moment.
  let most = marks[...(marks.count / 5)].reduce(0) { max($0, $1.descriptors) }
  let isSteady = growth < 4 << 20 && last.descriptors <= most + 2
  return isSteady && failed == 0 ? 0 : 1
}

private func padded(_ number: Int, _ width: Int) -> String {
  let text = String(number)
  return String(repeating: " ", count: max(0, width - text.count)) + text
}
