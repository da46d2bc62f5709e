import Bytes
import Engine
import EventLoop
import Glibc
import Prefix
import Proxy
import Simulator
import Synchronization
import Turns
import Upstream
import Wire

/// Plays one session, an early message changed on every turn, through the whole proxy: once as the
/// agent sends it, once pinned. What counts is what the upstream had to prefill, by its own count.
func bench(turns: Int) -> Int32 {
  do {
    let unpinned = try BenchRun(mode: .off, turns: turns).play()
    let pinned = try BenchRun(mode: .hold, turns: turns).play()
    guard unpinned.count == turns, pinned.count == turns else {
      Console.error("holdfast: the bench did not finish: some turns got no answer")
      return 1
    }
    BenchReport.print(unpinned, pinned)
    return 0
  } catch {
    Console.error("holdfast: \(error)")
    return 1
  }
}

/// One pass through a fresh simulator and a fresh proxy.
private final class BenchRun {
  private let mode: PinMode
  private let turns: Int

  init(mode: PinMode, turns: Int) {
    self.mode = mode
    self.turns = turns
  }

  func play() throws -> [TurnRecord] {
    var options = SimulatorOptions()
    options.slots = 1
    options.prefillTokensPerSecond = 0
    options.generationTokensPerSecond = 0
    options.toolCallPercent = 0
    options.storeTokens = 0
    let simulator = try SimulatorThread(options: options)
    defer { simulator.stop() }
    let stage = try BenchStage(upstream: simulator.address, mode: mode)
    let thread = try Thread(name: "bench-proxy") { stage.run() }
    defer {
      stage.stop()
      thread.join()
    }
    var session = BenchSession()
    for turn in 1...turns {
      guard let answer = BenchClient.post(session.body(turn), to: stage.address) else { break }
      session.append(answer, turn)
    }
    stage.waitForTurns(turns)
    return stage.records
  }
}

/// Proxy and engine on a loop and a thread of their own.
private final class BenchStage: @unchecked Sendable {
  let address: SocketAddress
  private let loop: Loop
  private let proxy: ProxyServer
  private let wakeup: Wakeup
  private let finished: FinishedTurns

  init(upstream: SocketAddress, mode: PinMode) throws {
    let loop = try Loop()
    self.loop = loop
    let finished = FinishedTurns()
    self.finished = finished
    var configuration = EngineConfiguration(
      upstreams: [.init(name: "simulator", address: "\(upstream)")])
    configuration.mode = mode
    let engine = Engine(
      configuration: configuration,
      clock: EngineClock(
        monotonicMillis: { Loop.monotonicNanos() / 1_000_000 }, wallMillis: { Loop.wallMillis() })
    ) { event in
      if case .finished(let record) = event { finished.add(record) }
    }
    let proxy = try ProxyServer(
      loop: loop,
      configuration: ProxyConfiguration(
        listen: try SocketAddress(ip: "127.0.0.1", port: 0),
        upstreams: [.init(name: "simulator", url: try UpstreamURL(parsing: "http://\(upstream)"))]),
      observer: engine)
    self.proxy = proxy
    address = proxy.address
    let end = BenchEnd()
    wakeup = try Wakeup(loop: loop) {
      proxy.stop()
      end.wakeup?.close()
      end.wakeup = nil
    }
    end.wakeup = wakeup
  }

  func run() { loop.run() }

  func stop() { wakeup.send() }

  var records: [TurnRecord] { finished.records }

  func waitForTurns(_ count: Int) { finished.wait(for: count) }
}

private final class BenchEnd {
  var wakeup: Wakeup?
}

private final class FinishedTurns: Sendable {
  private let state = Mutex<[TurnRecord]>([])

  func add(_ record: TurnRecord) { state.withLock { $0.append(record) } }

  var records: [TurnRecord] { state.withLock { $0 } }

  /// The last answer is read a moment before its turn is recorded.
  func wait(for count: Int) {
    for _ in 0..<2000 where records.count < count { poll(nil, 0, 1) }
  }
}

/// A coding session in the OpenAI dialect whose first tool result is re-rendered on every turn.
private struct BenchSession {
  private var messages: [String] = []
  private let tools: String

  init() {
    tools = (0..<8).map {
      #"{"type":"function","function":{"name":"tool_\#($0)","description":"\#(Self.text(60, $0))","parameters":{"type":"object","properties":{"path":{"type":"string"}},"required":["path"]}}}"#
    }.joined(separator: ",")
    messages = [
      #"{"role":"system","content":"You are a coding agent. \#(Self.text(300, 1))"}"#,
      #"{"role":"user","content":"Fix the parser. \#(Self.text(80, 2))"}"#,
    ]
    step(0)
    step(1)
  }

  private mutating func step(_ number: Int) {
    messages.append(
      #"{"role":"assistant","content":"Looking.","tool_calls":[{"id":"call_\#(number)","type":"function","function":{"name":"tool_1","arguments":"{\"path\": \"f\#(number).swift\"}"}}]}"#
    )
    messages.append(
      #"{"role":"tool","tool_call_id":"call_\#(number)","content":"\#(Self.text(180, number + 10))"}"#
    )
  }

  func body(_ turn: Int) -> String {
    var sent = messages
    sent[3] =
      #"{"role":"tool","tool_call_id":"call_0","content":"revision \#(turn)\n\#(Self.text(180, 10))"}"#
    return
      #"{"model":"bench","messages":[\#(sent.joined(separator: ","))],"tools":[\#(tools)],"max_tokens":64,"temperature":0}"#
  }

  mutating func append(_ answer: String, _ turn: Int) {
    messages.append(#"{"role":"assistant","content":\#(answer)}"#)
    messages.append(#"{"role":"user","content":"Go on. \#(Self.text(40, turn))"}"#)
    step(turn + 1)
  }

  /// Words that differ with the seed, in lines.
  private static func text(_ words: Int, _ seed: Int) -> String {
    let list = ["let", "value", "index", "return", "buffer", "func", "prefix", "cache", "token"]
    return (0..<words).map { place in
      list[(place * 7 + seed * 13 + place * place) % list.count]
        + "\((place * 31 + seed * 97) % 1000)"
        + (place % 9 == 8 ? "\\n" : "")
    }.joined(separator: " ")
  }
}
