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
  var folder = Array("/tmp/holdfast-soak-XXXXXX".utf8CString)
  guard mkdtemp(&folder) != nil else { return 1 }
  let place = String(decoding: folder.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  let files = ["turns", "ledger", "ledger-wal", "ledger-shm"].map { "\(place)/\($0)" }
  defer {
    for file in files { unlink(file) }
    rmdir(place)
  }
  let port = freePort()
  let program = SoakedProgram(
    [
      "--listen", "127.0.0.1:\(port)", "--upstream", "http://\(simulator.address)", "--no-tui",
      "--ndjson", files[0], "--ledger", files[1], "--max-sessions", "32", "--keep-bodies", "8M",
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

private func run(_ turns: Int, _ port: Int, _ program: SoakedProgram) -> Int32 {
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

/// A port at which nobody listens just now.
private func freePort() -> Int {
  let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
  defer { close(listener) }
  var address = loopback(port: 0)
  var size = socklen_t(MemoryLayout<sockaddr_in>.size)
  withUnsafeMutablePointer(to: &address) {
    $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
      _ = bind(listener, $0, size)
      _ = getsockname(listener, $0, &size)
    }
  }
  return Int(UInt16(bigEndian: address.sin_port))
}

private func loopback(port: Int) -> sockaddr_in {
  var address = sockaddr_in()
  address.sin_family = sa_family_t(AF_INET)
  address.sin_port = in_port_t(UInt16(clamping: port)).bigEndian
  address.sin_addr.s_addr = in_addr_t(INADDR_LOOPBACK).bigEndian
  return address
}

/// One agent: conversations one after the other on connections that are kept open. Every fourth one
/// changes an old message now and then, and every fifth one goes away in the middle of an answer.
private struct SoakAgent {
  private let port: Int
  private let number: Int
  private var descriptor: Int32 = -1
  private var messages: [String] = []
  private var conversation = 0
  private var turn = 0

  init(port: Int, number: Int) {
    self.port = port
    self.number = number
  }

  func close() { if descriptor >= 0 { Glibc.close(descriptor) } }

  /// - Returns: false if there was no whole answer.
  mutating func play() -> Bool {
    if messages.isEmpty || messages.count > 80 {
      conversation += 1
      messages = [
        #"{"role":"system","content":"Agent \#(number), task \#(conversation). \#(text(400))"}"#
      ]
    }
    turn += 1
    messages.append(#"{"role":"user","content":"Step \#(turn). \#(text(120))"}"#)
    if number % 4 == 0, turn % 7 == 0, messages.count > 4 {
      messages[2] = #"{"role":"assistant","content":"changed \#(turn)"}"#
    }
    let leaves = number % 5 == 0 && turn % 6 == 0
    let body =
      #"{"model":"soak","stream":true,"max_tokens":24,"messages":[\#(messages.joined(separator: ","))]}"#
    let isAnswered = exchange(body, leaves: leaves)
    messages.append(#"{"role":"assistant","content":"Done with step \#(turn)."}"#)
    return isAnswered
  }

  private func text(_ words: Int) -> String {
    (0..<words).map { "w\(($0 &* 7919 &+ conversation &* 31 &+ number) % 997)" }
      .joined(separator: " ")
  }

  private mutating func exchange(_ body: String, leaves: Bool) -> Bool {
    if descriptor < 0 {
      descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
      var address = loopback(port: port)
      let connected = withUnsafeMutablePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
      }
      guard connected == 0 else { return drop() }
    }
    var request =
      "POST /v1/chat/completions HTTP/1.1\r\nHost: soak\r\nContent-Length: \(body.utf8.count)\r\n\r\n"
      + body
    let isSent = request.withUTF8 { sendAll(UnsafeRawBufferPointer($0)) }
    guard isSent else { return drop() }
    var buffer = [UInt8](repeating: 0, count: 65_536)
    var tail: [UInt8] = []
    while true {
      let count = read(descriptor, &buffer, buffer.count)
      guard count > 0 else { return drop() }
      if leaves {
        _ = drop()
        return true
      }
      tail = Array((tail + buffer[..<count]).suffix(5))
      if tail.elementsEqual("0\r\n\r\n".utf8) { return true }
    }
  }

  private func sendAll(_ bytes: UnsafeRawBufferPointer) -> Bool {
    var rest = bytes
    while let start = rest.baseAddress, rest.count > 0 {
      let count = send(descriptor, start, rest.count, Int32(MSG_NOSIGNAL))
      if count <= 0 { return false }
      rest = UnsafeRawBufferPointer(rebasing: rest[count...])
    }
    return true
  }

  private mutating func drop() -> Bool {
    Glibc.close(descriptor)
    descriptor = -1
    return false
  }
}
