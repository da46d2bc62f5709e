import Bytes
import Prefix
import Prompt
import Testing

@Suite struct PinningTests {
  @Test(arguments: [PinMode.off, .safe, .hold], [Dialect.openAIChat, .anthropicMessages])
  func `a clean session is forwarded byte for byte in every mode`(
    _ mode: PinMode, _ dialect: Dialect
  ) throws {
    let agent = PinnedAgent(mode)
    var talk = Conversation(dialect: dialect)
    for _ in 0..<20 {
      let turn = try #require(agent.send(talk))
      #expect(turn.forwarded == turn.received)
      #expect(!turn.decision.isRewritten)
      talk.step()
    }
  }

  @Test func `an early edit on every turn is held and told at the tail`() throws {
    let agent = PinnedAgent(.hold)
    var talk = Conversation()
    for _ in 0..<4 { talk.step() }
    var last = try #require(agent.send(talk))
    for number in 0..<50 {
      talk.messages[2] = talk.messages[2].replacing("part1_0", "part1_0").replacing(
        "value * 1;", "value * \(number);")
      talk.messages[2] = revised(talk.messages[2], number)
      talk.step()
      let turn = try #require(agent.send(talk))
      #expect(Array(turn.rendered.prefix(last.rendered.count)) == last.rendered)
      #expect(String(decoding: turn.forwarded, as: UTF8.self).contains("revision \(number)"))
      last = turn
    }
    #expect(Double(last.forwarded.count) <= 1.1 * Double(last.received.count) + 8192)
  }

  private func revised(_ message: String, _ number: Int) -> String {
    if number == 0 { return message.replacing("func part1_0", "revision 0 func part1_0") }
    return message.replacing("revision \(number - 1)", "revision \(number)")
  }

  @Test func `safe keeps what is lossless and forwards the rest as sent`() throws {
    let agent = PinnedAgent(.safe)
    var talk = Conversation(dialect: .anthropicMessages)
    for _ in 0..<4 { talk.step() }
    let first = try #require(agent.send(talk))
    talk.tools.swapAt(0, 2)
    talk.step()
    let second = try #require(agent.send(talk))
    #expect(second.decision.outcome == .held([.toolOrder]))
    #expect(Array(second.rendered.prefix(first.rendered.count)) == first.rendered)
    talk.messages[2] = talk.messages[2].replacing("func part", "1| func part")
    talk.step()
    let third = try #require(agent.send(talk))
    guard case .refused = third.decision.outcome else {
      Issue.record("\(third.decision.outcome)")
      return
    }
    let sent = String(decoding: third.forwarded, as: UTF8.self)
    #expect(sent.contains("1| func part"))
    // What was lossless stays, in front of the change.
    #expect(Array(third.rendered.prefix(4)) == Array(first.rendered.prefix(4)))
  }

  @Test func `redacted text is forwarded as sent and kept nowhere`() throws {
    let agent = PinnedAgent(.hold)
    var talk = Conversation()
    talk.step("the password is hunter2hunter2 and stays")
    for _ in 0..<3 { talk.step() }
    _ = try #require(agent.send(talk))
    talk.messages[2] = talk.messages[2].replacing("hunter2hunter2", "[REDACTED]")
    for _ in 0..<3 {
      talk.step()
      let turn = try #require(agent.send(talk))
      #expect(turn.forwarded == turn.received)
      #expect(!String(decoding: turn.forwarded, as: UTF8.self).contains("hunter2"))
    }
  }

  @Test func `a cleared tool result is restored without a note`() throws {
    let agent = PinnedAgent(.hold)
    var talk = Conversation(dialect: .anthropicMessages)
    for _ in 0..<5 { talk.step() }
    let first = try #require(agent.send(talk))
    let mutation = try #require(Mutation.all.first { $0.cause == .toolResultCleared })
    #expect(mutation.apply(&talk, 0) != nil)
    talk.step()
    let second = try #require(agent.send(talk))
    #expect(second.decision.outcome == .held([.toolResultCleared]))
    #expect(second.decision.noteBytes == 0)
    #expect(Array(second.rendered.prefix(first.rendered.count)) == first.rendered)
  }

  @Test func `turning pinning off forwards the agent's own bytes and says so`() throws {
    let agent = PinnedAgent(.hold)
    var talk = Conversation()
    for _ in 0..<4 { talk.step() }
    _ = try #require(agent.send(talk))
    talk.messages[2] = talk.messages[2].replacing("func part", "1| func part")
    talk.step()
    #expect(try #require(agent.send(talk)).decision.isRewritten)
    agent.policy.mode = .off
    talk.step()
    let off = try #require(agent.send(talk))
    #expect(off.forwarded == off.received)
    #expect(off.decision.outcome == .rebased("pinning was turned off"))
  }

  @Test func `a nearly full window is a reason to let go of what was held`() throws {
    let agent = PinnedAgent(.hold)
    var talk = Conversation()
    for _ in 0..<4 { talk.step() }
    _ = try #require(agent.send(talk))
    agent.policy.windowTokens = talk.json().utf8.count / 4
    talk.messages[2] = talk.messages[2].replacing("func part", "1| func part")
    talk.step()
    let turn = try #require(agent.send(talk))
    #expect(turn.decision.outcome == .rebased("the window is nearly full"))
    #expect(turn.forwarded == turn.received)
  }
}
