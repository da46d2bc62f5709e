import Testing

@testable import Simulator

/// What the real server was measured to see as the same, and what not.
@Suite struct RenderingTests {
  static let tool =
    #"{"type":"function","function":{"name":"read","description":"Reads","parameters":{"type":"object","properties":{"path":{"type":"string"},"n":{"type":"number"}}}}}"#

  static func body(
    _ messages: String, tools: String = tool, extra: String = ""
  ) -> String {
    #"{"model":"m","tools":[\#(tools)],"messages":[\#(messages)]\#(extra)}"#
  }

  static let call =
    #"{"role":"user","content":"hi"},{"role":"assistant","content":"ok","tool_calls":[{"id":"1","type":"function","function":{"name":"read","arguments":"{\"path\":\"a\",\"n\":1}"}}]},{"role":"tool","tool_call_id":"1","content":"text"}"#

  static func rendered(chat body: String) throws -> String {
    let request = try ChatReader.read(try JSONReader.read(body), defaultModel: "m")
    return String(decoding: PromptTemplate.render(request), as: UTF8.self)
  }

  static func rendered(messages body: String) throws -> String {
    let request = try MessagesReader.read(
      try JSONReader.read(body), defaultModel: "m", masksBillingLine: false)
    return String(decoding: PromptTemplate.render(request), as: UTF8.self)
  }

  static func rendered(responses body: String) throws -> String {
    let request = try ResponsesReader.read(
      try JSONReader.read(body), defaultModel: "m", earlier: [])
    return String(decoding: PromptTemplate.render(request), as: UTF8.self)
  }

  @Test(arguments: [
    ("white space of the body", body(call).replacing(#""content":"#, with: "\"content\" :\n\t")),
    ("escapes", body(call.replacing("hi", with: "\\u0068i"))),
    (
      "key order around the schema",
      body(
        call,
        tools:
          #"{"function":{"parameters":{"type":"object","properties":{"path":{"type":"string"},"n":{"type":"number"}}},"strict":true,"description":"Reads","name":"read"},"type":"function"}"#
      )
    ),
    (
      "white space in arguments",
      body(call.replacing(#"{\"path\":\"a\",\"n\":1}"#, with: #"{ \"path\" : \"a\",\n\"n\":1 }"#))
    ),
    ("1.0 for 1 in arguments", body(call.replacing(#"\"n\":1"#, with: #"\"n\":1.0"#))),
    ("escapes in arguments", body(call.replacing(#"\"a\""#, with: #"\"\\u0061\""#))),
    (
      "one text part for a string",
      body(call.replacing(#""content":"hi""#, with: #""content":[{"type":"text","text":"hi"}]"#))
    ),
    (
      "cache markers",
      body(
        call.replacing(
          #""content":"hi""#,
          with: #""content":[{"type":"text","text":"hi","cache_control":{"type":"ephemeral"}}]"#))
    ),
    (
      "unknown fields and sampling",
      body(call, extra: #","temperature":0.1,"seed":7,"foo":{"bar":1}"#)
    ),
    ("the model's name", body(call).replacing(#""model":"m""#, with: #""model":"other""#)),
    (
      "ids of calls",
      body(
        call.replacing(#""id":"1""#, with: #""id":"z""#).replacing(
          #""tool_call_id":"1""#, with: #""tool_call_id":"z""#))
    ),
  ])
  func `a neutral difference is not rendered`(name: String, other: String) throws {
    #expect(other != Self.body(Self.call), "the case \(name) changes nothing")
    #expect(try Self.rendered(chat: other) == Self.rendered(chat: Self.body(Self.call)))
  }

  @Test(arguments: [
    (
      "key order inside a schema",
      body(
        call,
        tools: tool.replacing(
          #"{"path":{"type":"string"},"n":{"type":"number"}}"#,
          with: #"{"n":{"type":"number"},"path":{"type":"string"}}"#))
    ),
    (
      "key order inside arguments",
      body(call.replacing(#"{\"path\":\"a\",\"n\":1}"#, with: #"{\"n\":1,\"path\":\"a\"}"#))
    ),
    ("number of tools", body(call, tools: tool + "," + tool)),
    (
      "trailing white space",
      body(call.replacing(#""content":"text""#, with: #""content":"text ""#))
    ),
    ("a byte of text", body(call.replacing("hi", with: "ho"))),
    ("no tools by tool_choice", body(call, extra: #","tool_choice":"none""#)),
  ])
  func `a difference the model sees is rendered`(name: String, other: String) throws {
    #expect(try Self.rendered(chat: other) != Self.rendered(chat: Self.body(Self.call)))
  }

  @Test func `the order of tools is rendered`() throws {
    let second = Self.tool.replacing("read", with: "write")
    let one = try Self.rendered(chat: Self.body(Self.call, tools: Self.tool + "," + second))
    let other = try Self.rendered(chat: Self.body(Self.call, tools: second + "," + Self.tool))
    #expect(one != other)
  }

  @Test func `developer is another word for system`() throws {
    let one = #"{"role":"system","content":"be x"},{"role":"user","content":"hi"}"#
    #expect(
      try Self.rendered(chat: Self.body(one))
        == Self.rendered(chat: Self.body(one.replacing("system", with: "developer"))))
  }

  @Test func `several text parts are joined by a line feed`() throws {
    let parts =
      #"{"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]}"#
    let whole = #"{"role":"user","content":"a\nb"}"#
    #expect(try Self.rendered(chat: Self.body(parts)) == Self.rendered(chat: Self.body(whole)))
  }

  @Test func `tools come first, then the system text`() throws {
    let text = try Self.rendered(
      chat: Self.body(#"{"role":"system","content":"be x"},{"role":"user","content":"hi"}"#))
    #expect(text.hasPrefix("<|im_start|>system\n# Tools\n"))
    #expect(
      text.hasSuffix(
        "</tool_call>\n\nbe x<|im_end|>\n<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n"))
  }

  @Test func `the three dialects render the same conversation alike`() throws {
    let chat = try Self.rendered(
      chat: Self.body(#"{"role":"system","content":"be x"},"# + Self.call))
    let messages = try Self.rendered(
      messages:
        #"{"model":"m","max_tokens":9,"system":[{"type":"text","text":"be x","cache_control":{"type":"ephemeral"}}],"tools":[{"name":"read","description":"Reads","input_schema":{"type":"object","properties":{"path":{"type":"string"},"n":{"type":"number"}}}}],"messages":[{"role":"user","content":"hi"},{"role":"assistant","content":[{"type":"text","text":"ok"},{"type":"tool_use","id":"1","name":"read","input":{"path":"a","n":1}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"1","content":"text"}]}]}"#
    )
    let responses = try Self.rendered(
      responses:
        #"{"model":"m","instructions":"be x","tools":[{"type":"function","name":"read","description":"Reads","parameters":{"type":"object","properties":{"path":{"type":"string"},"n":{"type":"number"}}}}],"input":[{"role":"user","content":"hi"},{"type":"message","role":"assistant","content":[{"type":"output_text","text":"ok"}]},{"type":"function_call","call_id":"1","name":"read","arguments":"{\"path\":\"a\",\"n\":1}"},{"type":"function_call_output","call_id":"1","output":"text"}]}"#
    )
    #expect(chat == messages)
    #expect(chat == responses)
  }

  @Test func `a masked billing line is the same for all digits`() {
    let line = "x-anthropic-billing-header: cc_version=2.1.101.e51; cc_entrypoint=cli; cch=a5145;"
    #expect(
      MessagesReader.maskingBillingLine(line) == line.replacing("cch=a5145", with: "cch=fffff"))
    #expect(MessagesReader.maskingBillingLine("cch=a5145;") == "cch=a5145;")
  }

  @Test(arguments: [
    (#"{"model":"m"}"#, 400), (#"{"messages":7}"#, 400), (#"[]"#, 400),
    (#"{"n":2,"messages":[{"role":"user","content":"h"}]}"#, 400),
    (#"{"messages":[{"role":"robot","content":"h"}]}"#, 400),
    (#"{"messages":[{"role":"user","content":[{"type":"image_url","image_url":{}}]}]}"#, 500),
    (
      #"{"messages":[{"role":"assistant","content":"","tool_calls":[{"function":{"name":"f","arguments":"{\"a"}}]}]}"#,
      500
    ),
  ])
  func `a body that cannot be rendered has the status of the real server`(
    body: String, status: Int
  ) throws {
    let value = try JSONReader.read(body)
    let error = #expect(throws: RequestError.self) {
      try ChatReader.read(value, defaultModel: "m")
    }
    #expect(error?.status == status)
  }
}
