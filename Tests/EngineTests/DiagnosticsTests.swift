import Bytes
import Proxy
import TestSupport
import Testing
import Turns
import Wire

@testable import Engine

/// One conversation with an engine that answers diagnostics.
private final class Conversation {
  let bench = Bench { $0.answersDiagnostics = true }
  let path: String
  var serverFields: [(String, String)] = []

  init(_ path: String) { self.path = path }

  /// Plays a turn.
  /// - Returns: the body that the client gets.
  func turn(_ request: String, _ response: String, type: String = "application/json") -> String {
    let plan = bench.send(request, path: path, fields: [("x-api-key", "k")])
    return finish(plan, response, type: type)
  }

  func finish(_ plan: ExchangePlan, _ response: String, type: String = "application/json") -> String
  {
    plan.observer?.forwarded()
    var fields = HeaderFields()
    fields.append(name: "Content-Type", value: type)
    for (name, value) in serverFields { fields.append(name: name, value: value) }
    let head = ResponseHead(status: 200, fields: fields)
    let editor = plan.observer?.responseEditor(for: head)
    plan.observer?.responseHead(head)
    let bytes = Array(response.utf8)
    bytes.withUnsafeBytes { plan.observer?.responseBody($0) }
    plan.observer?.ended(.complete(status: 200))
    guard let editor else { return response }
    return String(decoding: edited(editor, [bytes]), as: UTF8.self)
  }
}

private func edited(_ editor: any ResponseEditor, _ pieces: [[UInt8]]) -> [UInt8] {
  var out: [UInt8] = []
  for piece in pieces {
    piece.withUnsafeBytes { editor.edit($0) { out.append(contentsOf: $0) } }
  }
  editor.finish { out.append(contentsOf: $0) }
  return out
}

private func words(_ count: Int) -> String { String(repeating: "word ", count: count) }

private func anthropic(
  _ messages: [String], model: String = "m", system: String = "be brief",
  tools: [String] = ["read"],
  previous: String? = nil, more: String = ""
) -> String {
  let tools = tools.map { #"{"name":"\#($0)","input_schema":{"type":"object"}}"# }
  let turns = messages.enumerated().map {
    #"{"role":"\#($0 % 2 == 0 ? "user" : "assistant")","content":"\#($1)"}"#
  }
  return
    #"{"model":"\#(model)","system":"\#(system)","tools":[\#(tools.joined(separator: ","))],"messages":[\#(turns.joined(separator: ","))],"diagnostics":{"previous_message_id":\#(previous.map { "\"\($0)\"" } ?? "null")}\#(more)}"#
}

private func message(_ id: String, input: Int = 400) -> String {
  #"{"id":"\#(id)","type":"message","role":"assistant","content":[{"type":"text","text":"ok"}],"usage":{"input_tokens":\#(input),"output_tokens":1}}"#
}

private func diagnostics(_ body: String) -> JSONValue? { JSONValue(body)?["diagnostics"] }

@Suite struct AnthropicDiagnosticsTests {
  private static let first = [words(300)]
  private static let second = [words(300), "ok", "next"]

  /// What the second turn of a conversation is told.
  private func told(_ second: String) -> JSONValue? {
    let talk = Conversation("/v1/messages")
    _ = talk.turn(anthropic(Self.first), message("msg_1"))
    return diagnostics(talk.turn(second, message("msg_2")))
  }

  @Test func `a first turn has nothing to compare with`() {
    let talk = Conversation("/v1/messages")
    #expect(diagnostics(talk.turn(anthropic(Self.first), message("msg_1"))) == .null)
  }

  @Test func `a conversation that only grew has no reason`() {
    #expect(told(anthropic(Self.second, previous: "msg_1")) == .null)
  }

  @Test func `a cache marker that moved is no change`() {
    let marked = anthropic(Self.second, previous: "msg_1").replacing(
      #""content":"\#(words(300))""#,
      with:
        #""content":[{"type":"text","text":"\#(words(300))","cache_control":{"type":"ephemeral"}}]"#
    )
    #expect(told(marked) == .null)
  }

  @Test(arguments: [
    (anthropic(second, model: "n", previous: "msg_1"), "model_changed"),
    (anthropic(second, system: "be long", previous: "msg_1"), "system_changed"),
    (anthropic(second, tools: ["read", "write"], previous: "msg_1"), "tools_changed"),
    (anthropic(["changed", "ok", "next"], previous: "msg_1"), "messages_changed"),
    // The earliest in the prompt counts.
    (anthropic(["changed"], system: "be long", tools: [], previous: "msg_1"), "tools_changed"),
  ])
  func `the part that changed is named, and the tokens behind it`(
    _ request: String, _ type: String
  ) throws {
    let reason = try #require(told(request)?["cache_miss_reason"])
    #expect(reason["type"]?.string == type)
    let missed = try #require(reason["cache_missed_input_tokens"]?.integer)
    #expect((300...400).contains(missed))
  }

  @Test(arguments: [
    (anthropic(second, previous: "msg_9"), "previous_message_not_found"),
    (
      anthropic(second, previous: "msg_1", more: #","thinking":{"type":"disabled"}"#), "unavailable"
    ),
  ])
  func `what cannot be compared is said without a number`(_ request: String, _ type: String) throws
  {
    let reason = try #require(told(request)?["cache_miss_reason"])
    #expect(reason == .object([.init("type", .string(type))]))
  }

  @Test func `another client's message is not found`() throws {
    let talk = Conversation("/v1/messages")
    _ = talk.turn(anthropic(Self.first), message("msg_1"))
    let plan = talk.bench.send(
      anthropic(Self.second, previous: "msg_1"), path: "/v1/messages",
      fields: [("x-api-key", "other")])
    let reason = diagnostics(talk.finish(plan, message("msg_2")))?["cache_miss_reason"]
    #expect(reason?["type"]?.string == "previous_message_not_found")
  }

  @Test func `a request that does not ask is answered as the upstream did`() {
    let talk = Conversation("/v1/messages")
    let request = #"{"model":"m","messages":[{"role":"user","content":"hi"}]}"#
    #expect(talk.turn(request, message("msg_1")) == message("msg_1"))
  }

  @Test func `the vendor's own answer is left alone`() {
    let talk = Conversation("/v1/messages")
    talk.serverFields = [("anthropic-organization-id", "o")]
    #expect(talk.turn(anthropic(Self.first), message("msg_1")) == message("msg_1"))
  }

  @Test func `an error, a compressed answer and another type pass untouched`() throws {
    let talk = Conversation("/v1/messages")
    talk.serverFields = [("Content-Encoding", "gzip")]
    #expect(talk.turn(anthropic(Self.first), message("m")) == message("m"))
    talk.serverFields = []
    #expect(talk.turn(anthropic(Self.first), message("m"), type: "text/html") == message("m"))
    let plan = talk.bench.send(anthropic(Self.first), path: "/v1/messages")
    plan.observer?.forwarded()
    var fields = HeaderFields()
    fields.append(name: "Content-Type", value: "application/json")
    #expect(
      plan.observer?.responseEditor(for: ResponseHead(status: 529, fields: fields)) == nil)
  }

  @Test func `a stream is told in its first event and is otherwise the upstream's`() throws {
    let start =
      "event: message_start\ndata: {\"type\":\"message_start\",\"message\":\(message("msg_2"))}\n\n"
    let rest =
      "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"delta\":{\"text\":\"x\"}}\n\n"
      + "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"
    let talk = Conversation("/v1/messages")
    _ = talk.turn(anthropic(Self.first), message("msg_1"))
    let body = talk.turn(
      anthropic(Self.second, system: "be long", previous: "msg_1"), ": ping\n\n" + start + rest,
      type: "text/event-stream")
    #expect(body.hasPrefix(": ping\n\nevent: message_start\ndata: {\"type\":\"message_start\","))
    #expect(body.hasSuffix(rest))
    let line = try #require(body.split(separator: "\n").first { $0.hasPrefix("data: ") })
    let told = JSONValue(String(line.dropFirst(6)))?["message"]?["diagnostics"]
    #expect(told?["cache_miss_reason"]?["type"]?.string == "system_changed")
    // It was remembered under the id that stood in the stream.
    let third = talk.turn(
      anthropic(Self.second + ["a", "b"], system: "be long", previous: "msg_2"), message("msg_3"))
    #expect(diagnostics(third) == .null)
  }

  @Test func `an upstream that refuses the question is not asked again`() {
    let talk = Conversation("/v1/messages")
    let request = anthropic(Self.first, more: #","max_tokens":5"#)
    let plan = talk.bench.send(request, path: "/v1/messages")
    let fallback = plan.fallbackBody.map { $0.string(0..<$0.count) } ?? ""
    #expect(JSONValue(fallback) != nil)
    #expect(!fallback.contains("diagnostics"))
    plan.observer?.forwarded()
    plan.observer?.retriedWithOriginalBody(status: 400)
    #expect(diagnostics(talk.finish(plan, message("msg_1"))) == .null)
    #expect(talk.bench.finished.last?.state == .done)
    let next = talk.bench.send(request, path: "/v1/messages")
    #expect(next.fallbackBody == nil)
    let sent = next.body.map { $0.buffer.string($0.range) }.joined()
    #expect(sent == fallback)
  }

  @Test func `an upstream that takes the question gets the very bytes of the agent`() {
    let talk = Conversation("/v1/messages")
    _ = talk.turn(anthropic(Self.first), message("msg_1"))
    let plan = talk.bench.send(anthropic(Self.second, previous: "msg_1"), path: "/v1/messages")
    #expect(plan.fallbackBody == nil)
    #expect(plan.body.count == 1)
    #expect(plan.body[0].bytes.elementsEqual(Array(anthropic(Self.second, previous: "msg_1").utf8)))
  }
}

@Suite struct OpenAIDiagnosticsTests {
  private static func request(
    _ input: [String], compare: String? = nil, model: String = "m", tools: String = "[]",
    more: String = ""
  ) -> String {
    let items = input.map { #"{"role":"user","content":"\#($0)"}"# }.joined(separator: ",")
    let options = compare.map { #","prompt_cache_options":{"comparison_response_id":"\#($0)"}"# }
    return
      #"{"model":"\#(model)","tools":\#(tools),"input":[\#(items)]\#(more)\#(options ?? "")}"#
  }

  private static func response(_ id: String) -> String {
    #"{"id":"\#(id)","object":"response","output":[],"usage":{"input_tokens":400,"output_tokens":1,"total_tokens":401}}"#
  }

  @Test(
    arguments: [
      (request([words(300), "more"], compare: "resp_1"), "cache_hit", nil),
      (request([words(300)], compare: "resp_9"), "comparison_response_not_found", nil),
      (request([words(300)], compare: "resp_1", model: "n"), "cache_miss", "model_changed"),
      (
        request([words(300)], compare: "resp_1", tools: #"[{"type":"function","name":"f"}]"#),
        "cache_miss", "tools_changed"
      ),
      (request(["changed"], compare: "resp_1"), "cache_miss", "input_changed"),
      (
        request([words(300)], compare: "resp_1", more: #","instructions":"x""#), "cache_miss",
        "input_changed"
      ),
      (
        request([words(300)], compare: "resp_1", more: #","reasoning":{"effort":"high"}"#),
        "cache_miss", "reasoning_effort_changed"
      ),
      (
        request([words(300)], compare: "resp_1", more: #","text":{"verbosity":"low"}"#),
        "cache_miss",
        "verbosity_changed"
      ),
      (
        request(
          [words(300)], compare: "resp_1", more: #","text":{"format":{"type":"json_object"}}"#),
        "cache_miss", "text_format_changed"
      ),
      (
        request([words(300)], compare: "resp_1", more: #","tool_choice":"none""#), "unavailable",
        nil
      ),
      (
        request(["more"], compare: "resp_1", more: #","previous_response_id":"resp_1""#),
        "cache_hit",
        nil
      ),
    ] as [(String, String, String?)])
  func `a comparison is answered in the form of the API`(
    _ second: String, _ type: String, _ reason: String?
  ) throws {
    let talk = Conversation("/v1/responses")
    let first = Self.request([words(300)])
    #expect(talk.turn(first, Self.response("resp_1")) == Self.response("resp_1"))
    let body = talk.turn(second, Self.response("resp_2"))
    let told = try #require(JSONValue(body)?["prompt_cache_diagnostics"])
    #expect(told["type"]?.string == type)
    #expect(told["reason"]?.string == reason)
    #expect((told["cache_missed_tokens"]?.integer != nil) == (reason != nil))
  }

  @Test func `a stream is told in the event that completes it`() throws {
    let talk = Conversation("/v1/responses")
    _ = talk.turn(Self.request([words(300)]), Self.response("resp_1"))
    let created =
      "event: response.created\ndata: {\"type\":\"response.created\",\"response\":{\"id\":\"resp_2\"}}\n\n"
    let completed =
      "event: response.completed\r\ndata: {\"type\":\"response.completed\",\"response\":\(Self.response("resp_2"))}\r\n\r\n"
    let body = talk.turn(
      Self.request([words(300)], compare: "resp_1"), created + completed, type: "text/event-stream")
    #expect(body.hasPrefix(created))
    let line = try #require(body.split(separator: "\r\n").first { $0.hasPrefix("data: ") })
    let told = JSONValue(String(line.dropFirst(6)))?["response"]?["prompt_cache_diagnostics"]
    #expect(told?["type"]?.string == "cache_hit")
  }
}

@Suite struct MemberInserterTests {
  @Test(arguments: [
    (#" {"a":1}"#, #" {"x":0,"a":1}"#), ("{}", #"{"x":0}"#), ("{ \n} ", "{\"x\":0 \n} "),
    ("[1]", "[1]"), ("", ""), ("oops", "oops"), (#"{"a":{}}"#, #"{"x":0,"a":{}}"#),
  ])
  func `a member goes in front of the others, however the body is cut`(
    _ body: String, _ wanted: String
  ) {
    let (reading, disagreements) = SplitFeeder.read(Array(body.utf8)) {
      String(decoding: edited(JSONMemberInserter(#""x":0"#), $0), as: UTF8.self)
    }
    #expect(reading == wanted)
    #expect(disagreements.isEmpty)
  }

  @Test(arguments: [
    ("event: a\ndata: {\"o\":{\"k\":1}}\n\n", "event: a\ndata: {\"o\":{\"x\":0,\"k\":1}}\n\n"),
    ("event:a\r\ndata:{\"o\":{}}\r\n\r\n", "event:a\r\ndata:{\"o\":{\"x\":0}}\r\n\r\n"),
    ("event: b\ndata: {\"o\":{}}\n\n", "event: b\ndata: {\"o\":{}}\n\n"),
    ("event: a\ndata: {\"p\":{}}\n\n", "event: a\ndata: {\"p\":{}}\n\n"),
    ("event: a\ndata: {\"o\":[]}\n\n", "event: a\ndata: {\"o\":[]}\n\n"),
    ("event: a\n\ndata: {\"o\":{}}\n\n", "event: a\n\ndata: {\"o\":{}}\n\n"),
    ("event: a\nid: 1\ndata: {\"o\":{}}\n\n", "event: a\nid: 1\ndata: {\"o\":{\"x\":0}}\n\n"),
    ("event: a\ndata: {\"o\":{", "event: a\ndata: {\"o\":{"),
    ("event: a\ndata: broken}\n\n: p\n\n", "event: a\ndata: broken}\n\n: p\n\n"),
  ])
  func `a member goes into one event, however the stream is cut`(
    _ stream: String, _ wanted: String
  ) {
    let (reading, disagreements) = SplitFeeder.read(Array(stream.utf8)) {
      let editor = EventMemberInserter(events: ["a"], object: "o", member: #""x":0"#)
      return String(decoding: edited(editor, $0), as: UTF8.self)
    }
    #expect(reading == wanted)
    #expect(disagreements.isEmpty)
  }

  @Test func `old fingerprints make room for new ones`() throws {
    let talk = Conversation("/v1/messages")
    _ = talk.turn(anthropic([words(10)]), message("msg_1"))
    let id = Array("msg_1".utf8).withUnsafeBytes { hash64($0) }
    let some = try #require(
      talk.bench.engine.fingerprints[
        .init(response: id, credential: CredentialKey.hash("k"), upstream: 0)])
    var table = FingerprintTable(maxCount: 3, maxParts: 1000)
    for response in 1...9 {
      table.insert(some, .init(response: UInt64(response), credential: 0, upstream: 0))
    }
    let kept = (1...9).filter {
      table[.init(response: UInt64($0), credential: 0, upstream: 0)] != nil
    }
    #expect(kept == [7, 8, 9])
  }
}
