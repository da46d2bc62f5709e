import Bytes
import Engine
import Prefix
import Prompt
import Proxy
import Testing
import Turns
import Wire

/// Turns of one session that overlap, on a pinned engine without sockets.
private final class OverlapBench {
  private(set) var engine: Engine!
  private(set) var started: [TurnRecord] = []
  private(set) var notices: [String] = []

  init() {
    var configuration = EngineConfiguration(upstreams: [.init(name: "default", address: "h:1")])
    configuration.mode = .hold
    engine = Engine(
      configuration: configuration,
      clock: EngineClock(monotonicMillis: { 1_000 }, wallMillis: { 1_000_000 })
    ) { [unowned self] event in
      switch event {
      case .started(let record): started.append(record)
      case .notice(let notice): notices.append(notice.text)
      default: break
      }
    }
  }

  struct Running {
    var plan: ExchangePlan
    var record: TurnRecord
    var messages: [JSONValue]
  }

  func begin(_ messages: [String]) -> Running? {
    let body = #"{"model":"m","messages":[\#(messages.joined(separator: ","))]}"#
    let plan = engine.plan(
      for: ReceivedRequest(
        head: RequestHead(method: "POST", target: "/v1/chat/completions", fields: HeaderFields()),
        body: ByteBuffer(copying: Array(body.utf8)), connection: 1, upstream: 0,
        receivedAtMillis: 1_000_000))
    plan.observer?.forwarded()
    let sent = plan.body.flatMap { Array($0.bytes) }
    guard let record = started.last,
      let messages = sent.withUnsafeBytes({ JSONValue($0) })?["messages"]?.array
    else { return nil }
    return Running(plan: plan, record: record, messages: messages)
  }

  func end(_ running: Running, status: Int) {
    var fields = HeaderFields()
    fields.append(name: "Content-Type", value: "application/json")
    running.plan.observer?.responseHead(ResponseHead(status: status, fields: fields))
    running.plan.observer?.ended(.complete(status: status))
  }
}

/// An agent that goes on without waiting, and edits an early message now and then.
private struct Hasty {
  var messages = [#"{"role":"user","content":"please fix the parser, revision 0"}"#]
  var steps = 0
  var revision = 0

  mutating func step() {
    steps += 1
    messages.append(#"{"role":"assistant","content":"step \#(steps)"}"#)
    messages.append(#"{"role":"user","content":"and then step \#(steps) of the whole plan"}"#)
  }

  mutating func edit() {
    revision += 1
    messages[0] = #"{"role":"user","content":"please fix the parser, revision \#(revision)"}"#
  }
}

@Suite struct OverlapTests {
  @Test func `a refused turn leaves the table of the turn that followed it alone`() throws {
    let bench = OverlapBench()
    var agent = Hasty()
    for _ in 0..<4 { agent.step() }
    bench.end(try #require(bench.begin(agent.messages)), status: 200)
    agent.edit()
    agent.step()
    let first = try #require(bench.begin(agent.messages))
    agent.step()
    let second = try #require(bench.begin(agent.messages))
    #expect(first.record.pin == .held && second.record.pin == .held)
    first.plan.observer?.retriedWithOriginalBody(status: 400)
    bench.end(first, status: 200)
    bench.end(second, status: 200)
    agent.step()
    let third = try #require(bench.begin(agent.messages))
    #expect(third.record.pin == .held)
    #expect(Array(third.messages.prefix(second.messages.count)) == second.messages)
  }

  @Test func `a turn refused twice leaves what the server had before it`() throws {
    let bench = OverlapBench()
    var agent = Hasty()
    for _ in 0..<4 { agent.step() }
    bench.end(try #require(bench.begin(agent.messages)), status: 200)
    agent.edit()
    agent.step()
    let held = try #require(bench.begin(agent.messages))
    bench.end(held, status: 200)
    agent.step()
    let refused = try #require(bench.begin(agent.messages))
    refused.plan.observer?.retriedWithOriginalBody(status: 400)
    bench.end(refused, status: 400)
    let again = try #require(bench.begin(agent.messages))
    #expect(again.record.pin == .held)
    #expect(Array(again.messages.prefix(held.messages.count)) == held.messages)
  }

  /// Whatever overlaps, and however it ends: each request extends the one that was forwarded last
  /// and not refused, or says that it does not.
  @Test(arguments: 1...20)
  func `overlapping turns lose no update`(_ seed: Int) throws {
    var state = UInt64(seed) &* 0x9E37_79B9_7F4A_7C15
    func random(_ n: UInt64) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int((state >> 33) % n)
    }
    let bench = OverlapBench()
    var agent = Hasty()
    for _ in 0..<4 { agent.step() }
    var last = try #require(bench.begin(agent.messages))
    bench.end(last, status: 200)
    var running: [OverlapBench.Running] = []
    var held = 0
    for _ in 0..<60 {
      if random(3) == 0 { agent.edit() }
      agent.step()
      let next = try #require(bench.begin(agent.messages))
      #expect(next.record.session == last.record.session)
      switch next.record.pin {
      case .held, .untouched:
        held += 1
        #expect(Array(next.messages.prefix(last.messages.count)) == last.messages)
      case .refused, .rebased: break
      }
      last = next
      running.append(next)
      while running.count > random(4) {
        let ended = running.remove(at: random(UInt64(running.count)))
        let isNewest = ended.record.turn == last.record.turn
        // The newest alone is retried rarely: then its own bytes are what the server has.
        if random(4) == 0, !isNewest { ended.plan.observer?.retriedWithOriginalBody(status: 400) }
        bench.end(ended, status: 200)
      }
    }
    #expect(held > 50)
  }
}
