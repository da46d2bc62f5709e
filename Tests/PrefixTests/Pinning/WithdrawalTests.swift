import Bytes
import Prefix
import Prompt
import Testing

/// Messages that are left out because they no longer hold.
@Suite struct WithdrawalTests {
  private static let withdrawn =
    "a system message was taken out and is no longer valid:\n- PLAN MODE: do not edit.\n"

  private func bench(_ dialect: Dialect) throws -> RepairBench {
    try RepairBench(dialect) {
      $0.system += ["PLAN MODE: do not edit.", "Style: terse."]
      for n in 5...12 { RepairBench.step(&$0, n) }
    }
  }

  @Test(arguments: [Dialect.openAIChat, .anthropicMessages])
  func `a system instruction that was taken out is told once`(_ dialect: Dialect) throws {
    var bench = try bench(dialect)
    _ = try bench.hold(.inPlaceEdit) { $0.system.remove(at: 1) }
    #expect(bench.note == Self.withdrawn)
    let next = try bench.send()
    #expect(next.decision.outcome == .untouched)
    #expect(bench.note.isEmpty && next.decision.kept?.isWhole == true)
  }

  @Test(arguments: [Dialect.openAIChat, .openAIResponses])
  func `one among the messages is told as well`(_ dialect: Dialect) throws {
    var bench = try RepairBench(dialect) {
      $0.items.insert(.system("PLAN MODE: do not edit."), at: 3)
      for n in 5...12 { RepairBench.step(&$0, n) }
    }
    let sent = try bench.hold(.inPlaceEdit) { $0.items.remove(at: 3) }
    #expect(sent.contains(#"no longer valid:\n- PLAN MODE: do not edit."#))
  }

  @Test func `lines that another instruction now says are not told to be gone`() throws {
    var bench = try bench(.openAIChat)
    _ = try bench.hold(.inPlaceEdit) {
      $0.system.remove(at: 1)
      $0.system[0] += "\nPLAN MODE: do not edit."
    }
    #expect(bench.note == "the system prompt now reads:\n+ PLAN MODE: do not edit.\n")
  }

  @Test func `an instruction is told to be gone when one behind it takes its place`() throws {
    let agent = PinnedAgent(.hold)
    var talk = Conversation()
    for _ in 0..<4 { talk.step() }
    talk.messages.insert(
      contentsOf: [
        #"{"role":"system","content":"Mind the tests."}"#,
        #"{"role":"system","content":"Be terse."}"#,
      ], at: 1)
    _ = try #require(agent.send(talk))
    talk.messages.replaceSubrange(
      1...2, with: [#"{"role":"system","content":[{"type":"text","text":"Be terse."}]}"#])
    talk.step()
    let turn = try #require(agent.send(talk))
    #expect(turn.decision.outcome == .held([.inPlaceEdit]))
    let sent = String(decoding: turn.forwarded, as: UTF8.self)
    #expect(sent.contains("- Mind the tests.") && !sent.contains("- Be terse."))
  }

  @Test func `conversation that was left out stays without a word`() throws {
    var bench = try bench(.openAIChat)
    _ = try bench.hold(.inPlaceEdit) { $0.items.removeSubrange(3...4) }
    #expect(bench.note.isEmpty)
  }

  @Test func `a message that was told by a note is told again when it is taken out`() throws {
    var bench = try RepairBench()
    _ = try bench.hold(.inPlaceEdit) {
      $0.items.insert(.user(lines: ["A freeze is on."], reminder: nil, asParts: false), at: 1)
    }
    _ = try bench.hold(.inPlaceEdit) { $0.items.remove(at: 1) }
    #expect(
      bench.note == "a user message was taken out and is no longer valid:\n- A freeze is on.\n")
  }

  @Test func `an instruction is sent no more when the note of its withdrawal is lost`() throws {
    var bench = try bench(.openAIChat)
    _ = try bench.hold(.inPlaceEdit) { $0.system.remove(at: 1) }
    // The message that carried the note is gone.
    let turn = try bench.send {
      $0.items.removeLast(4)
      $0.items.append(.user(lines: ["Rather stop here."], reminder: nil, asParts: false))
    }
    #expect(!String(decoding: turn.forwarded, as: UTF8.self).contains("PLAN MODE"))
  }
}
