import Testing
import Wire

@testable import Simulator

/// Where each kind of call reports what was cached.
@Suite struct AnswerTests {
  static let text = SourceText.instructions(sentences: 30, seed: 2)

  static func chat(_ extra: String = "", question: String = "hello") -> String {
    #"{"model":"m","messages":[{"role":"user","content":"\#(text)"},{"role":"user","content":"\#(question)"}]\#(extra)}"#
  }

  static func messages(_ extra: String = "") -> String {
    #"{"model":"m","max_tokens":50,"messages":[{"role":"user","content":"\#(text)"}]\#(extra)}"#
  }

  static func responses(_ extra: String = "") -> String {
    #"{"model":"m","input":"\#(text)"\#(extra)}"#
  }

  static let stream = #","stream":true"#

  /// Sends the same request twice; the second one is cached but for one token.
  static func second(
    _ path: String, _ body: String, _ change: (inout SimulatorOptions) -> Void = { _ in }
  ) throws -> TestClient.Response {
    try withSimulator(change) { simulator in
      let client = try TestClient(simulator.address)
      _ = try client.call(path, body)
      return try client.call(path, body)
    }
  }

  @Test func `a plain chat answer has usage and timings`() throws {
    let json = try Self.second("/v1/chat/completions", Self.chat()).json()
    let total = try #require(json["usage"]?["prompt_tokens"]?.integer)
    #expect(json["usage"]?["prompt_tokens_details"]?["cached_tokens"]?.integer == total - 1)
    #expect(json["timings"]?["cache_n"]?.integer == total - 1)
    #expect(json["timings"]?["prompt_n"]?.integer == 1)
  }

  @Test func `a chat stream carries timings on the finish chunk only`() throws {
    let events = try Self.second("/v1/chat/completions", Self.chat(Self.stream)).events()
    let last = try #require(events.last)
    #expect(last["choices"]?.elements?.first?["finish_reason"]?.text == "stop")
    #expect(last["timings"]?["prompt_n"]?.integer == 1)
    #expect(last["usage"] == nil)
    #expect(events.dropLast().allSatisfy { $0["timings"] == nil && $0["usage"] == nil })
  }

  @Test func `include_usage moves the figures to a chunk of their own`() throws {
    let events = try Self.second(
      "/v1/chat/completions",
      Self.chat(Self.stream + #","stream_options":{"include_usage":true}"#)
    ).events()
    let last = try #require(events.last)
    #expect(last["choices"]?.elements == [])
    let total = try #require(last["usage"]?["prompt_tokens"]?.integer)
    #expect(last["usage"]?["prompt_tokens_details"]?["cached_tokens"]?.integer == total - 1)
    #expect(last["timings"]?["cache_n"]?.integer == total - 1)
    #expect(events.dropLast().allSatisfy { $0["timings"] == nil })
  }

  @Test func `return_progress tells the cached count before the reply`() throws {
    let events = try Self.second(
      "/v1/chat/completions", Self.chat(Self.stream + #","return_progress":true"#)
    ).events()
    let progress = try #require(events.first?["prompt_progress"])
    let total = try #require(progress["total"]?.integer)
    #expect(progress["cache"]?.integer == total - 1)
    #expect(progress["processed"]?.integer == total - 1)
    #expect(events[1]["prompt_progress"]?["processed"]?.integer == total)
  }

  @Test func `a Responses answer counts in its usage`() throws {
    let json = try Self.second("/v1/responses", Self.responses()).json()
    let total = try #require(json["usage"]?["input_tokens"]?.integer)
    #expect(json["usage"]?["input_tokens_details"]?["cached_tokens"]?.integer == total - 1)
  }

  @Test func `a Responses stream counts in its completed event`() throws {
    let events = try Self.second("/v1/responses", Self.responses(Self.stream)).events()
    let last = try #require(events.last)
    #expect(last["type"]?.text == "response.completed")
    let usage = last["response"]?["usage"]
    let total = try #require(usage?["input_tokens"]?.integer)
    #expect(usage?["input_tokens_details"]?["cached_tokens"]?.integer == total - 1)
    #expect(last["timings"]?["cache_n"]?.integer == total - 1)
    #expect(events.map { $0["sequence_number"]?.integer } == Array(events.indices))
  }

  @Test func `a messages answer counts the uncached part as input`() throws {
    let usage = try #require(try Self.second("/v1/messages", Self.messages()).json()["usage"])
    #expect(usage["input_tokens"]?.integer == 1)
    #expect(try #require(usage["cache_read_input_tokens"]?.integer) > 100)
    #expect(usage["cache_creation_input_tokens"] == nil)
  }

  @Test func `a messages stream counts in message_start only`() throws {
    let events = try Self.second("/v1/messages", Self.messages(Self.stream)).events()
    let usage = try #require(events.first?["message"]?["usage"])
    #expect(usage["input_tokens"]?.integer == 1)
    #expect(try #require(usage["cache_read_input_tokens"]?.integer) > 100)
    let delta = try #require(events.first { $0["type"]?.text == "message_delta" })
    #expect(delta["usage"]?.members?.map(\.key) == ["output_tokens"])
    #expect(events.last?["type"]?.text == "message_stop")
  }

  @Test func `a server that does not report says nothing about its cache`() throws {
    let chat = try Self.second("/v1/chat/completions", Self.chat()) { $0.reportsCache = false }
    #expect(try chat.json()["usage"]?["prompt_tokens_details"] == nil)
    #expect(try chat.json()["timings"] == nil)
    let messages = try Self.second("/v1/messages", Self.messages()) { $0.reportsCache = false }
    #expect(try messages.json()["usage"]?["cache_read_input_tokens"] == nil)
    #expect(try #require(messages.json()["usage"]?["input_tokens"]?.integer) > 100)
  }

  @Test func `a generic server streams no figures unless asked`() throws {
    let stream = try Self.second("/v1/chat/completions", Self.chat(Self.stream)) {
      $0.kind = .generic
    }
    #expect(stream.events().allSatisfy { $0["timings"] == nil && $0["usage"] == nil })
    let asked = try Self.second(
      "/v1/chat/completions",
      Self.chat(Self.stream + #","stream_options":{"include_usage":true}"#)
    ) { $0.kind = .generic }
    #expect(asked.events().last?["usage"]?["prompt_tokens_details"]?["cached_tokens"] != nil)
    #expect(asked.events().last?["timings"] == nil)
  }

  @Test func `an echoed reply is cached in every dialect`() throws {
    try withSimulator { simulator in
      for agent in ScriptedAgent.allCases {
        let client = try TestClient(simulator.address)
        var script = ScriptedSession(agent: agent, seed: 9)
        var request = script.next(after: nil)
        var reply: AgentReply?
        var known = 0
        for _ in 0..<4 {
          let body = String(decoding: request.body, as: UTF8.self)
          let response = try client.call(request.target, body)
          var reader = ReplyReader(dialect: agent.dialect)
          response.body.withUnsafeBytes { reader.feed($0) }
          #expect(reader.isComplete)
          if let cached = reader.cachedTokens, let processed = reader.processedTokens,
            request.purpose == .turn
          {
            if request.turn > 1, request.mutation == nil {
              #expect(cached > known, "\(agent) turn \(request.turn)")
            }
            known = cached + processed
          }
          reply = reader.reply
          request = script.next(after: reply)
        }
      }
    }
  }

  @Test(arguments: ["/v1/chat/completions", "/v1/messages", "/v1/responses"])
  func `a stream says what the plain answer says`(path: String) throws {
    let tools =
      path == "/v1/messages"
      ? #","tools":[{"name":"read","input_schema":{"type":"object","properties":{"path":{"type":"string"}},"required":["path"]}}],"tool_choice":{"type":"any"}"#
      : path == "/v1/responses"
        ? #","tools":[{"type":"function","name":"read","parameters":{"type":"object","properties":{"path":{"type":"string"}},"required":["path"]}}],"tool_choice":"required""#
        : #","tools":[{"type":"function","function":{"name":"read","parameters":{"type":"object","properties":{"path":{"type":"string"}},"required":["path"]}}}],"tool_choice":"required""#
    let base =
      path == "/v1/messages"
      ? Self.messages(tools) : path == "/v1/responses" ? Self.responses(tools) : Self.chat(tools)
    let dialect: ScriptedAgent.Dialect =
      path == "/v1/messages" ? .messages : path == "/v1/responses" ? .responses : .chat
    try withSimulator { simulator in
      let client = try TestClient(simulator.address)
      let plain = try client.call(path, base).json()
      let stream = try client.call(path, String(base.dropLast()) + Self.stream + "}")
      var reader = ReplyReader(dialect: dialect)
      for byte in stream.body { withUnsafeBytes(of: byte) { reader.feed($0) } }
      let call = try #require(reader.reply.calls.first)
      #expect(call.name == "read")
      let arguments = try JSONReader.read(call.arguments)
      switch dialect {
      case .chat:
        let message = plain["choices"]?.elements?.first?["message"]
        #expect(message?["content"]?.text == reader.text)
        let spelled = message?["tool_calls"]?.elements?.first?["function"]?["arguments"]?.text
        #expect(spelled == call.arguments)
      case .messages:
        let use = plain["content"]?.elements?.first { $0["type"]?.text == "tool_use" }
        #expect(use?["input"] == arguments)
      case .responses:
        let item = plain["output"]?.elements?.first { $0["type"]?.text == "function_call" }
        #expect(item?["arguments"]?.text == call.arguments)
      }
    }
  }
}
