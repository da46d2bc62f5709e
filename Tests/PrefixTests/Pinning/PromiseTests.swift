import Bytes
import Glibc
import Prefix
import Prompt
import Testing

/// Generated sessions in which agents and people do to their history all that they are known to do.
/// HOLDFAST_ROUNDS makes it a long run: so many sessions of 40 turns for each mode and dialect.
/// HOLDFAST_SEED starts it elsewhere.
@Suite struct PromiseTests {
  static let rounds = number("HOLDFAST_ROUNDS") ?? 2
  static let seed = UInt64(number("HOLDFAST_SEED") ?? 1)

  private static func number(_ name: String) -> Int? {
    getenv(name).flatMap { Int(String(cString: $0)) }
  }

  @Test(
    arguments: [PinMode.safe, .hold],
    [Dialect.openAIChat, .openAIResponses, .anthropicMessages])
  func `generated sessions keep every promise on every turn`(
    _ mode: PinMode, _ dialect: Dialect
  ) throws {
    var held = 0
    var turns = 0
    var failures = 0
    for round in 0..<Self.rounds {
      let seed = Self.seed &+ UInt64(round)
      let agent = PinnedAgent(mode, SessionTable(seed: UInt32(truncatingIfNeeded: seed)))
      agent.policy.rendersReasoning = round % 2 == 0
      var author = Author(dialect, seed: seed)
      var promises = Promises()
      for number in 0..<40 {
        if number > 0 { author.turn() }
        guard let turn = agent.send(author) else {
          Issue.record("seed \(seed) turn \(number): not understood")
          break
        }
        turns += 1
        if case .held = turn.decision.outcome { held += 1 }
        let broken = promises.check(turn)
        if !broken.isEmpty {
          failures += 1
          if failures <= 5 {
            Issue.record(
              "\(mode) \(dialect) seed \(seed) turn \(number) \(turn.decision.outcome) \(turn.acts): \(broken.prefix(3))"
            )
          }
          break
        }
      }
    }
    #expect(failures == 0)
    #expect(held * 20 > turns, "hardly anything was held: \(held) of \(turns)")
    if Self.rounds > 100 { print("\(mode) \(dialect): \(turns) turns, \(held) held") }
  }
}

extension PinnedAgent {
  /// Sends the author's request, after the answer that the agent's echo stands for.
  func send(_ author: Author) -> Promises.Turn? {
    if let session = lastSession { agent.table.noteAnswer(author.generated, session) }
    let bytes = Array(author.script.json.utf8)
    let dialect = author.script.dialect
    guard
      let reception = agent.table.receive(
        ByteBuffer(copying: bytes), dialect: dialect,
        RequestContext(
          key: GroupKey(credential: 1, upstream: 0, dialect: dialect), hint: nil, connection: 1,
          now: 1000))
    else { return nil }
    let decision = decide(reception)
    lastSession = reception.session
    let forwarded = decision.body.flatMap { Array($0.bytes) }
    guard let received = Promises.Body(bytes, dialect), let sent = Promises.Body(forwarded, dialect)
    else { return nil }
    return Promises.Turn(
      reception: reception, decision: decision, received: received, forwarded: sent,
      acts: author.acts)
  }
}
