import Bytes
import Foundation
import Prompt
import Testing

@testable import Prefix

/// What goes out in place of a request stays one valid request.
@Suite struct BodyAssemblyTests {
  private func forwarded(_ requests: [String]) throws -> [String] {
    let table = SessionTable()
    let context = RequestContext(
      key: GroupKey(credential: 1, upstream: 0, dialect: .anthropicMessages), hint: nil,
      connection: 1, now: 1000)
    return try requests.map { request in
      let reception = try #require(
        table.receive(
          ByteBuffer(copying: Array(request.utf8)), dialect: .anthropicMessages, context))
      let decision = PinEngine.decide(reception, reception.session.view, PinPolicy(mode: .hold))
      reception.session.view = decision.view
      return decision.body.map { String(decoding: $0.bytes, as: UTF8.self) }.joined()
    }
  }

  private func block(_ text: String) -> String { #"{"type":"text","text":"\#(text)"}"# }

  private func message(_ role: String, _ text: String) -> String {
    #"{"role":"\#(role)","content":"\#(text)"}"#
  }

  private func request(_ system: [String], _ messages: [String], systemFirst: Bool) -> String {
    let list = #""messages":[\#(messages.joined(separator: ","))]"#
    let prompt = #""system":[\#(system.joined(separator: ","))]"#
    return #"{"model":"m",\#(systemFirst ? prompt : list),\#(systemFirst ? list : prompt)}"#
  }

  @Test(arguments: [true, false])
  func `a system block and a first message put in on the same turn leave a valid body`(
    _ systemFirst: Bool
  ) throws {
    let talk = [
      message("user", "please look at the parser of this project, it fails"),
      message("assistant", "I looked at the parser and it reads one byte too many"),
      message("user", "then mend that and run the tests of the parser again"),
    ]
    let next = [
      message("assistant", "Mended, and the tests of the parser pass now"),
      message("user", "thank you, on to the lexer which has the same fault"),
    ]
    let bodies = try forwarded([
      request([block("You are an agent.")], talk, systemFirst: systemFirst),
      request(
        [block("You are an agent."), block("Answer in English only.")],
        [message("user", "By the way, the branch is frozen.")] + talk + next,
        systemFirst: systemFirst),
    ])
    let last = bodies[1]
    #expect(throws: Never.self) { try JSONSerialization.jsonObject(with: Data(last.utf8)) }
    for text in ["the branch is frozen", "Answer in English only"] {
      #expect(last.components(separatedBy: text).count == 2, "told once: \(text)")
    }
  }

  @Test func `a system prompt that comes later as a string leaves a valid body`() throws {
    let talk = [
      message("user", "please look at the parser of this project, it fails"),
      message("assistant", "I looked at the parser and it reads one byte too many"),
      message("user", "then mend that and run the tests of the parser again"),
    ]
    let list = talk.joined(separator: ",")
    let bodies = try forwarded([
      #"{"model":"m","messages":[\#(list)]}"#,
      #"{"model":"m","system":"Be brief, please.","messages":[\#(list),\#(message("assistant", "done"))]}"#,
    ])
    #expect(throws: Never.self) { try JSONSerialization.jsonObject(with: Data(bodies[1].utf8)) }
    #expect(bodies[1].contains("Be brief"))
  }

  // MARK: The joining itself

  /// What the table says of one message.
  private enum State: CaseIterable {
    case asSent, omitted, replaced
  }

  /// Each message in each state, with and without a block of the server's in front of it.
  private static let tables: [[(state: State, hasGhost: Bool)]] = {
    let one = State.allCases.flatMap { [($0, false), ($0, true)] }
    return one.flatMap { a in one.flatMap { b in one.map { c in [a, b, c] } } }
  }()

  @Test(arguments: ["", " ", "\n  "])
  func `whatever is left out, replaced and put in, the list is the one that was meant`(
    _ space: String
  ) throws {
    let texts = ["one", "two", "three"]
    let list = texts.map { space + message("user", $0) + space }.joined(separator: ",")
    let request = #"{"model":"m","messages":[\#(list)],"stream":true}"#
    let body = ByteBuffer(copying: Array(request.utf8))
    let index = try #require(RequestIndexer.index(body.bytes, dialect: .openAIChat))
    let history = History(index: index, body: body)
    for table in Self.tables {
      var view = ServerView(asSent: index)
      var meant: [String] = []
      for (at, entry) in table.enumerated() {
        if entry.hasGhost {
          view.entries[at].ghosts = [.init(piece: piece("ghost \(at)"))]
          meant.append("ghost \(at)")
        }
        switch entry.state {
        case .asSent: meant.append(texts[at])
        case .omitted: view.entries[at].isOmitted = true
        case .replaced:
          view.entries[at].forwarded = piece("instead of \(at)")
          meant.append("instead of \(at)")
        }
      }
      let joined = try #require(BodyAssembly.body(history, view))
      let text = joined.map { String(decoding: $0.bytes, as: UTF8.self) }.joined()
      let value = try #require(JSONValue(text), "\(table): \(text)")
      #expect(value["messages"]?.array?.map { $0["content"]?.string } == meant, "\(table)")
      #expect(text.hasSuffix(#"],"stream":true}"#))
    }
  }

  @Test(arguments: 0..<3)
  func `an element that is left out leaves neither a comma nor space`(_ at: Int) throws {
    var list = ["one", "two", "three"].map { message("user", $0) }
    let request = #"{"model":"m","messages":[\#(list.joined(separator: ", "))]}"#
    let body = ByteBuffer(copying: Array(request.utf8))
    let index = try #require(RequestIndexer.index(body.bytes, dialect: .openAIChat))
    var view = ServerView(asSent: index)
    view.entries[at].isOmitted = true
    let joined = try #require(BodyAssembly.body(History(index: index, body: body), view))
    list.remove(at: at)
    #expect(
      joined.map { String(decoding: $0.bytes, as: UTF8.self) }.joined()
        == #"{"model":"m","messages":[\#(list.joined(separator: ", "))]}"#)
  }

  private func piece(_ text: String) -> ServerView.Piece {
    ServerView.Piece(Array(message("user", text).utf8))
  }

  @Test func `tools that are not in the body make no body`() throws {
    let request = #"{"model":"m","messages":[\#(message("user", "hi"))]}"#
    let body = ByteBuffer(copying: Array(request.utf8))
    let index = try #require(RequestIndexer.index(body.bytes, dialect: .openAIChat))
    var view = ServerView(asSent: index)
    view.tools = [
      .init(identity: 7, agentDigest: piece("a").digest, forwarded: piece("a"), isNoted: false)
    ]
    var history = History(index: index, body: body)
    let joined = try #require(BodyAssembly.body(history, view))
    #expect(joined.map { String(decoding: $0.bytes, as: UTF8.self) }.joined() == request)
    history.dropBody()
    #expect(BodyAssembly.body(history, view) == nil)
  }
}

@Suite struct NoteSpliceTests {
  private func noted(
    _ message: String, _ note: String, _ kind: BlockKind = .user, _ dialect: Dialect = .openAIChat
  ) -> JSONValue? {
    Array(message.utf8).withUnsafeBytes {
      NoteSplice.append(note, to: $0, kind: kind, dialect: dialect)
    }.flatMap { JSONValue(String(decoding: $0, as: UTF8.self)) }
  }

  private static let note = "a \"b\" \\ c\nd\re\tf\u{1}g é 🙂"

  @Test func `a note comes back from JSON as it was written`() {
    let first = noted(#"{"role":"user","content":"hi"}"#, Self.note)
    #expect(first?["content"]?.string == "hi\n\n" + Self.note)
    #expect(noted(#""hi""#, Self.note, .user, .openAIResponses)?.string == "hi\n\n" + Self.note)
  }

  @Test(arguments: ["[]", "[ \n]", "[\r\n\t]", #"[{"type":"text","text":"hi"}]"#])
  func `in a list it is a part of its own`(_ list: String) {
    let parts = noted(#"{"role":"user","content":\#(list)}"#, Self.note)?["content"]?.array
    #expect(parts?.last?["text"]?.string == Self.note)
    #expect(parts?.last?["type"]?.string == "text")
    #expect(parts?.count == (list.contains("hi") ? 2 : 1))
  }

  @Test func `where there is no place for it there is none`() {
    #expect(noted(#"{"role":"assistant","content":"hi"}"#, "n", .assistant) == nil)
    #expect(noted(#"{"role":"user","content":null}"#, "n") == nil)
    #expect(noted(#"{"role":"user"}"#, "n") == nil)
    let output = noted(#"{"type":"x","output":"done"}"#, "n", .toolResult, .openAIResponses)
    #expect(output?["output"]?.string == "done\n\nn")
  }
}
