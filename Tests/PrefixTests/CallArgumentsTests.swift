import Bytes
import Prompt
import Testing

@testable import Prefix

/// What differs in the arguments of a past call is a difference, whatever its member is called.
@Suite struct CallArgumentsTests {
  private static let changes = [
    (#"{"id":"ISSUE-1"}"#, #"{"id":"ISSUE-2"}"#),
    (#"{"strict":true}"#, #"{"strict":false}"#),
    (#"{"reasoning":"because A"}"#, #"{"reasoning":"because B"}"#),
    (#"{"type":"bug"}"#, #"{"type":"feature"}"#),
    (#"{"content":""}"#, #"{}"#),
    (#"{"cache_control":1}"#, #"{"cache_control":2}"#),
    (#"{"name":"one"}"#, #"{"name":"two"}"#),
    (#"{"old":"a "}"#, #"{"old":"a"}"#),
    (#"{"a":{"call_id":null}}"#, #"{"a":{"call_id":[]}}"#),
    (#"{"a":[{"type":"thinking"}]}"#, #"{"a":[]}"#),
    (#"{"content":[{"type":"text","text":"x"}]}"#, #"{"content":"x"}"#),
  ]

  /// The arguments as an object and, where a dialect has them so, as a string.
  private static func talk(_ dialect: Dialect, _ arguments: String) -> Conversation {
    let string = arguments.replacing(#"""#, with: #"\""#)
    var talk = Conversation(dialect: dialect)
    for _ in 0..<3 { talk.step() }
    let from =
      dialect == .anthropicMessages
      ? #"{"path":"f2.swift","limit":40}"# : #"{\"path\":\"f2.swift\",\"limit\":40}"#
    talk.messages[3] = talk.messages[3].replacing(
      from, with: dialect == .anthropicMessages ? arguments : string)
    return talk
  }

  @Test(arguments: [Dialect.anthropicMessages, .openAIChat], changes)
  func `a changed argument is an edit`(_ dialect: Dialect, _ change: (String, String)) throws {
    let agent = Agent()
    _ = try #require(agent.send(Self.talk(dialect, change.0)))
    var talk = Self.talk(dialect, change.1)
    talk.step()
    let verdict = CauseFinder.verdict(try #require(agent.send(talk)))
    #expect(verdict.cause == .inPlaceEdit)
    #expect(verdict.tier == .moved)
  }

  @Test(arguments: [Dialect.anthropicMessages, .openAIChat], changes)
  func `hold tells a changed argument, or sends it`(
    _ dialect: Dialect, _ change: (String, String)
  ) throws {
    let agent = PinnedAgent(.hold)
    _ = try #require(agent.send(Self.talk(dialect, change.0)))
    var talk = Self.talk(dialect, change.1)
    talk.step()
    let turn = try #require(agent.send(talk))
    let sent = String(decoding: turn.forwarded, as: UTF8.self)
    #expect(turn.forwarded == turn.received || sent.contains("[context update]\\nmessage"))
  }

  @Test func `safe forwards a changed argument as it is sent`() throws {
    for (before, after) in Self.changes {
      let agent = PinnedAgent(.safe)
      _ = try #require(agent.send(Self.talk(.anthropicMessages, before)))
      var talk = Self.talk(.anthropicMessages, after)
      talk.step()
      let turn = try #require(agent.send(talk))
      #expect(turn.forwarded == turn.received, "\(before)")
    }
  }

  @Test func `the note names the member`() throws {
    let agent = PinnedAgent(.hold)
    _ = try #require(
      agent.send(Self.talk(.anthropicMessages, #"{"type":"bug","at":{"id":1}}"#)))
    var talk = Self.talk(.anthropicMessages, #"{"type":"feature","at":{"id":2}}"#)
    talk.step()
    let turn = try #require(agent.send(talk))
    let sent = String(decoding: turn.forwarded, as: UTF8.self)
    #expect(sent.contains(#"now reads:\n+ type: feature\n+ at.id: 2\n"#))
  }

  @Test func `a password that is blanked in an argument is a redaction`() throws {
    let agent = Agent()
    _ = try #require(agent.send(Self.talk(.anthropicMessages, #"{"password":"hunter2-Zq8"}"#)))
    var talk = Self.talk(.anthropicMessages, #"{"password":""}"#)
    talk.step()
    #expect(CauseFinder.verdict(try #require(agent.send(talk))).cause == .redaction)
  }

  @Test func `the ids of the calls themselves are still no content`() throws {
    let one = try #require(
      JSONValue(#"{"content":[{"type":"tool_use","id":"a","name":"f","input":{"id":"x"}}]}"#))
    let other = try #require(
      JSONValue(#"{"content":[{"type":"tool_use","id":"b","name":"f","input":{"id":"x"}}]}"#))
    #expect(CanonicalForm.withoutIDs.digest(one) == CanonicalForm.withoutIDs.digest(other))
    #expect(CanonicalForm.meaning.digest(one) != CanonicalForm.meaning.digest(other))
  }
}
