import Bytes
import Prefix
import Prompt
import Testing

/// A short pinned conversation that a test changes once.
struct RepairBench {
  let agent: PinnedAgent
  var script: Script
  private(set) var last: PinnedAgent.Turn

  /// - Parameter prepare: changes the first request.
  init(
    _ dialect: Dialect = .openAIChat, mode: PinMode = .hold,
    _ prepare: (inout Script) -> Void = { _ in }
  ) throws {
    agent = PinnedAgent(mode)
    script = Script(
      dialect: dialect, system: ["You are an agent.\nToday is 2026-11-21.\nBe brief."])
    script.items = [.user(lines: ["Please fix it.", "It fails."], reminder: nil, asParts: false)]
    for number in 1...4 { Self.step(&script, number) }
    prepare(&script)
    last = try #require(agent.send(script))
  }

  static func step(_ script: inout Script, _ number: Int) {
    script.items.append(
      .call(
        Script.Call(
          said: "Looking, step \(number).", reasoning: "I think \(number).", signature: nil,
          calls: [(id: "call_\(number)", arguments: [("path", "f\(number)"), ("limit", "4")])])))
    script.items.append(
      .results(
        [
          Script.Result(
            id: "call_\(number)", lines: (0..<6).map { "line \(number)-\($0) of the file" },
            reminder: nil)
        ], marked: false))
  }

  /// Applies a change, goes one step on and sends.
  mutating func send(
    steps: Int = 1, _ change: (inout Script) -> Void = { _ in }
  ) throws -> PinnedAgent.Turn {
    change(&script)
    for _ in 0..<steps { Self.step(&script, script.items.count) }
    last = try #require(agent.send(script))
    return last
  }

  /// The same, and it must have been held: the server's blocks are all there, in place.
  mutating func hold(
    _ cause: Cause, _ change: (inout Script) -> Void
  ) throws -> String {
    let before = last
    let turn = try send(change)
    #expect(turn.decision.outcome == .held([cause]))
    #expect(turn.decision.kept?.isWhole == true)
    #expect(Array(turn.rendered.prefix(before.rendered.count)) == before.rendered)
    return String(decoding: turn.forwarded, as: UTF8.self)
  }
}

extension Script {
  mutating func changeResult(_ at: Int, _ change: (inout Result) -> Void) {
    guard case .results(var results, let marked) = items[at] else { return }
    change(&results[0])
    items[at] = .results(results, marked: marked)
  }

  mutating func changeCall(_ at: Int, _ change: (inout Call) -> Void) {
    guard case .call(var call) = items[at] else { return }
    change(&call)
    items[at] = .call(call)
  }
}

extension PinnedAgent {
  func send(_ script: Script) -> Turn? {
    let bytes = Array(script.json.utf8)
    guard
      let reception = agent.table.receive(
        ByteBuffer(copying: bytes), dialect: script.dialect,
        RequestContext(
          key: GroupKey(credential: 1, upstream: 0, dialect: script.dialect), hint: nil,
          connection: 1, now: 1000))
    else { return nil }
    let decision = decide(reception)
    lastSession = reception.session
    return Turn(
      reception: reception, decision: decision, received: bytes,
      forwarded: decision.body.flatMap { Array($0.bytes) })
  }
}
