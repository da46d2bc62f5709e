import Prefix
import Prompt
import Testing

/// Tools whose descriptions are volatile, and tools that come in mid-session.
@Suite struct ToolRepairTests {
  @Test(arguments: [Dialect.openAIChat, .openAIResponses, .anthropicMessages])
  func `a description that changed stays, and the tail says what it reads`(
    _ dialect: Dialect
  ) throws {
    var bench = try RepairBench(dialect)
    let sent = try bench.hold(.toolDescription) { $0.described["write"] = "does port 4711" }
    #expect(sent.containsOnce("does port 4711"))
    #expect(sent.contains("the description of tool write now reads"))
    let before = bench.last
    let turn = try bench.send()
    #expect(turn.decision.kept?.isWhole == true)
    #expect(Array(turn.rendered.prefix(before.rendered.count)) == before.rendered)
    #expect(String(decoding: turn.forwarded, as: UTF8.self).containsOnce("does port 4711"))
  }

  @Test func `each new description is told once, also when it is the first one again`() throws {
    var bench = try RepairBench()
    _ = try bench.hold(.toolDescription) { $0.described["read"] = "does port 1" }
    let second = try bench.hold(.toolDescription) { $0.described["read"] = "does port 2" }
    #expect(second.containsOnce("does port 1") && second.containsOnce("does port 2"))
    let third = try bench.hold(.toolDescription) { $0.described["read"] = nil }
    #expect(third.components("does read") == 2, "in its place and in the note")
  }

  @Test func `a line taken out of a description is told`() throws {
    var bench = try RepairBench(.anthropicMessages) {
      $0.described["read"] = #"does it\nbut not in /etc"#
    }
    let sent = try bench.hold(.toolDescription) { $0.described["read"] = "does it" }
    #expect(sent.contains(#"changed (- is no longer valid):\n- but not in /etc"#))
  }

  @Test func `safe, and a switch, leave a changed description as the agent sends it`() throws {
    var bench = try RepairBench(mode: .safe)
    let turn = try bench.send { $0.described["read"] = "does port 1" }
    #expect(turn.forwarded == turn.received)
    #expect(turn.decision.outcome == .refused("tool description changed: safe forwards it"))
  }

  @Test func `a description that was blanked is never kept`() throws {
    var bench = try RepairBench { $0.described["read"] = "uses password hunter2 to read" }
    let turn = try bench.send { $0.described["read"] = "uses password [REDACTED] to read" }
    #expect(turn.forwarded == turn.received)
  }

  @Test func `a schema that changed with the description is the agent's to change`() throws {
    var bench = try RepairBench(.anthropicMessages)
    let turn = try bench.send {
      $0.tools[0] = "other"
      $0.described["write"] = "does port 1"
    }
    #expect(turn.forwarded == turn.received)
    #expect(turn.decision.outcome == .rebased("tools changed"))
  }

  @Test(arguments: [
    (500, "the description of a tool changed: too much for a note"),
    (501, "more than 500 tools changed"),
  ])
  func `so many tools are compared, and no more`(changed: Int, reason: String) throws {
    let names = (0..<501).map { "tool\($0)" }
    var bench = try RepairBench { $0.tools = names }
    let turn = try bench.send {
      for name in names.prefix(changed) { $0.described[name] = "does port 1" }
    }
    #expect(turn.decision.outcome == .rebased(reason))
  }

  @Test func `a note that is lost takes the held description with it`() throws {
    var bench = try RepairBench()
    _ = try bench.hold(.toolDescription) { $0.described["read"] = "does port 1" }
    // The message that carried the note is gone.
    let turn = try bench.send {
      $0.items.removeLast(4)
      $0.items.append(.user(lines: ["Rather stop here."], reminder: nil, asParts: false))
    }
    let sent = String(decoding: turn.forwarded, as: UTF8.self)
    #expect(sent.containsOnce("does port 1"))
    #expect(!sent.contains("does read"))
  }

  @Test(arguments: [Dialect.openAIChat, .anthropicMessages])
  func `a new tool goes behind those the server has, and the miss is declared`(
    _ dialect: Dialect
  ) throws {
    var bench = try RepairBench(dialect, mode: .safe)
    let turn = try bench.send { $0.tools.insert("apply", at: 0) }
    #expect(turn.decision.outcome == .rebased("a tool was added"))
    let sent = String(decoding: turn.forwarded, as: UTF8.self)
    let names = ["read", "write", "shell", "apply"].compactMap {
      sent.firstRange(of: #""name":"\#($0)","description""#)?.lowerBound
    }
    #expect(names.count == 4 && names == names.sorted())
    let before = bench.last
    let next = try bench.send()
    #expect(next.decision.outcome == .untouched)
    #expect(next.decision.kept?.isWhole == true)
    #expect(Array(next.rendered.prefix(before.rendered.count)) == before.rendered)
  }
}

extension String {
  fileprivate func components(_ text: String) -> Int { ranges(of: text).count }
  fileprivate func containsOnce(_ text: String) -> Bool { components(text) == 1 }
}
