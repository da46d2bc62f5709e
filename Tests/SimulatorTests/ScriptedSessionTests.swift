import Testing

@testable import Simulator

@Suite struct ScriptedSessionTests {
  /// Plays a script against replies of the model, without a server.
  static func play(
    _ agent: ScriptedAgent, requests count: Int, seed: UInt64 = 1
  ) throws -> [AgentRequest] {
    var script = ScriptedSession(agent: agent, seed: seed)
    var reply: AgentReply?
    var requests: [AgentRequest] = []
    for _ in 0..<count {
      let request = script.next(after: reply)
      requests.append(request)
      let body = try JSONReader.read(request.body)
      let parsed: ModelRequest
      switch agent.dialect {
      case .chat: parsed = try ChatReader.read(body, defaultModel: "m")
      case .messages:
        parsed = try MessagesReader.read(body, defaultModel: "m", masksBillingLine: false)
      case .responses: parsed = try ResponsesReader.read(body, defaultModel: "m", earlier: [])
      }
      let answer = ReplyWriter().reply(to: parsed, prompt: PromptTemplate.render(parsed))
      reply = AgentReply(
        text: answer.text,
        calls: answer.calls.map { .init(id: $0.id, name: $0.name, arguments: $0.spelled) })
    }
    return requests
  }

  static func prompt(_ request: AgentRequest, _ agent: ScriptedAgent) throws -> [UInt32] {
    let body = String(decoding: request.body, as: UTF8.self)
    let text: String
    switch agent.dialect {
    case .chat: text = try RenderingTests.rendered(chat: body)
    case .messages: text = try RenderingTests.rendered(messages: body)
    case .responses: text = try RenderingTests.rendered(responses: body)
    }
    return Tokenizer.tokens(of: text)
  }

  @Test(arguments: ScriptedAgent.allCases)
  func `mutations come at the scripted turns`(agent: ScriptedAgent) throws {
    let turns = try Self.play(agent, requests: 40).filter {
      $0.purpose == .turn && $0.conversation == 1
    }
    #expect(turns.map(\.turn) == Array(1...agent.turnsPerConversation))
    for turn in turns { #expect(turn.mutation == agent.mutations[turn.turn], "turn \(turn.turn)") }
  }

  @Test(arguments: ScriptedAgent.allCases)
  func `a turn without a mutation only adds`(agent: ScriptedAgent) throws {
    let turns = try Self.play(agent, requests: 40).filter { $0.purpose == .turn }
    for (last, next) in zip(turns, turns.dropFirst())
    where next.mutation == nil && next.conversation == last.conversation {
      let old = try Self.prompt(last, agent)
      let new = try Self.prompt(next, agent)
      #expect(SlotPool.commonTokens(old, new) == old.count, "turn \(next.turn)")
    }
  }

  @Test(arguments: ScriptedAgent.allCases)
  func `a mutation breaks the prefix unless the template does not see it`(
    agent: ScriptedAgent
  ) throws {
    let turns = try Self.play(agent, requests: 40).filter { $0.purpose == .turn }
    var broken = 0
    for (last, next) in zip(turns, turns.dropFirst()) {
      guard let mutation = next.mutation, next.conversation == last.conversation else { continue }
      #expect(next.body != last.body)
      let old = try Self.prompt(last, agent)
      let common = SlotPool.commonTokens(old, try Self.prompt(next, agent))
      if mutation == .argumentsRespelled {
        #expect(common == old.count)
      } else {
        #expect(common < old.count, "\(mutation) at turn \(next.turn)")
        broken += 1
      }
    }
    #expect(broken > 0)
  }

  @Test func `the same seed plays the same conversation`() throws {
    let one = try Self.play(.claudeCode, requests: 12, seed: 5).map(\.body)
    let two = try Self.play(.claudeCode, requests: 12, seed: 5).map(\.body)
    let other = try Self.play(.claudeCode, requests: 12, seed: 6).map(\.body)
    #expect(one == two)
    #expect(one != other)
  }

  @Test func `a conversation grows to tens of thousands of tokens`() throws {
    for agent in ScriptedAgent.allCases {
      let turns = try Self.play(agent, requests: 34).filter {
        $0.purpose == .turn && $0.conversation == 1
      }
      let sizes = try turns.map { try Self.prompt($0, agent).count }
      #expect((1_000...8_000).contains(sizes[0]), "\(agent) begins with \(sizes[0])")
      #expect((15_000...80_000).contains(sizes.max() ?? 0), "\(agent) reaches \(sizes.max() ?? 0)")
    }
  }

  @Test func `Claude Code asks for a title, sends a subagent and sums up`() throws {
    let requests = try Self.play(.claudeCode, requests: 33)
    #expect(requests.first?.purpose == .title)
    #expect(requests.count { $0.purpose == .subagent } == 3)
    let summary = try #require(requests.firstIndex { $0.purpose == .summary })
    let compacted = requests[summary + 1]
    #expect(compacted.mutation == .compaction)
    #expect(compacted.body.count < requests[summary].body.count / 2)
  }

  @Test func `the summary is asked for behind the whole conversation`() throws {
    let requests = try Self.play(.claudeCode, requests: 33)
    let summary = try #require(requests.firstIndex { $0.purpose == .summary })
    let old = try Self.prompt(requests[summary - 1], .claudeCode)
    let new = try Self.prompt(requests[summary], .claudeCode)
    #expect(SlotPool.commonTokens(old, new) == old.count)
  }

  @Test func `the cache marker moves and names the newest message only`() throws {
    for request in try Self.play(.claudeCode, requests: 8) where request.purpose == .turn {
      let messages = try #require(try JSONReader.read(request.body)["messages"]?.elements)
      let marked = messages.indices.filter { index in
        messages[index]["content"]?.elements?.contains { $0["cache_control"] != nil } ?? false
      }
      #expect(marked == [messages.count - 1])
    }
  }

  @Test func `a session goes on without a reply`() {
    for agent in ScriptedAgent.allCases {
      var script = ScriptedSession(agent: agent, seed: 3)
      for _ in 0..<80 { #expect(!script.next(after: nil).body.isEmpty) }
    }
  }
}
