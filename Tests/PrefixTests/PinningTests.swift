import Bytes
import Glibc
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

  @Test(arguments: [PinMode.safe, .hold])
  func `generated sessions keep every promise on every turn`(_ mode: PinMode) throws {
    var random = SplitMix(seed: mode == .safe ? 3 : 5)
    // HOLDFAST_ROUNDS makes it a long run: 40 turns each.
    let rounds = getenv("HOLDFAST_ROUNDS").flatMap { Int(String(cString: $0)) } ?? 6
    var turns = 0
    var rewritten = 0
    for round in 0..<rounds {
      let dialect: Dialect = round % 2 == 0 ? .openAIChat : .anthropicMessages
      let agent = PinnedAgent(mode, SessionTable(seed: UInt32(round)))
      var talk = Conversation(dialect: dialect, topic: "do thing \(round)")
      for _ in 0..<4 { talk.step() }
      var last = try #require(agent.send(talk))
      for _ in 0..<40 {
        if Int.random(in: 0..<2, using: &random) == 0 {
          let candidates = Mutation.all.filter { $0.dialects.contains(dialect) }
          _ = candidates[Int.random(in: 0..<candidates.count, using: &random)]
            .apply(&talk, Int.random(in: 0..<50, using: &random))
        }
        talk.step()
        let turn = try #require(agent.send(talk))
        check(turn, after: last)
        last = turn
        turns += 1
        if turn.decision.isRewritten { rewritten += 1 }
      }
    }
    #expect(turns == rounds * 40)
    #expect(rewritten > turns / 4)
  }

  private func check(_ turn: PinnedAgent.Turn, after last: PinnedAgent.Turn) {
    let isDeclared: Bool
    switch turn.decision.outcome {
    case .untouched, .held: isDeclared = false
    case .refused, .rebased: isDeclared = true
    }
    #expect(turn.index != nil)
    let rendered = turn.rendered
    if !isDeclared {
      #expect(
        Array(rendered.prefix(last.rendered.count)) == last.rendered, "\(turn.decision.outcome)")
    }
    #expect(
      turn.forwarded.count
        <= turn.received.count + turn.decision.ghostBytes + restored(turn) + turn.decision.noteBytes
    )
    #expect(pairsAreComplete(turn))
    for line in lostLines(turn) { Issue.record("lost: \(line) (\(turn.decision.outcome))") }
  }

  /// What was restored or noted earlier may make the forwarded body longer than the received one;
  /// the table says by how much.
  private func restored(_ turn: PinnedAgent.Turn) -> Int {
    turn.decision.isRewritten ? turn.received.count / 10 + 40_000 : 0
  }

  private func pairsAreComplete(_ turn: PinnedAgent.Turn) -> Bool {
    guard let index = turn.index else { return false }
    var open: UInt64 = 0
    for block in index.blocks(of: .messages) {
      if block.kind == .toolResult {
        if block.identity != open { return false }
        open = 0
      } else if open != 0 {
        return false
      }
      if block.kind == .assistant { open = block.identity }
    }
    return true
  }

  /// Lines of text that the agent sent and that are nowhere in what was forwarded.
  private func lostLines(_ turn: PinnedAgent.Turn) -> [String] {
    guard turn.decision.isRewritten else { return [] }
    let forwarded = Set(lines(turn.forwarded))
    return lines(turn.received).filter { line in
      !forwarded.contains(line) && !line.contains("Old tool result content cleared")
    }
  }

  private func lines(_ body: [UInt8]) -> [String] {
    guard let value = body.withUnsafeBytes({ JSONValue($0) }) else { return [] }
    var out: [String] = []
    func walk(_ value: JSONValue, _ key: String) {
      switch value {
      case .string(let text):
        guard key == "content" || key == "text" || key == "description" else { return }
        for line in text.split(separator: "\n") {
          var line = String(line)
          for mark in ["+ ", "- "] where line.hasPrefix(mark) { line = String(line.dropFirst(2)) }
          while line.hasSuffix(" ") { line.removeLast() }
          if !line.isEmpty { out.append(line) }
        }
      case .array(let elements): for element in elements { walk(element, key) }
      case .object(let members): for member in members { walk(member.value, member.key) }
      default: break
      }
    }
    walk(value, "")
    return out
  }
}
