import Bytes
import Prompt
import Testing

@testable import Prefix

/// What tells a session's own conversation from another one that begins alike.
@Suite struct SharedCourseTests {
  private static let file = String(repeating: "a line of a file that both read ", count: 60)

  /// A chat with a clock in its system message. Each step is what the model said and what came back.
  private func chat(
    _ clock: Int, _ steps: [(said: String, result: String)], key: String? = nil
  ) -> String {
    let date = "Today is 2026-11-29 12:\(10 + clock)"
    let messages =
      [
        #"{"role":"system","content":"You are an agent. \#(date)"}"#,
        #"{"role":"user","content":"Please fix the failing test."}"#,
      ]
      + steps.flatMap {
        [
          #"{"role":"assistant","content":"\#($0.said)"}"#,
          #"{"role":"user","content":"\#($0.result)"}"#,
        ]
      }
    let member = key.map { #","prompt_cache_key":"\#($0)""# } ?? ""
    return #"{"model":"m","messages":[\#(messages.joined(separator: ","))]\#(member)}"#
  }

  private func receive(
    _ table: SessionTable, _ body: String, hint: UInt64? = nil
  ) throws -> Reception {
    try #require(
      table.receive(
        ByteBuffer(copying: Array(body.utf8)), dialect: .openAIChat,
        RequestContext(
          key: GroupKey(credential: 1, upstream: 0, dialect: .openAIChat), hint: hint,
          connection: 1, now: 1000)))
  }

  private let mine = (said: "I look at mine.", result: "what is in mine")
  private let theirs = (said: "They look at theirs.", result: "what is in theirs")
  private let common = (said: "Now the file.", result: Self.file)
  private let last = (said: "Done.", result: "Then go on.")

  @Test func `where the model said something else a conversation is a branch`() throws {
    let table = SessionTable()
    let first = try receive(table, chat(1, [theirs, common, common]))
    let other = try receive(table, chat(2, [mine, common, common, last]))
    #expect(other.relation == .branch)
    #expect(other.session.parent == first.session.id)
  }

  @Test func `an agent that marks another message on every turn keeps its session`() throws {
    let table = SessionTable()
    let steps = (1...8).map {
      (said: "I look at file number \($0) now.", result: "what is in file number \($0) of these")
    }
    var sessions: Set<SessionID> = []
    for turn in 1...8 {
      var sent = Array(steps.prefix(turn))
      // The place goes from what the model said to what came back, and on.
      let middle = (1 + 2 * turn) / 2
      if middle % 2 == 1 {
        sent[middle / 2].said += " (rendered \(turn))"
      } else {
        sent[middle / 2 - 1].result += " (rendered \(turn))"
      }
      sessions.insert(try receive(table, chat(1, sent)).session.id)
    }
    #expect(sessions.count == 1)
  }

  @Test func `the own session wins over one that has a larger file in common`() throws {
    let table = SessionTable()
    let first = try receive(table, chat(1, [mine]))
    _ = try receive(table, chat(2, [theirs, common, common]))
    let next = try receive(table, chat(3, [mine, common]))
    #expect(next.relation == .mutation)
    #expect(next.session.id == first.session.id)
  }

  @Test func `a short conversation with one equal step is no compaction of a long one`() throws {
    let table = SessionTable()
    let first = try receive(table, chat(1, [theirs, common, theirs, last, theirs, common]))
    let other = try receive(table, chat(2, [mine, common]))
    #expect(other.session.id != first.session.id)
    #expect(other.relation == .branch)
  }

  @Test func `a rewind is a branch although the clock in front moved`() throws {
    let table = SessionTable()
    let first = try receive(table, chat(1, [mine, common, theirs, last]))
    let rewound = try receive(table, chat(2, [mine, (said: "Now the file.", result: "No.")]))
    #expect(rewound.relation == .branch)
    #expect(rewound.session.parent == first.session.id)
    #expect(CauseFinder.verdict(rewound).cause == .branch)
  }

  @Test func `another key in the body is another session, however alike the bodies are`() throws {
    let table = SessionTable()
    let first = try receive(table, chat(1, [], key: "one"))
    let other = try receive(table, chat(1, [], key: "two"))
    #expect(other.session.id != first.session.id)
    #expect(try receive(table, chat(1, [mine], key: "one")).session.id == first.session.id)
    #expect(try receive(table, chat(1, [theirs], key: "two")).session.id == other.session.id)
  }

  @Test func `conversations that share a key in the body keep sessions of their own`() throws {
    let table = SessionTable()
    let first = try receive(table, chat(1, [mine], key: "one"))
    let other = try receive(table, chat(2, [theirs, common, common], key: "one"))
    #expect(other.session.id != first.session.id)
    #expect(
      try receive(table, chat(3, [mine, common], key: "one")).session.id == first.session.id)
    #expect(
      try receive(table, chat(4, [theirs, common, common, last], key: "one")).session.id
        == other.session.id)
  }

  @Test func `a field of the request counts for more than a key in the body`() throws {
    let table = SessionTable()
    let first = try receive(table, chat(1, [mine], key: "one"), hint: 7)
    let next = try receive(table, chat(1, [mine, common], key: "two"), hint: 7)
    #expect(next.session.id == first.session.id)
  }

  /// As if the request had been taken for the session's own.
  @Test func `words of the model that differ with all that follows are never held`() throws {
    let table = SessionTable(mode: .hold)
    let first = try receive(table, chat(1, [theirs, theirs, theirs, common]))
    let found = try receive(table, chat(1, [mine, mine, mine, common, last]))
    let reception = Reception(
      session: first.session, turn: 2, relation: .mutation, history: found.history,
      previous: first.history, alignment: found.alignment, boundary: found.boundary,
      order: found.order, evicted: [])
    let body = PinEngine.decide(reception, nil, PinPolicy(mode: .hold)).body
    let sent = String(decoding: body.flatMap { Array($0.bytes) }, as: UTF8.self)
    #expect(!sent.contains("theirs"))
  }
}
