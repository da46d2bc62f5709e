import Bytes
import Prefix
import Prompt
import Testing
import Upstream

/// What a model wrote, and the message in which an agent sends it back, in one dialect.
private struct Answer {
  var dialect: Dialect
  var text = "I will look.\n"
  var reasoning = "hm, the parser"
  var arguments = #"{"path": "a.swift", "limit": 40}"#
  var callID = "call_7"

  var generated: GeneratedMessage {
    var message = GeneratedMessage()
    message.text = text
    message.reasoning = reasoning
    message.toolCalls = [.init(id: callID, name: "read", arguments: arguments)]
    return message
  }

  /// The items in which it is sent back.
  var echo: [String] {
    let shown = text.replacing("\n", #"\n"#)
    let quoted = arguments.replacing(#"\"#, #"\\"#).replacing(#"""#, #"\""#)
    switch dialect {
    case .anthropicMessages:
      let thinking =
        reasoning.isEmpty
        ? "" : #"{"type":"thinking","thinking":"\#(reasoning)","signature":"s"},"#
      return [
        #"{"role":"assistant","content":[\#(thinking){"type":"text","text":"\#(shown)"},{"type":"tool_use","id":"\#(callID)","name":"read","input":\#(arguments)}]}"#
      ]
    case .openAIResponses:
      let items = [
        #"{"type":"message","role":"assistant","content":[{"type":"output_text","text":"\#(shown)"}]}"#,
        #"{"type":"function_call","call_id":"\#(callID)","name":"read","arguments":"\#(quoted)"}"#,
      ]
      let thought =
        #"{"type":"reasoning","summary":[],"content":[{"type":"reasoning_text","text":"\#(reasoning)"}]}"#
      return (reasoning.isEmpty ? [] : [thought]) + items
    default:
      let thought = reasoning.isEmpty ? "" : #""reasoning_content":"\#(reasoning)","#
      return [
        #"{"role":"assistant",\#(thought)"content":"\#(shown)","tool_calls":[{"id":"\#(callID)","type":"function","function":{"name":"read","arguments":"\#(quoted)"}}]}"#
      ]
    }
  }
}

/// A session whose last answer is known, and its next request.
private func echo(
  of answer: Answer, sentAs items: [String], clock: String = "09:00"
) throws -> Echo? {
  let table = SessionTable()
  let first = #"{"role":"user","content":"Please fix the parser, its test fails again."}"#
  func receive(_ messages: [String], _ clock: String) -> Reception? {
    let system = "You are a coding agent and work in /home/u/p. Be brief. It is \(clock) o'clock."
    let list = messages.joined(separator: ",")
    let body =
      switch answer.dialect {
      case .openAIResponses:
        #"{"model":"m","instructions":"\#(system)","input":[\#(list)]}"#
      case .anthropicMessages: #"{"model":"m","system":"\#(system)","messages":[\#(list)]}"#
      default:
        #"{"model":"m","messages":[{"role":"system","content":"\#(system)"},\#(list)]}"#
      }
    let key = GroupKey(credential: 1, upstream: 0, dialect: answer.dialect)
    return table.receive(
      ByteBuffer(copying: Array(body.utf8)), dialect: answer.dialect,
      RequestContext(key: key, hint: nil, connection: 1, now: 1))
  }
  let reception = try #require(receive([first], "09:00"))
  table.noteAnswer(answer.generated, reception.session)
  let more = #"{"role":"user","content":"go on"}"#
  let next = try #require(receive([first] + items + [more], clock))
  #expect(next.session === reception.session)
  return Echo.find(next)
}

private let dialects = [Dialect.openAIChat, .openAIResponses, .anthropicMessages]

@Suite struct EchoTests {
  @Test(arguments: dialects)
  func `an answer sent back as it was written is the same`(_ dialect: Dialect) throws {
    let answer = Answer(dialect: dialect)
    let echo = try #require(try echo(of: answer, sentAs: answer.echo))
    #expect(echo.outcome == .same)
    #expect(echo.blocks.count == answer.echo.count)
  }

  @Test(arguments: dialects)
  func `white space at the end of text and inside arguments is no change of meaning`(
    _ dialect: Dialect
  ) throws {
    let answer = Answer(dialect: dialect)
    var sent = answer
    sent.text = "I will look."
    sent.arguments = #"{"path":"a.swift","limit":40}"#
    let echo = try #require(try echo(of: answer, sentAs: sent.echo))
    #expect(echo.outcome == .sameMeaning)
    #expect(echo.text == .alike)
    #expect(echo.calls == .alike)
  }

  @Test(arguments: dialects)
  func `arguments in another order mean the same and are told apart`(_ dialect: Dialect) throws {
    let answer = Answer(dialect: dialect)
    var sent = answer
    sent.arguments = #"{"limit": 40, "path": "a.swift"}"#
    let echo = try #require(try echo(of: answer, sentAs: sent.echo))
    #expect(echo.outcome == .sameMeaning)
    #expect(echo.calls == .reordered)
  }

  @Test(arguments: dialects)
  func `reasoning that was not sent back is missing`(_ dialect: Dialect) throws {
    let answer = Answer(dialect: dialect)
    var sent = answer
    sent.reasoning = ""
    let echo = try #require(try echo(of: answer, sentAs: sent.echo))
    #expect(echo.outcome == .reasoningMissing)
    #expect(echo.text == .identical)
  }

  @Test func `reasoning between tags in the text is reasoning`() throws {
    var answer = Answer(dialect: .openAIChat, text: "<think>\nhm < 3\n</think>\n\nDone.")
    answer.reasoning = ""
    var sent = answer
    sent.text = "Done."
    let echo = try #require(try echo(of: answer, sentAs: sent.echo))
    #expect(echo.outcome == .reasoningMissing)
  }

  @Test(arguments: dialects)
  func `another value, another text and another call are changes`(_ dialect: Dialect) throws {
    let answer = Answer(dialect: dialect)
    var value = answer
    value.arguments = #"{"path": "a.swift", "limit": 41}"#
    #expect(try echo(of: answer, sentAs: value.echo)?.calls == .changed)
    var text = answer
    text.text = "I will not look."
    #expect(try echo(of: answer, sentAs: text.echo)?.outcome == .changed)
    var reasoning = answer
    reasoning.reasoning = "other"
    #expect(try echo(of: answer, sentAs: reasoning.echo)?.outcome == .changed)
  }

  @Test func `a letter composed in another way is a change`() throws {
    var answer = Answer(dialect: .openAIChat)
    answer.text = "caf\u{E9}"
    var sent = answer
    sent.text = "cafe\u{301}"
    #expect(try echo(of: answer, sentAs: sent.echo)?.text == .changed)
  }

  @Test(arguments: dialects)
  func `ids made anew are noticed`(_ dialect: Dialect) throws {
    let answer = Answer(dialect: dialect)
    var sent = answer
    sent.callID = "toolu_1"
    let echo = try #require(try echo(of: answer, sentAs: sent.echo))
    #expect(echo.renamesIDs)
    #expect(echo.calls == .identical)
    #expect(echo.outcome == .sameMeaning)
  }

  @Test(arguments: dialects)
  func `a request without the answer has no echo`(_ dialect: Dialect) throws {
    let answer = Answer(dialect: dialect)
    let echo = try #require(try echo(of: answer, sentAs: []))
    #expect(echo.outcome == .absent)
    #expect(echo.text == .missing)
  }

  @Test(arguments: dialects)
  func `a changed system prompt does not hide the echo`(_ dialect: Dialect) throws {
    let answer = Answer(dialect: dialect)
    let echo = try echo(of: answer, sentAs: answer.echo, clock: "09:05")
    #expect(echo?.outcome == .same)
  }

  @Test func `an answer that was cut off by the bound is not compared`() throws {
    let table = SessionTable()
    let body = #"{"model":"m","messages":[{"role":"user","content":"hello"}]}"#
    let reception = try #require(
      table.receive(
        ByteBuffer(copying: Array(body.utf8)), dialect: .openAIChat,
        RequestContext(
          key: GroupKey(credential: 1, upstream: 0, dialect: .openAIChat), hint: nil,
          connection: 1, now: 1)))
    var message = GeneratedMessage()
    message.text = "a"
    message.isTruncated = true
    table.noteAnswer(message, reception.session)
    #expect(Echo.find(reception) == nil)
  }

  @Test func `answers count as kept bytes and go with their body`() throws {
    var limits = SessionLimits()
    limits.bodyBytes = 64 << 10
    let table = SessionTable(limits: limits)
    var sessions: [Session] = []
    for number in 0..<20 {
      let body =
        #"{"model":"m","messages":[{"role":"user","content":"conversation number \#(number)"}]}"#
      let reception = try #require(
        table.receive(
          ByteBuffer(copying: Array(body.utf8)), dialect: .openAIChat,
          RequestContext(
            key: GroupKey(credential: number, upstream: 0, dialect: .openAIChat), hint: nil,
            connection: UInt64(number), now: UInt64(number))))
      var message = GeneratedMessage()
      message.text = String(repeating: "x", count: 8 << 10)
      table.noteAnswer(message, reception.session)
      sessions.append(reception.session)
    }
    #expect(sessions.count { $0.generated != nil } < 10)
    #expect(sessions.last?.generated != nil)
  }
}
