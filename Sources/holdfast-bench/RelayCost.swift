import Bytes
import EventLoop
import Glibc

/// Measures how long a request is held up by holdfast: the same growing conversations sent to a server
/// directly, through the least that a proxy which measures could do, and through holdfast, in turn, one
/// request at a time. Prints by how much each proxy was slower than the direct way of the same round.
/// - Parameter arguments: rounds of each size (default 400, fewer for large bodies), then further
///   options of the program, such as `--pin`.
/// - Returns: 1 if something could not be started or was not answered.
func relayCost(_ arguments: [String]) -> Int32 {
  let rounds = max(20, arguments.first.flatMap { Int($0) } ?? 400)
  let options = Array(arguments.drop { Int($0) != nil })
  print("Time that a proxy adds to a request, in us; one at a time, in turn through each.")
  print("relay: reads whole, compares with the request before, sends on. Ratios are to it.\n")
  print("    body   direct   relay p50    p99   holdfast p50    p99   ratio p50")
  for size in [10_000, 100_000, 1_000_000, 4_000_000] {
    let count = max(20, rounds * 10_000 / max(10_000, size / 10))
    guard let row = measure(size, min(rounds, count), options) else {
      print("holdfast cannot be started, or a request was not answered")
      return 1
    }
    print(row)
    fflush(nil)
  }
  return 0
}

private func measure(_ size: Int, _ rounds: Int, _ options: [String]) -> String? {
  guard let folder = ScratchFolder() else { return nil }
  defer { folder.remove() }
  let ports = (0..<5).map { _ in freePort() }
  func peer(_ arguments: [Int]) -> ChildProgram? {
    ChildProgram([RelayPeer.argument] + arguments.map { String($0) }, file: "holdfast-bench")
  }
  guard let server = peer([ports[0]]) else { return nil }
  defer { server.stop() }
  guard let behindRelay = peer([ports[1]]), let behindHoldfast = peer([ports[2]]) else {
    return nil
  }
  defer { for child in [behindRelay, behindHoldfast] { child.stop() } }
  guard let relay = peer([ports[3], ports[1]]) else { return nil }
  defer { relay.stop() }
  let holdfast = ChildProgram(
    [
      "--listen", "127.0.0.1:\(ports[4])", "--upstream", "http://127.0.0.1:\(ports[2])", "--no-tui",
      "--no-control", "--no-config", "--no-probes", "--ledger", folder.path + "/ledger",
    ] + options)
  guard let holdfast else { return nil }
  defer { holdfast.stop() }
  var ways: [RelayClient] = []
  defer { for way in ways { way.close() } }
  for port in [ports[0], ports[3], ports[4]] {
    guard let client = RelayClient(port: port) else { return nil }
    ways.append(client)
  }
  guard let times = times(ways, size, rounds) else { return nil }
  return row(size, times)
}

/// Nanoseconds of each round, by way.
private func times(_ ways: [RelayClient], _ size: Int, _ rounds: Int) -> [[UInt64]]? {
  var times = ways.map { _ in [UInt64]() }
  var talk = Talk(size: size, seed: 1)
  var seed: UInt64 = 1
  for round in 0..<rounds + 5 {
    // A conversation that has doubled ends, as agents compact theirs.
    if talk.bytes > 2 * size {
      seed += 1
      talk = Talk(size: size, seed: seed)
    }
    talk.grow()
    let request = request(talk.body())
    for place in ways.indices {
      let way = (place + round) % ways.count
      guard let time = ways[way].time(of: request) else { return nil }
      if round >= 5 { times[way].append(time) }
    }
  }
  return times
}

private func request(_ body: ByteBuffer) -> ByteBuffer {
  let request = ByteBuffer(capacity: body.count + 200)
  request.append("POST /v1/chat/completions HTTP/1.1\r\nHost: bench\r\n")
  request.append("Content-Type: application/json\r\nContent-Length: \(body.count)\r\n\r\n")
  request.append(body.bytes)
  return request
}

private func row(_ size: Int, _ times: [[UInt64]]) -> String {
  func quantile(_ values: [Int], _ percent: Int) -> Int {
    values.sorted()[min(values.count - 1, values.count * percent / 100)] / 1000
  }
  func added(_ way: Int, _ percent: Int) -> Int {
    quantile(zip(times[way], times[0]).map { Int($0) - Int($1) }, percent)
  }
  let ratio = Double(added(2, 50)) / Double(max(1, added(1, 50)))
  return column(size, 8) + column(quantile(times[0].map { Int($0) }, 50), 9)
    + column(added(1, 50), 12)
    + column(added(1, 99), 7) + column(added(2, 50), 15) + column(added(2, 99), 7)
    + "        \((ratio * 100).rounded() / 100)"
}

private func column(_ number: Int, _ width: Int) -> String {
  let text = String(number)
  return String(repeating: " ", count: max(0, width - text.count)) + text
}

/// One connection that sends a request and waits for its answer.
private struct RelayClient {
  private let descriptor: Int32
  private let answers: HTTPMessages

  /// Nil if nobody listens there.
  init?(port: Int) {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    answers = HTTPMessages(descriptor: descriptor)
    guard connect(descriptor, port: port) else {
      Glibc.close(descriptor)
      return nil
    }
    noDelay(descriptor)
  }

  func close() { Glibc.close(descriptor) }

  /// Nanoseconds; nil without an answer.
  func time(of request: ByteBuffer) -> UInt64? {
    let begin = Loop.monotonicNanos()
    guard sendWhole(request.bytes, to: descriptor), answers.next() else { return nil }
    return Loop.monotonicNanos() - begin
  }
}
