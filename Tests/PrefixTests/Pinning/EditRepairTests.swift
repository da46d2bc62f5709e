import Prefix
import Prompt
import Testing

@Suite struct EditRepairTests {
  @Test(arguments: [Dialect.openAIChat, .openAIResponses, .anthropicMessages])
  func `an edited result stays and the change is told once`(_ dialect: Dialect) throws {
    var bench = try RepairBench(dialect)
    let sent = try bench.hold(.inPlaceEdit) {
      $0.changeResult(2) { $0.lines[1] = "another line altogether" }
    }
    #expect(sent.contains("line 1-1 of the file"))
    #expect(sent.replacing("another line altogether", "").utf8.count == sent.utf8.count - 23)
  }

  @Test func `the note names the block that changed as a reader would`() throws {
    var bench = try RepairBench(.anthropicMessages)
    let result = try bench.hold(.inPlaceEdit) {
      $0.changeResult(2) { $0.lines[1] = "another line altogether" }
    }
    #expect(
      result.contains(
        #"message 2 (tool_result) changed (- is no longer valid, + is new):\n"#
          + #"- line 1-1 of the file\n+ another line altogether"#))
    let system = try bench.hold(.inPlaceEdit) {
      $0.system = ["You are an agent.\nToday is 2026-11-21.\nTell all."]
    }
    #expect(
      system.contains(
        #"the system prompt changed (- is no longer valid, + is new):\n- Be brief.\n+ Tell all."#))
  }

  @Test func `an edit with nothing behind it is the person's`() throws {
    var bench = try RepairBench {
      $0.items.append(.reply("Done."))
      $0.items.append(.user(lines: ["Now the next."], reminder: nil, asParts: false))
    }
    let turn = try bench.send(steps: 0) {
      $0.items[$0.items.count - 1] = .user(
        lines: ["Rather another one."], reminder: nil, asParts: false)
    }
    #expect(turn.forwarded == turn.received)
    #expect(turn.decision.outcome != .untouched)
  }

  @Test func `safe accepts the edit and keeps what stands in front of it`() throws {
    var bench = try RepairBench(mode: .safe)
    let first = bench.last
    let turn = try bench.send {
      $0.tools.swapAt(0, 1)
      $0.changeResult(4) { $0.lines[1] = "another line altogether" }
    }
    guard case .refused = turn.decision.outcome else {
      Issue.record("\(turn.decision.outcome)")
      return
    }
    #expect(Array(turn.rendered.prefix(3)) == Array(first.rendered.prefix(3)))
    #expect(turn.decision.kept?.isWhole == false)
    #expect((turn.decision.kept?.keptBytes ?? 0) > 500)
  }

  @Test func `an edited message with signed thinking is forwarded as sent`() throws {
    var bench = try RepairBench(.anthropicMessages) {
      $0.changeCall(3) { $0.signature = "sig" }
    }
    let turn = try bench.send {
      $0.changeCall(3) {
        $0.said = "Something else."
        $0.reasoning = "Another thought."
      }
    }
    #expect(turn.forwarded == turn.received)
    guard case .rebased = turn.decision.outcome else {
      Issue.record("\(turn.decision.outcome)")
      return
    }
  }

  @Test func `a change too large for a note is accepted`() throws {
    var bench = try RepairBench()
    let turn = try bench.send {
      $0.changeResult(2) { $0.lines = (0..<400).map { "a whole new line, number \($0)" } }
    }
    guard case .rebased = turn.decision.outcome else {
      Issue.record("\(turn.decision.outcome)")
      return
    }
    #expect(turn.forwarded == turn.received)
  }

  @Test func `a change that no note can tell is accepted`() throws {
    let agent = PinnedAgent(.hold)
    var talk = Conversation()
    talk.messages.append(#"{"role":"system","content":"Never touch the database."}"#)
    for _ in 0..<3 { talk.step() }
    _ = try #require(agent.send(talk))
    talk.messages[1] = talk.messages[1].replacing("system", with: "developer")
    talk.step()
    let turn = try #require(agent.send(talk))
    #expect(turn.forwarded == turn.received)
  }
}
