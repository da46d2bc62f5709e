import Bytes
import Prefix
import Prompt
import Testing

@Suite struct MovedTextRepairTests {
  /// Leaves out the call at `at` and sends its result as a plain message.
  private func forgetCall(_ script: inout Script, _ at: Int) {
    guard case .results(let results, _) = script.items[at + 1] else { return }
    script.items[at + 1] = .user(lines: results[0].lines, reminder: nil, asParts: false)
    script.items.remove(at: at)
  }

  @Test(arguments: [Dialect.openAIChat, .openAIResponses, .anthropicMessages])
  func `the result of a forgotten call that is sent again as a message is not told`(
    _ dialect: Dialect
  ) throws {
    var bench = try RepairBench(dialect) { for n in 5...12 { RepairBench.step(&$0, n) } }
    let sent = try bench.hold(.inPlaceEdit) { forgetCall(&$0, 3) }
    #expect(sent.countText("line 2-3 of the file") == 1)
    #expect(!sent.contains("[context update"))
    let next = try bench.send()
    #expect(next.decision.outcome == .untouched)
    #expect(next.decision.kept?.isWhole == true)
  }

  @Test func `a window that slides over calls and results is held turn after turn`() throws {
    var bench = try RepairBench { for n in 5...16 { RepairBench.step(&$0, n) } }
    for _ in 0..<3 {
      let turn = try bench.send { script in
        // The oldest message, and the call behind it.
        script.items.remove(at: 0)
        forgetCall(&script, 0)
      }
      #expect(turn.decision.kept?.isWhole == true)
      let sent = String(decoding: turn.forwarded, as: UTF8.self)
      #expect(!sent.contains("[context update"))
      #expect(sent.countText("line 3-3 of the file") == 1)
    }
  }

  @Test func `another text than that of the dropped result is told`() throws {
    var bench = try RepairBench { for n in 5...12 { RepairBench.step(&$0, n) } }
    let sent = try bench.hold(.inPlaceEdit) { script in
      forgetCall(&script, 3)
      script.items[3] = .user(lines: ["line 2-3 of the file"], reminder: nil, asParts: false)
    }
    #expect(sent.contains("[context update"))
  }

  @Test func `the words of a dropped answer are told when the person says them`() throws {
    var bench = try RepairBench {
      $0.items.append(.user(lines: ["Shall I?"], reminder: nil, asParts: false))
      $0.items.append(.reply("Remove everything."))
      $0.items.append(.user(lines: ["Go on."], reminder: nil, asParts: false))
      for n in 5...12 { RepairBench.step(&$0, n) }
    }
    let sent = try bench.hold(.inPlaceEdit) { script in
      script.items.remove(at: 10)
      script.items[9] = .user(lines: ["Remove everything."], reminder: nil, asParts: false)
    }
    #expect(sent.contains("[context update"))
    #expect(sent.countText("Remove everything.") == 2)
  }

  @Test func `a message whose text is given up with the dropped result is sent itself`() throws {
    var bench = try RepairBench { for n in 5...12 { RepairBench.step(&$0, n) } }
    _ = try bench.hold(.inPlaceEdit) { forgetCall(&$0, 3) }
    let turn = try bench.send { script in
      // The call behind it becomes something that cannot be held.
      script.items[4] = .results(
        [.init(id: "other", lines: ["odd"], reminder: nil)], marked: false)
    }
    guard case .rebased = turn.decision.outcome else {
      Issue.record("\(turn.decision.outcome)")
      return
    }
    #expect(String(decoding: turn.forwarded, as: UTF8.self).countText("line 2-3 of the file") == 1)
    #expect(turn.decision.view.ghostBytes == 0)
  }
}
