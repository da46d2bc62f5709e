import Bytes
import Prefix
import Prompt
import TestSupport
import Testing

/// Agents that begin alike and take equal steps, turn about.
@Suite struct TwinAgentTests {
  @Test(
    arguments: [Dialect.openAIChat, .anthropicMessages, .openAIResponses], TwinAgent.Calls.allCases)
  func `no agent is sent the words of another one, and none of its own are lost`(
    _ dialect: Dialect, _ calls: TwinAgent.Calls
  ) throws {
    var held = 0
    for seed in 0..<PromiseTests.rounds * 4 {
      var random = SplitMix(seed: PromiseTests.seed &+ UInt64(seed))
      let proxy = PinnedAgent(.hold, SessionTable(seed: UInt32(seed)))
      var agents = ["A", "B", "C"].prefix(seed % 2 + 2).map { TwinAgent($0, dialect, calls) }
      // Some begin as copies of one that is under way.
      for _ in 0..<seed % 3 {
        agents[0].step(&random)
        for at in agents.indices { agents[at].steps = agents[0].steps }
      }
      let shared = TwinAgent.owned(agents[0].body(clock: 0))
      for clock in 0..<24 {
        let at = Int.random(in: 0..<agents.count, using: &random)
        let body = agents[at].body(clock: clock)
        let turn = try #require(proxy.send(body, dialect, connection: UInt64(seed % 4 * at)))
        if case .held = turn.decision.outcome { held += 1 }
        let sent = TwinAgent.owned(turn.forwarded)
        let foreign = sent.subtracting(shared).filter { !$0.hasPrefix("own-\(agents[at].name)") }
        let lost = TwinAgent.owned(body).subtracting(sent)
        #expect(
          foreign.isEmpty && lost.isEmpty,
          "seed \(seed) turn \(clock) \(agents[at].name): \(foreign.sorted()), lost \(lost.sorted())"
        )
        if !foreign.isEmpty { return }
        agents[at].step(&random)
      }
    }
    #expect(held > PromiseTests.rounds * 20)
  }
}

extension PinnedAgent {
  func send(_ body: String, _ dialect: Dialect, connection: UInt64) -> (
    reception: Reception, decision: PinDecision, forwarded: String
  )? {
    guard
      let reception = agent.table.receive(
        ByteBuffer(copying: Array(body.utf8)), dialect: dialect,
        RequestContext(
          key: GroupKey(credential: 1, upstream: 0, dialect: dialect), hint: nil,
          connection: connection, now: 1000))
    else { return nil }
    let decision = decide(reception)
    return (
      reception, decision,
      String(decoding: decision.body.flatMap { Array($0.bytes) }, as: UTF8.self)
    )
  }
}
