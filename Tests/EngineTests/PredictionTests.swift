import Bytes
import Engine
import Prefix
import Prompt
import Proxy
import Testing
import Turns
import Upstream
import Wire

/// An engine fed with requests and answers of one kind of server, without sockets.
private final class Server {
  private(set) var records: [TurnRecord] = []
  var now: UInt64 = 1_000
  private var engine: Engine!
  private let path: String
  private let header: (String, String)

  init(path: String, header: (String, String)) {
    self.path = path
    self.header = header
    engine = Engine(
      configuration: EngineConfiguration(upstreams: [.init(name: "default", address: "h:1")]),
      clock: EngineClock(
        monotonicMillis: { [unowned self] in now },
        wallMillis: { [unowned self] in Int64(now) })
    ) { [unowned self] event in
      if case .finished(let record) = event { records.append(record) }
    }
  }

  /// Plays one exchange; the record of its turn.
  func turn(_ body: String, _ answer: String) -> TurnRecord? {
    let plan = engine.plan(
      for: ReceivedRequest(
        head: RequestHead(method: "POST", target: path, fields: HeaderFields()),
        body: ByteBuffer(copying: Array(body.utf8)), connection: 1, upstream: 0,
        receivedAtMillis: Int64(now)))
    plan.observer?.forwarded()
    var fields = HeaderFields()
    fields.append(name: "Content-Type", value: "application/json")
    fields.append(name: header.0, value: header.1)
    plan.observer?.responseHead(ResponseHead(status: 200, fields: fields))
    Array(answer.utf8).withUnsafeBytes { plan.observer?.responseBody($0) }
    now += 100
    plan.observer?.ended(.complete(status: 200))
    return records.last
  }
}

private let long = String(repeating: "word and more ", count: 600)

private func chat(_ messages: String...) -> String {
  #"{"model":"m","messages":[{"role":"user","content":"\#(long)"}\#(messages.map { "," + $0 }.joined())]}"#
}

private func answer(_ text: String, prompt: Int, cached: Int, output: Int) -> String {
  #"{"choices":[{"message":{"role":"assistant","content":"\#(text)"}}],"usage":{"prompt_tokens":\#(prompt),"completion_tokens":\#(output)},"timings":{"cache_n":\#(cached),"prompt_n":\#(prompt - cached)}}"#
}

@Suite struct PredictionTests {
  private let llama = Server(path: "/v1/chat/completions", header: ("Server", "llama.cpp"))
  private let assistant = #"{"role":"assistant","content":"I will look at it"}"#
  private let more = #"{"role":"user","content":"go on"}"#

  /// A conversation with a breakpoint behind its first part, and a message behind that.
  private func broken(_ second: String, explicitOnly: Bool = false) -> String {
    let mark = #""prompt_cache_breakpoint":{"mode":"explicit"}"#
    let options = explicitOnly ? #""prompt_cache_options":{"mode":"explicit"},"# : ""
    return
      #"{"model":"gpt-5.6",\#(options)"messages":[{"role":"user","content":[{"type":"text","text":"\#(long)",\#(mark)}]},{"role":"user","content":"\#(second)"}\#(second.isEmpty ? "" : ",\(assistant),\(more)")]}"#
  }

  @Test func `OpenAI reuses what ends at an explicit breakpoint in front of a break`() throws {
    let openAI = Server(path: "/v1/chat/completions", header: ("openai-organization", "o"))
    _ = openAI.turn(broken("one of two"), answer("ok", prompt: 2000, cached: 0, output: 5))
    let record = try #require(
      openAI.turn(broken("two of two"), answer("ok", prompt: 2000, cached: 1950, output: 5)))
    let predicted = try #require(record.predictedTokens)
    #expect((1900..<2000).contains(predicted.value))
  }

  @Test func `OpenAI stores no end of a prompt that asks for explicit breakpoints only`() throws {
    let openAI = Server(path: "/v1/chat/completions", header: ("openai-organization", "o"))
    let body = broken("one of two", explicitOnly: true)
    _ = openAI.turn(body, answer("ok", prompt: 2000, cached: 0, output: 5))
    let record = try #require(
      openAI.turn(body, answer("ok", prompt: 2000, cached: 1950, output: 5)))
    let predicted = try #require(record.predictedTokens)
    #expect((1900..<2000).contains(predicted.value), "not the 2,000 of the whole prompt")
  }

  @Test func `a slot keeps the answer that comes back as it was written`() throws {
    _ = llama.turn(chat(), answer("I will look at it", prompt: 2000, cached: 0, output: 101))
    let record = try #require(
      llama.turn(chat(assistant, more), answer("ok", prompt: 2120, cached: 2100, output: 5)))
    #expect(record.predictedTokens == TokenCount(2100, estimated: false))
    #expect(record.keptTokens == TokenCount(2000, estimated: false))
    #expect(record.echo == .same)
    #expect(record.serverCause == nil)
  }

  @Test func `an answer that comes back changed is not expected to be reused`() throws {
    _ = llama.turn(chat(), answer("Let me see first", prompt: 2000, cached: 0, output: 101))
    let record = try #require(
      llama.turn(chat(assistant, more), answer("ok", prompt: 2120, cached: 2000, output: 5)))
    #expect(record.predictedTokens?.value == 2000)
    #expect(record.echo == .changed)
    #expect(record.serverCause == nil)
  }

  @Test func `a server that renders answers in other tokens is told once and expected then`() throws
  {
    let second = #"{"role":"assistant","content":"I have looked at it"}"#
    _ = llama.turn(chat(), answer("I will look at it", prompt: 2000, cached: 0, output: 101))
    let first = try #require(
      llama.turn(
        chat(assistant, more), answer("I have looked at it", prompt: 2120, cached: 2000, output: 91)
      ))
    #expect(first.serverCause == .templateRerendered)
    let next = try #require(
      llama.turn(
        chat(assistant, more, second, more), answer("ok", prompt: 2230, cached: 2120, output: 5)))
    #expect(next.predictedTokens?.value == 2120)
    #expect(next.serverCause == .templateRerendered)
  }

  @Test func `an agent that alternates between two prompts is expected to find the older one`()
    throws
  {
    func body(_ clock: String, _ turns: Int) -> String {
      let list = (0..<turns).map {
        #",{"role":"user","content":"\#($0) \#(long)"},{"role":"assistant","content":"yes \#($0)"}"#
      }.joined()
      return
        #"{"model":"m","messages":[{"role":"system","content":"\#(long) \#(clock)"}\#(list),{"role":"user","content":"\#(turns) \#(long)"}]}"#
    }
    var prompt = 2000
    var records: [TurnRecord] = []
    for turn in 1...6 {
      // The server has the variant of the turn before the last one.
      let cached = turn < 3 ? 0 : prompt - 2000
      let record = llama.turn(
        body(turn % 2 == 0 ? "a" : "b", turn),
        answer("x", prompt: prompt, cached: cached, output: 2))
      records.append(try #require(record))
      prompt += 1000
    }
    #expect(records.suffix(2).allSatisfy { $0.predictedTokens?.value == $0.usage.cachedTokens })
    #expect(records.suffix(2).allSatisfy { $0.serverCause == nil })
  }

  @Test func `breakpoints of the Messages API decide what is predicted`() throws {
    let claude = Server(path: "/v1/messages", header: ("anthropic-organization-id", "o"))
    func body(marked: Bool, extra: Int) -> String {
      let marker = marked ? #","cache_control":{"type":"ephemeral"}"# : ""
      let parts = (0..<extra).map { #"{"type":"text","text":"part \#($0)"},"# }.joined()
      let turns =
        extra == 0
        ? ""
        : #",{"role":"assistant","content":"I will"},{"role":"user","content":[\#(parts){"type":"text","text":"end"\#(marker)}]}"#
      let first = extra == 0 ? marker : ""
      return
        #"{"model":"claude-sonnet-5","max_tokens":10,"messages":[{"role":"user","content":[{"type":"text","text":"\#(long)"\#(first)}]}\#(turns)]}"#
    }
    func answer(read: Int, written: Int, rest: Int = 3) -> String {
      #"{"content":[{"type":"text","text":"I will"}],"usage":{"input_tokens":\#(rest),"cache_read_input_tokens":\#(read),"cache_creation_input_tokens":\#(written),"output_tokens":4}}"#
    }
    _ = claude.turn(body(marked: true, extra: 0), answer(read: 0, written: 2000))
    let near = try #require(
      claude.turn(body(marked: true, extra: 5), answer(read: 2000, written: 100)))
    #expect(near.predictedTokens?.value == 2000)
    #expect(near.serverCause == nil)
    let far = try #require(
      claude.turn(body(marked: false, extra: 40), answer(read: 0, written: 0, rest: 2500)))
    #expect(far.predictedTokens?.value == 0)
    #expect(far.serverCause == nil)
  }

  @Test func `a breakpoint that was not used for too long has lapsed`() throws {
    let claude = Server(path: "/v1/messages", header: ("anthropic-organization-id", "o"))
    func body(_ count: Int) -> String {
      let turns = (0..<count).map {
        #",{"role":"assistant","content":"a\#($0)"},{"role":"user","content":"u\#($0)"}"#
      }.joined()
      return
        #"{"model":"claude-sonnet-5","cache_control":{"type":"ephemeral"},"messages":[{"role":"user","content":"\#(long)"}\#(turns)]}"#
    }
    func answer(read: Int, written: Int) -> String {
      #"{"content":[{"type":"text","text":"a"}],"usage":{"input_tokens":0,"cache_read_input_tokens":\#(read),"cache_creation_input_tokens":\#(written),"output_tokens":4}}"#
    }
    _ = claude.turn(body(0), answer(read: 0, written: 2000))
    let soon = try #require(claude.turn(body(1), answer(read: 2000, written: 10)))
    #expect(soon.predictedTokens?.value == 2000)
    claude.now += 6 * 60 * 1000
    let late = try #require(claude.turn(body(2), answer(read: 0, written: 2020)))
    #expect(late.predictedTokens?.value == 0)
    #expect(late.serverCause == .lifetimeLapsed)
  }
}
