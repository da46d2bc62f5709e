import Prefix
import Prompt
import Testing

@Suite struct InsertedMessageRepairTests {
  @Test(arguments: [Dialect.openAIChat, .openAIResponses, .anthropicMessages])
  func `a message put among old ones is left out of its place and told at the tail`(
    _ dialect: Dialect
  ) throws {
    var bench = try RepairBench(dialect)
    let sent = try bench.hold(.inPlaceEdit) {
      $0.items.insert(
        .user(lines: ["Mind the tests."], reminder: nil, asParts: false), at: 3)
    }
    #expect(sent.replacing("Mind the tests.", "").utf8.count == sent.utf8.count - 15)
    // It stays out of its place on every later turn.
    let next = try bench.send()
    #expect(next.decision.outcome == .untouched)
    #expect(next.decision.kept?.isWhole == true)
  }

  @Test func `a system block put behind the others is told, not rendered in front`() throws {
    var bench = try RepairBench(.anthropicMessages)
    let sent = try bench.hold(.inPlaceEdit) { $0.system.append("# memory\n- likes tabs") }
    #expect(sent.contains("a system message was put in"))
  }

  @Test(arguments: [4096, 4097])
  func `a message of 4096 bytes is told, and of one byte more accepted`(_ count: Int) throws {
    var bench = try RepairBench()
    let text = String(repeating: "a", count: count)
    let turn = try bench.send {
      $0.items.insert(.user(lines: [text], reminder: nil, asParts: false), at: 3)
    }
    let isHeld = turn.decision.outcome == .held([.inPlaceEdit])
    #expect(isHeld == (count == 4096))
  }

  @Test func `a tool call put among old ones is accepted`() throws {
    var bench = try RepairBench()
    let turn = try bench.send {
      var extra = Script(dialect: .openAIChat, system: [])
      RepairBench.step(&extra, 99)
      $0.items.insert(contentsOf: extra.items, at: 3)
    }
    guard case .rebased = turn.decision.outcome else {
      Issue.record("\(turn.decision.outcome)")
      return
    }
    #expect(turn.forwarded == turn.received)
  }
}
