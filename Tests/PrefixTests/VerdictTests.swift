import Bytes
import Prefix
import Prompt
import TestSupport
import Testing

@Suite struct VerdictTests {
  @Test(arguments: Mutation.all)
  func `a change is named, with its place to the byte`(_ mutation: Mutation) throws {
    for dialect in mutation.dialects {
      for choice in 0..<4 {
        let agent = Agent()
        var talk = Conversation(dialect: dialect)
        for _ in 0..<6 { talk.step() }
        _ = try #require(agent.send(talk))
        let before = talk
        let at = try #require(mutation.apply(&talk, choice))
        #expect(talk.json() != before.json(), "\(mutation) changed nothing")
        talk.step()
        try check(mutation, agent, before, talk, at)
      }
    }
  }

  private func check(
    _ mutation: Mutation, _ agent: Agent, _ before: Conversation, _ talk: Conversation, _ at: Int
  ) throws {
    let reception = try #require(agent.send(talk))
    let verdict = CauseFinder.verdict(reception)
    #expect(verdict.cause == mutation.cause, "\(mutation) \(talk.dialect): \(verdict)")
    let position = try #require(verdict.position)
    guard let group = mutation.group else { return }
    // Chat requests carry the system prompt as their first message.
    let isChatSystem = group == .system && talk.dialect == .openAIChat
    #expect(position.group == (isChatSystem ? .messages : group))
    #expect(position.index == at, "\(mutation)")
    if group != .knobs {
      let after = Array(talk.json().utf8)
      let old = try #require(reception.previous)
      let place = try #require(reception.boundary)
      let block = reception.history.index.blocks[
        min(place.block, reception.history.index.blocks.count - 1)]
      #expect(position.bodyOffset == Int(block.offset) + position.blockOffset)
      if let was = place.oldBlock.flatMap({ old.bytes(of: $0) }),
        place.block < reception.history.index.blocks.count
      {
        let now = after[block.range]
        let common = zip(was, now).prefix { $0 == $1 }.count
        #expect(position.blockOffset == common)
      }
    }
  }

  @Test func `a reminder that is missing on the next turn is a reminder, not an edit`() throws {
    let agent = Agent()
    var talk = Conversation(dialect: .anthropicMessages)
    for _ in 0..<3 { talk.step() }
    let plain = "continue with the next file"
    talk.messages.append(#"{"role":"assistant","content":"Done."}"#)
    talk.messages.append(
      talk.user(plain + #"\n<system-reminder>Your todo list is empty.</system-reminder>"#))
    _ = try #require(agent.send(talk))
    talk.messages[talk.messages.count - 1] = talk.user(plain)
    talk.step()
    let reception = try #require(agent.send(talk))
    #expect(reception.relation == .mutation)
    #expect(CauseFinder.verdict(reception).cause == .reminder)
  }

  @Test func `the billing line is named`() throws {
    let agent = Agent()
    var talk = Conversation(dialect: .anthropicMessages)
    talk.system.insert("x-anthropic-billing-header: cc_version=2.1.36.a1b; cch=00f1e;", at: 0)
    talk.step()
    _ = try #require(agent.send(talk))
    talk.system[0] = "x-anthropic-billing-header: cc_version=2.1.36.a1b; cch=a93bc;"
    talk.step()
    let verdict = CauseFinder.verdict(try #require(agent.send(talk)))
    #expect(verdict.cause == .billingNonce)
    #expect(verdict.position?.path == "system[0].text")
  }

  @Test func `reasoning that is not sent back is named`() throws {
    let agent = Agent()
    var talk = Conversation()
    talk.step()
    talk.messages.append(
      #"{"role":"assistant","content":"Done.","reasoning_content":"first I look, then I think"}"#)
    talk.messages.append(talk.user("go on"))
    for _ in 0..<2 { talk.step() }
    _ = try #require(agent.send(talk))
    talk.messages[3] = #"{"role":"assistant","content":"Done."}"#
    talk.step()
    #expect(CauseFinder.verdict(try #require(agent.send(talk))).cause == .reasoningDropped)
  }

  @Test func `a signed thinking block that changed is never called repairable`() throws {
    let agent = Agent()
    var talk = Conversation(dialect: .anthropicMessages)
    talk.messages.append(
      #"{"role":"assistant","content":[{"type":"thinking","thinking":"hm","signature":"s1"},{"type":"text","text":"Done."}]}"#
    )
    talk.messages.append(talk.user("go on"))
    talk.step()
    _ = try #require(agent.send(talk))
    talk.messages[1] = talk.messages[1].replacing("s1", "s2")
    talk.step()
    let verdict = CauseFinder.verdict(try #require(agent.send(talk)))
    #expect(verdict.cause == .signedThinking)
    #expect(verdict.tier == .never)
  }

  @Test func `an excerpt shows what was and what is, without secrets`() throws {
    let agent = Agent()
    var talk = Conversation()
    talk.step(#"export OPENAI_API_KEY=sk-proj-abcdefghijklmnop1234567890 # old"#)
    talk.step()
    talk.step()
    _ = try #require(agent.send(talk))
    talk.messages[2] = talk.messages[2].replacing("# old", "# new")
    talk.step()
    let verdict = CauseFinder.verdict(try #require(agent.send(talk)))
    #expect(verdict.was.contains("old"))
    #expect(verdict.now.contains("new"))
    #expect(!verdict.was.contains("abcdefghijkl"))
    #expect(!verdict.now.contains("abcdefghijkl"))
  }

  @Test func `what was redacted does not come back in the excerpt`() throws {
    let agent = Agent()
    var talk = Conversation()
    talk.step("the password is hunter2hunter2, keep it")
    talk.step()
    talk.step()
    _ = try #require(agent.send(talk))
    talk.messages[2] = talk.messages[2].replacing("hunter2hunter2", "[REDACTED]")
    talk.step()
    let verdict = CauseFinder.verdict(try #require(agent.send(talk)))
    #expect(verdict.cause == .redaction)
    #expect(verdict.was.isEmpty)
  }

  @Test func `generated sessions: every injected break is named and clean turns are clean`() throws
  {
    var random = SplitMix(seed: 42)
    var matrix: [Cause: [Cause: Int]] = [:]
    var turns = 0
    for round in 0..<120 {
      let dialect: Dialect = round % 2 == 0 ? .openAIChat : .anthropicMessages
      let table = SessionTable(seed: UInt32(round))
      var talks = (0..<3).map { number in
        var talk = Conversation(dialect: dialect, topic: "do thing \(number) of \(round)")
        talk.calls = number * 1000
        return talk
      }
      var agents = (0..<3).map { number in
        var agent = Agent(table)
        agent.connection = UInt64(number % 2)
        return agent
      }
      for number in 0..<3 {
        for _ in 0..<4 { talks[number].step() }
        _ = agents[number].send(talks[number])
      }
      for _ in 0..<24 {
        let who = Int.random(in: 0..<3, using: &random)
        var expected = Cause.none
        if Int.random(in: 0..<3, using: &random) == 0 {
          let candidates = Mutation.all.filter { $0.dialects.contains(dialect) }
          let mutation = candidates[Int.random(in: 0..<candidates.count, using: &random)]
          let before = talks[who].json()
          if mutation.apply(&talks[who], Int.random(in: 0..<50, using: &random)) != nil,
            talks[who].json() != before
          {
            expected = mutation.cause
          }
        }
        talks[who].step()
        let reception = try #require(agents[who].send(talks[who]))
        let found = CauseFinder.verdict(reception).cause
        matrix[expected, default: [:]][found, default: 0] += 1
        turns += 1
      }
      _ = agents.popLast()
    }
    var wrong = 0
    for (expected, found) in matrix {
      for (cause, count) in found where cause != expected {
        wrong += count
        Issue.record("\(expected) was called \(cause) \(count) times")
      }
    }
    #expect(turns == 120 * 24)
    #expect(wrong == 0)
  }
}
