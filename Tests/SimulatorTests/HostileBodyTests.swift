import Testing
import Wire

@testable import Simulator

/// Nothing that arrives may end the process, whatever it is.
@Suite struct HostileBodyTests {
  static let bodies: [String] = [
    RenderingTests.body(RenderingTests.call), AnswerTests.messages(AnswerTests.stream),
    AnswerTests.responses(),
    #"{"input":[{"type":"function_call","call_id":"1","name":"f","arguments":"{}"},{"type":"function_call_output","call_id":"1","output":[{"type":"input_text","text":"x"}]},{"type":"reasoning","summary":[]}],"instructions":"x"}"#,
    #"{"system":[{"type":"text","text":"x-anthropic-billing-header: cch=abcde;"}],"messages":[{"role":"user","content":[{"type":"tool_result","tool_use_id":"1","content":[]},{"type":"text","text":"t"}]}]}"#,
  ]

  /// What a server does with a body up to its reply; errors are fine.
  static func read(_ bytes: [UInt8]) {
    guard let value = try? JSONReader.read(bytes) else { return }
    let requests = [
      try? ChatReader.read(value, defaultModel: "m"),
      try? MessagesReader.read(value, defaultModel: "m", masksBillingLine: true),
      try? ResponsesReader.read(value, defaultModel: "m", earlier: []),
    ]
    for case let request? in requests {
      let prompt = PromptTemplate.render(request)
      _ = Tokenizer.tokens(of: prompt)
      _ = ReplyWriter().reply(to: request, prompt: prompt)
    }
  }

  @Test func `changed bytes are survived`() {
    var numbers = SeededNumbers(seed: 42)
    for body in Self.bodies {
      for _ in 0..<400 {
        var bytes = Array(body.utf8)
        for _ in 0...numbers.below(4) {
          let at = numbers.below(bytes.count)
          switch numbers.below(3) {
          case 0: bytes[at] = UInt8(truncatingIfNeeded: numbers.next())
          case 1: bytes.remove(at: at)
          default: bytes.insert(numbers.pick(Array(#"{}[]",:\0-e"#.utf8)) ?? 0, at: at)
          }
        }
        Self.read(bytes)
      }
    }
  }

  @Test func `values of another type are survived`() {
    let values = ["null", "7", "-1", "1e400", "true", "\"\"", "[]", "{}", "[[]]", "[{}]"]
    for body in Self.bodies {
      guard case .object(let members)? = try? JSONReader.read(body) else { continue }
      for index in members.indices {
        for value in values {
          var changed = members
          changed[index].value = (try? JSONReader.read(value)) ?? .null
          Self.read(Array(JSONText.compact(.object(changed)).utf8))
        }
      }
    }
  }

  @Test func `nesting inside the string of arguments is bounded`() throws {
    let deep = String(repeating: "[", count: 100_000)
    let body =
      #"{"messages":[{"role":"assistant","content":"","tool_calls":[{"function":{"name":"f","arguments":"\#(deep)"}}]}]}"#
    let value = try JSONReader.read(body)
    #expect(throws: RequestError.self) { try ChatReader.read(value, defaultModel: "m") }
  }

  @Test(arguments: [-1, 0, 1, Int.max])
  func `every limit of tokens has an answer`(limit: Int) throws {
    try withSimulator { simulator in
      let response = try TestClient(simulator.address).call(
        "/v1/chat/completions", AnswerTests.chat(#","max_tokens":\#(limit)"#))
      #expect(response.head.status == 200)
      let made = try #require(try response.json()["usage"]?["completion_tokens"]?.integer)
      #expect(limit == 0 || limit == 1 ? made == 1 : made > 1)
    }
  }
}
