import Bytes
import Prefix
import Prompt
import TestSupport
import Testing

@Suite struct SharedIDTests {
  /// As in a capture of a real coding session: one id for everything that the agent does.
  @Test
  func `main thread, subagents and titles under one id: no false mutation, every true one found`()
    throws
  {
    var random = SplitMix(seed: 9)
    var agent = Agent()
    agent.hint = 77
    var talks = [Conversation(dialect: .anthropicMessages, topic: "fix the parser")]
    for number in 1...3 {
      var sub = Conversation(dialect: .anthropicMessages, topic: "search for use \(number)")
      sub.system = ["You are a search subagent. Working directory: /home/u/p"]
      sub.tools = ["grep", "glob"].map(Conversation.tool)
      sub.calls = number * 1000
      talks.append(sub)
    }
    var found = 0
    var injected = 0
    var falseAlarms = 0
    var sessions: [Int: SessionID] = [:]
    for request in 0..<200 {
      if request % 20 == 7 {
        var title = Conversation(
          dialect: .anthropicMessages, topic: "write a title, number \(request)")
        title.tools = []
        title.system = ["Write a title of five words."]
        let reception = try #require(agent.send(title, now: UInt64(request * 1000)))
        if CauseFinder.verdict(reception).cause.isMutation { falseAlarms += 1 }
        continue
      }
      let who = Int.random(in: 0..<4, using: &random)
      var expected = Cause.none
      if request % 10 == 5, talks[who].messages.count > 8 {
        let candidates = Mutation.all.filter {
          $0.dialects.contains(.anthropicMessages) && $0.cause.isMutation
        }
        let mutation = candidates[Int.random(in: 0..<candidates.count, using: &random)]
        let before = talks[who].json()
        if mutation.apply(&talks[who], Int.random(in: 0..<9, using: &random)) != nil,
          talks[who].json() != before
        {
          expected = mutation.cause
          injected += 1
        }
      }
      talks[who].step()
      let reception = try #require(agent.send(talks[who], now: UInt64(request * 1000)))
      let known = sessions[who] ?? reception.session.id
      #expect(reception.session.id == known)
      sessions[who] = known
      let cause = CauseFinder.verdict(reception).cause
      if expected == .none, cause.isMutation { falseAlarms += 1 }
      if expected != .none, cause == expected { found += 1 }
    }
    #expect(falseAlarms == 0)
    #expect(injected > 8)
    #expect(found == injected)
    #expect(Set(sessions.values).count == 4)
  }

  @Test(arguments: [Dialect.openAIChat, .anthropicMessages])
  func `a session stays one although the ids of all past calls are new on every turn`(
    _ dialect: Dialect
  ) throws {
    let agent = Agent()
    var talk = Conversation(dialect: dialect)
    talk.step()
    talk.step()
    let first = try #require(agent.send(talk))
    for turn in 1...5 {
      talk.step()
      var sent = talk
      sent.messages = talk.messages.map { $0.replacing(#""call_"#, #""call_\#(turn)_"#) }
      let next = try #require(agent.send(sent))
      #expect(next.session.id == first.session.id)
      #expect(CauseFinder.verdict(next).cause == .idsRegenerated)
    }
  }
}
