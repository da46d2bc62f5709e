import Prefix
import Prompt
import Testing

@Suite struct DroppedMessagesRepairTests {
  @Test(arguments: [Dialect.openAIChat, .openAIResponses, .anthropicMessages])
  func `a call and its result that were left out stay together`(_ dialect: Dialect) throws {
    var bench = try RepairBench(dialect) { for n in 5...12 { RepairBench.step(&$0, n) } }
    let sent = try bench.hold(.inPlaceEdit) { $0.items.removeSubrange(3...4) }
    #expect(sent.contains("line 2-3 of the file"))
  }

  @Test func `a call that lost its result only is accepted`() throws {
    var bench = try RepairBench { for n in 5...12 { RepairBench.step(&$0, n) } }
    let turn = try bench.send { $0.items.remove(at: 4) }
    guard case .rebased = turn.decision.outcome else {
      Issue.record("\(turn.decision.outcome)")
      return
    }
    #expect(turn.forwarded == turn.received)
  }

  @Test func `much at once is a decision to forget`() throws {
    var bench = try RepairBench { for n in 5...12 { RepairBench.step(&$0, n) } }
    let turn = try bench.send { $0.items.removeSubrange(3...14) }
    guard case .rebased = turn.decision.outcome else {
      Issue.record("\(turn.decision.outcome)")
      return
    }
  }
}
