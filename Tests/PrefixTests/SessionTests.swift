import Bytes
import Prefix
import Prompt
import Testing

@Suite struct SessionTests {
  @Test(arguments: [Dialect.openAIChat, .anthropicMessages])
  func `an append-only conversation stays one session without a break`(_ dialect: Dialect) throws {
    let agent = Agent()
    var talk = Conversation(dialect: dialect)
    let first = try #require(agent.send(talk))
    for turn in 2...20 {
      talk.step()
      let next = try #require(agent.send(talk))
      #expect(next.session.id == first.session.id)
      #expect(next.turn == turn)
      #expect(next.relation == .continuation)
      #expect(CauseFinder.verdict(next).cause == .none)
    }
  }

  @Test func `two conversations through one port are told apart although they begin alike`() throws
  {
    let agent = Agent()
    var one = Conversation()
    var two = Conversation()
    one.step("first result")
    two.step("second result is another one")
    let a = try #require(agent.send(one))
    let b = try #require(agent.send(two))
    #expect(a.session.id != b.session.id)
    for _ in 0..<5 {
      one.step()
      two.step()
      two.step()
      #expect(agent.send(two)?.session.id == b.session.id)
      #expect(agent.send(one)?.session.id == a.session.id)
    }
  }

  @Test(arguments: [Dialect.openAIChat, .anthropicMessages])
  func `a rewritten system prompt does not fork a session`(_ dialect: Dialect) throws {
    let agent = Agent()
    var talk = Conversation(dialect: dialect)
    talk.step()
    let first = try #require(agent.send(talk))
    talk.system[0] = talk.system[0].replacing("2026-11-21", "2026-11-22")
    talk.step()
    let next = try #require(agent.send(talk))
    #expect(next.session.id == first.session.id)
    #expect(CauseFinder.verdict(next).cause == .clock)
  }

  @Test func `a rewind is a new branch and the old one can go on`() throws {
    let agent = Agent()
    var talk = Conversation()
    talk.ask("now the lexer")
    talk.step()
    let main = try #require(agent.send(talk))
    var rewound = talk
    rewound.messages.removeLast(3)
    rewound.messages.append(rewound.user("no, first write the documentation of everything"))
    let branch = try #require(agent.send(rewound))
    #expect(branch.session.id != main.session.id)
    #expect(branch.relation == .branch)
    #expect(branch.session.parent == main.session.id)
    talk.step()
    let again = try #require(agent.send(talk))
    #expect(again.session.id == main.session.id)
    #expect(again.relation == .continuation)
  }

  @Test func `an edit of the last user message is a branch, not a mutation`() throws {
    let agent = Agent()
    var talk = Conversation()
    talk.ask("now the lexer, and please look at unicode")
    let main = try #require(agent.send(talk))
    talk.messages[talk.messages.count - 1] = talk.user("write a poem about compilers instead")
    let edited = try #require(agent.send(talk))
    #expect(edited.session.id != main.session.id)
    #expect(edited.relation == .branch)
  }

  @Test func `a title call beside a session is a side call and leaves it alone`() throws {
    let agent = Agent()
    var talk = Conversation(dialect: .anthropicMessages)
    talk.step()
    let main = try #require(agent.send(talk))
    var title = Conversation(dialect: .anthropicMessages, topic: "write a title for this")
    title.tools = []
    title.system = ["Write a title of five words."]
    let side = try #require(agent.send(title))
    #expect(side.relation == .sideCall)
    #expect(side.session.parent == main.session.id)
    talk.step()
    #expect(agent.send(talk)?.relation == .continuation)
  }

  @Test func `requests with another credential never join a session`() throws {
    let table = SessionTable()
    var one = Agent(table)
    let talk = Conversation()
    let a = try #require(one.send(talk))
    one.credential = 2
    #expect(try #require(one.send(talk)).session.id != a.session.id)
  }

  @Test func `a model switch is a new session that names where it comes from`() throws {
    let agent = Agent()
    var talk = Conversation()
    talk.step()
    let a = try #require(agent.send(talk))
    talk.model = "other"
    talk.step()
    let b = try #require(agent.send(talk))
    #expect(b.session.parent == a.session.id)
    #expect(CauseFinder.verdict(b).cause == .modelSwitch)
  }

  @Test func `a summary call without tools does not become the history`() throws {
    let agent = Agent()
    var talk = Conversation(dialect: .anthropicMessages)
    for _ in 0..<6 { talk.step() }
    let main = try #require(agent.send(talk))
    var summary = talk
    summary.tools = []
    summary.system = ["You summarise."]
    summary.messages.append(#"{"role":"assistant","content":"ok"}"#)
    summary.messages.append(summary.user("Summarise the conversation so far."))
    let call = try #require(agent.send(summary))
    #expect(call.relation == .compactionCall)
    #expect(CauseFinder.verdict(call).cause == .compactionCall)
    talk.step()
    let next = try #require(agent.send(talk))
    #expect(next.session.id == main.session.id)
    #expect(next.relation == .continuation)
  }

  @Test func `a compaction keeps its session`() throws {
    let agent = Agent()
    var talk = Conversation(dialect: .anthropicMessages)
    for _ in 0..<10 { talk.step() }
    let main = try #require(agent.send(talk))
    talk.messages = [
      talk.user(
        "This session is being continued from a previous conversation. Summary: "
          + String(repeating: "the parser was fixed and the tests were run. ", count: 12))
    ]
    let next = try #require(agent.send(talk))
    #expect(next.session.id == main.session.id)
    #expect(CauseFinder.verdict(next).cause == .compaction)
  }

  @Test func `a chained Responses request continues the session of the response it names`() throws {
    let table = SessionTable()
    let agent = Agent(table)
    func send(_ json: String) -> Reception? {
      table.receive(
        ByteBuffer(copying: Array(json.utf8)), dialect: .openAIResponses,
        RequestContext(
          key: GroupKey(
            credential: 0, upstream: 0, dialect: .openAIResponses),
          hint: nil, connection: 1, now: 1))
    }
    _ = agent
    let first = try #require(send(#"{"model":"m","instructions":"be","input":"hello"}"#))
    table.noteResponse(Array("resp_1".utf8).withUnsafeBytes { hash64($0) }, first.session)
    let second = try #require(
      send(
        #"{"model":"m","instructions":"be","input":[{"role":"user","content":"more"}],"previous_response_id":"resp_1"}"#
      ))
    #expect(second.session.id == first.session.id)
    #expect(second.turn == 2)
    #expect(CauseFinder.verdict(second).cause == .none)
  }

  @Test func `the number of sessions and of kept bytes stays bounded`() throws {
    var limits = SessionLimits()
    limits.sessions = 10
    limits.bodyBytes = 20_000
    let table = SessionTable(limits: limits)
    let agent = Agent(table)
    var evicted = 0
    for number in 0..<50 {
      var talk = Conversation(topic: "do thing \(number)")
      talk.calls = number * 100
      talk.step("result \(number)")
      evicted += agent.send(talk, now: UInt64(number))?.evicted.count ?? 0
    }
    #expect(table.count <= 10)
    #expect(evicted == 40)
  }

  @Test func `a turn that the upstream refused does not count as history`() throws {
    let agent = Agent()
    var talk = Conversation()
    _ = try #require(agent.send(talk))
    var broken = talk
    broken.step("refused")
    let refused = try #require(agent.send(broken))
    agent.table.revert(refused)
    talk.step("another result")
    let next = try #require(agent.send(talk))
    #expect(next.session.id == refused.session.id)
    #expect(CauseFinder.verdict(next).cause == .none)
  }

  @Test func `conversations whose calls are numbered alike are not mistaken for one`() throws {
    let agent = Agent()
    var seen: Set<SessionID> = []
    for number in 0..<20 {
      var talk = Conversation(topic: "task \(number) of a kind of its own")
      for step in 0..<4 {
        talk.step((0..<20).map { #"line \#(number * 7919 + step * 31 + $0 * 13)\n"# }.joined())
      }
      // The same words in every answer would be content in common.
      talk.messages = talk.messages.map { $0.replacing("looking", "looking \(number)") }
      let reception = try #require(agent.send(talk))
      #expect(reception.turn == 1)
      seen.insert(reception.session.id)
    }
    #expect(seen.count == 20)
  }

  @Test(arguments: 1...6)
  func `a long conversation that parted early from a known one is its branch`(common: Int) throws {
    let agent = Agent()
    var talk = Conversation(topic: "make the importer of invoices faster")
    for _ in 0..<8 { talk.step() }
    let first = try #require(agent.send(talk))
    var other = talk
    other.messages.removeSubrange((2 * common + 1)...)
    other.ask("now something else")
    for step in 0..<90 { other.step("what was found at place \(step) of the other task") }
    var away = agent
    away.connection = 2
    let next = try #require(away.send(other))
    #expect(next.relation == .branch)
    #expect(next.session.parent == first.session.id)
  }

  /// What is left in common stands far in front of the end and is of one kind, at every place that
  /// the kind can have.
  @Test(arguments: 0..<4)
  func `a long conversation with a new end is found by the results it still has`(shift: Int) throws
  {
    let agent = Agent()
    var talk = Conversation()
    for _ in 0..<shift { talk.messages.append(talk.user("one more thing")) }
    for _ in 0..<100 { talk.step() }
    let first = try #require(agent.send(talk))
    _ = try #require(agent.send(Conversation(topic: "write the release notes of this project")))
    talk.messages[0] = talk.user("another first message")
    for at in talk.messages.indices.dropFirst() {
      let isOld = at < talk.messages.count - 100
      talk.messages[at] =
        talk.messages[at].replacing("looking", "seen").replacing("part", isOld ? "part" : "piece")
    }
    let next = try #require(agent.send(talk))
    #expect([next.session.id, next.session.parent].contains(first.session.id))
  }
}
