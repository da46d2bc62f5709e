import Testing

@testable import Simulator

@Suite struct ReplyTests {
  static func request(_ body: String) throws -> ModelRequest {
    try ChatReader.read(try JSONReader.read(body), defaultModel: "m")
  }

  static func reply(_ body: String, spelling: JSONText.Style = .spaced) throws -> (
    Reply, [UInt8], ModelRequest
  ) {
    let request = try request(body)
    let prompt = PromptTemplate.render(request)
    return (ReplyWriter(spelling: spelling).reply(to: request, prompt: prompt), prompt, request)
  }

  static func withTools(_ question: String, extra: String = "") -> String {
    RenderingTests.body(#"{"role":"user","content":"\#(question)"}"#, extra: extra)
  }

  @Test func `the same prompt gets the same reply`() throws {
    let (one, _, _) = try Self.reply(Self.withTools("hi"))
    let (two, _, _) = try Self.reply(Self.withTools("hi"))
    let (other, _, _) = try Self.reply(Self.withTools("ho"))
    #expect(one.steps == two.steps)
    #expect(one.steps != other.steps)
  }

  @Test func `required always calls a tool with arguments that fit`() throws {
    for number in 0..<20 {
      let (reply, _, _) = try Self.reply(
        Self.withTools("q\(number)", extra: #","tool_choice":"required""#))
      #expect(reply.end == .toolCalls)
      #expect(reply.calls.allSatisfy { $0.name == "read" && $0.arguments.members != nil })
    }
  }

  @Test func `sometimes a tool is called and sometimes not`() throws {
    let ends = try (0..<40).map { try Self.reply(Self.withTools("q\($0)")).0.end }
    #expect(ends.contains(.toolCalls))
    #expect(ends.contains(.stop))
  }

  @Test func `the steps spell the reply`() throws {
    for number in 0..<30 {
      let (reply, _, _) = try Self.reply(Self.withTools("q\(number)"))
      var text = ""
      var arguments = [String](repeating: "", count: reply.calls.count)
      var announced: [Int] = []
      for step in reply.steps {
        switch step {
        case .text(let part): text += part
        case .call(let index): announced.append(index)
        case .arguments(let index, let part):
          #expect(announced.last == index)
          arguments[index] += part
        case .silent: break
        }
      }
      #expect(text == reply.text)
      #expect(arguments == reply.calls.map(\.spelled))
      #expect(announced == Array(reply.calls.indices))
    }
  }

  @Test func `a reply that comes back is in the cache`() throws {
    for number in 0..<30 {
      let (reply, prompt, request) = try Self.reply(Self.withTools("q\(number)"))
      var next = request
      next.turns.append(
        Turn(
          role: .assistant, text: reply.text,
          calls: reply.calls.map { .init(name: $0.name, arguments: $0.arguments) }))
      next.turns.append(Turn(role: .user, text: "go on"))
      let held = Tokenizer.tokens(of: prompt) + reply.evaluated
      let asked = Tokenizer.tokens(of: PromptTemplate.render(next))
      #expect(SlotPool.commonTokens(held, asked) == held.count)
    }
  }

  @Test func `a model with its own spelling loses its calls`() throws {
    let (reply, prompt, request) = try Self.reply(
      Self.withTools("q", extra: #","tool_choice":"required""#), spelling: .compact)
    var next = request
    next.turns.append(
      Turn(
        role: .assistant, text: reply.text,
        calls: reply.calls.map { .init(name: $0.name, arguments: $0.arguments) }))
    let held = Tokenizer.tokens(of: prompt) + reply.evaluated
    let common = SlotPool.commonTokens(held, Tokenizer.tokens(of: PromptTemplate.render(next)))
    #expect(common < held.count)
    #expect(common >= Tokenizer.tokens(of: prompt).count)
  }

  @Test func `a limit cuts the text and never a call`() throws {
    for limit in 1...40 {
      let (reply, _, _) = try Self.reply(
        Self.withTools("q", extra: #","tool_choice":"required","max_tokens":\#(limit)"#))
      #expect(reply.tokenCount <= limit)
      if reply.end == .toolCalls {
        #expect(!reply.calls.isEmpty)
      } else {
        #expect(reply.calls.isEmpty)
      }
      if reply.end == .length { #expect(reply.evaluated.count == limit - 1) }
    }
  }
}
