import Prefix
import Prompt
import Testing

/// Repairs that lose nothing: allowed in `safe`, and without a note.
@Suite struct LosslessRepairTests {
  @Test(arguments: [Dialect.openAIChat, .openAIResponses, .anthropicMessages])
  func `arguments in another order keep the first one`(_ dialect: Dialect) throws {
    var bench = try RepairBench(dialect, mode: .safe)
    let sent = try bench.hold(.argumentsRewritten) {
      $0.changeCall(3) { $0.calls[0].arguments.reverse() }
    }
    #expect(!sent.contains("[context update"))
  }

  @Test(arguments: [Dialect.openAIChat, .openAIResponses, .anthropicMessages])
  func `ids made anew are named back on both sides`(_ dialect: Dialect) throws {
    var bench = try RepairBench(dialect, mode: .safe)
    let sent = try bench.hold(.idsRegenerated) {
      $0.changeCall(3) { $0.calls[0].id = "other_2" }
      $0.changeResult(4) { $0.id = "other_2" }
    }
    #expect(!sent.contains("other_2"))
  }

  @Test func `an id made anew on one side only is not named back`() throws {
    var bench = try RepairBench(mode: .safe)
    let turn = try bench.send { $0.changeCall(3) { $0.calls[0].id = "other_2" } }
    #expect(String(decoding: turn.forwarded, as: UTF8.self).contains("other_2") || turn.isComplete)
  }

  @Test func `tools stay in their first order and schemas in their first writing`() throws {
    var bench = try RepairBench(.anthropicMessages, mode: .safe)
    let before = bench.last
    let turn = try bench.send {
      $0.tools.swapAt(0, 2)
      $0.swapped.insert("read")
    }
    #expect(turn.decision.repairs == [RepairSet(.toolOrder), RepairSet(.toolSchema)])
    #expect(Array(turn.rendered.prefix(before.rendered.count)) == before.rendered)
  }

  @Test func `a string that became a list of one part keeps its form`() throws {
    var bench = try RepairBench(mode: .safe)
    let before = bench.last
    let turn = try bench.send {
      $0.items[0] = .user(lines: ["Please fix it.", "It fails."], reminder: nil, asParts: true)
    }
    #expect(Array(turn.rendered.prefix(before.rendered.count)) == before.rendered)
  }

  @Test func `a bare system string is never put into a list`() throws {
    var bench = try RepairBench(.anthropicMessages) { $0.systemIsString = true }
    let turn = try bench.send { $0.systemIsString = false }
    #expect(turn.forwarded == turn.received)
    #expect(turn.decision.outcome == .rebased("a string became a list, or a list a string"))
  }
}

extension PinnedAgent.Turn {
  /// Whether every result has its call in front of it.
  fileprivate var isComplete: Bool {
    Promises.Body(forwarded, reception.history.index.dialect)
      .map { Order.flaws($0.messages).pairs == 0 } ?? false
  }
}
