import Bytes
import TestSupport
import Testing
import Wire

/// What may be added to responses, when it was asked for.
@Suite struct AnswerEditingTests {
  private static func message(_ id: String) -> String {
    #"{"id":"\#(id)","type":"message","role":"assistant","content":[{"type":"text","text":"ok"}],"usage":{"input_tokens":400,"output_tokens":1}}"#
  }

  private static func asking(_ texts: [String], system: String = "a", _ previous: String) -> String
  {
    Prompts.anthropic(
      texts, system: system, more: #","diagnostics":{"previous_message_id":\#(previous)}"#)
  }

  @Test func `diagnostics of a local server are answered and nothing else is changed`() throws {
    let scene = try Scene(options: ["--native-diagnostics"])
    scene.answerAll(ok(Self.message("msg_1")))
    let agent = scene.agent()
    let first = Self.asking([Prompts.prose(100)], "null")
    _ = try scene.call(agent, "/v1/messages", first)
    #expect(try scene.received(1).message.text == first)
    let second = try scene.call(
      agent, "/v1/messages",
      Self.asking([Prompts.prose(100), "ok", "more"], system: "b", "\"msg_1\""))
    let told = try #require(JSONValue(second.text)?["diagnostics"]?["cache_miss_reason"])
    #expect(told["type"]?.string == "system_changed")
    let plain = try scene.call(agent, "/v1/messages", Prompts.anthropic(["hi"]))
    #expect(plain.text == Self.message("msg_1"))
    #expect(plain.fieldLines.contains("Content-Length: \(plain.text.utf8.count)"))
  }

  @Test func `without the option a question gets the upstream's own answer`() throws {
    let scene = try Scene()
    scene.answerAll(ok(Self.message("msg_1")))
    let response = try scene.call(
      scene.agent(), "/v1/messages", Self.asking([Prompts.prose(100)], "null"))
    #expect(response.text == Self.message("msg_1"))
    #expect(!response.fieldLines.contains { $0.lowercased().hasPrefix("x-holdfast") })
  }

  @Test func `a server that refuses the question is asked without it`() throws {
    let scene = try Scene(options: ["--native-diagnostics"])
    let refusal = "unknown field"
    var answered = 0
    scene.upstream.onReceive = { peer in
      // The newest request of the connection.
      guard let request = HTTPMessage.requests(in: peer.received).last,
        request.body.count > 0
      else { return }
      answered += 1
      let isRefused = request.text.contains("diagnostics")
      peer.send(
        isRefused
          ? "HTTP/1.1 400 Bad Request\r\nContent-Length: \(refusal.utf8.count)\r\n\r\n\(refusal)"
          : ok(Self.message("msg_\(answered)")))
    }
    let agent = scene.agent()
    for _ in 0..<2 {
      let response = try scene.call(
        agent, "/v1/messages", Self.asking([Prompts.prose(50)], "null"))
      #expect(response.status == 200)
      #expect(JSONValue(response.text)?["diagnostics"] == .null)
    }
    // Once refused and repeated, then without at once.
    #expect(answered == 3)
  }

  @Test func `fields tell what was found out about a turn and leave the body alone`() throws {
    let scene = try Scene(options: ["--response-headers"])
    let answer = chatAnswer(prompt: 900, cached: 0)
    scene.answerAll(answer)
    let agent = scene.agent()
    let texts = [Prompts.prose(200), "yes", "go on"]
    let first = try scene.call(agent, "/v1/chat/completions", Prompts.chat(texts))
    #expect(first.fields.first("x-holdfast-turn") == "1")
    #expect(first.fields.first("x-holdfast-cause") != nil)
    #expect(first.fields.first("x-holdfast-kept-tokens") == nil)
    let second = try scene.call(
      agent, "/v1/chat/completions", Prompts.chat(["changed"] + texts[1...] + ["yes", "more"]))
    #expect(answer.hasSuffix(second.text))
    #expect(second.fields.first("content-length") == "\(second.body.count)")
    let turn = try scene.turns(2)[1]
    #expect(second.fields.first("x-holdfast-session") == turn["session_id"]?.string)
    #expect(second.fields.first("x-holdfast-turn") == "2")
    #expect(second.fields.first("x-holdfast-cause") == turn["cause"]?.string)
    #expect(second.fields.first("x-holdfast-mode") == "off")
    #expect(second.fields.first("x-holdfast-pin") == "untouched")
    let lost = try #require(second.fields.first("x-holdfast-reprocessed-tokens"))
    #expect(Int(lost.drop { $0 == "~" }) ?? 0 > 800)
  }
}
