import Bytes
import Prefix
import Prompt
import Proxy
import Testing
import Turns
import Upstream
import Wire

@testable import Engine

/// An engine, and a server that answers its questions; both fed without sockets.
private final class Lab {
  private(set) var events: [TurnEvent] = []
  var asked: [String] = []
  var now: UInt64 = 1_000_000
  /// What the server answers by path; 404 for the rest.
  var pages: [String: String] = [:]
  private(set) var engine: Engine!

  init(mode: PinMode = .off, host: String = "", slots: Int? = nil, window: Int = 65536) {
    var configuration = EngineConfiguration(
      upstreams: [.init(name: "default", address: "h:1", host: host)])
    configuration.mode = mode
    engine = Engine(
      configuration: configuration,
      clock: EngineClock(
        monotonicMillis: { [unowned self] in now }, wallMillis: { [unowned self] in Int64(now) })
    ) { [unowned self] in events.append($0) }
    if let slots { startServer(slots: slots, window: window) }
  }

  func startServer(slots: Int, window: Int = 65536, mark: String = "a") {
    pages["/props"] =
      #"{"default_generation_settings":{"n_ctx":\#(window)},"total_slots":\#(slots),"media_marker":"\#(mark)","build_info":"b7"}"#
    pages["/v1/models"] = #"{"data":[{"id":"x","owned_by":"llamacpp"}]}"#
  }

  var status: UpstreamStatus? {
    events.reversed().lazy.compactMap {
      if case .upstream(let status) = $0 { status } else { nil }
    }.first
  }

  var notices: [String] {
    events.compactMap { if case .notice(let notice) = $0 { notice.text } else { nil } }
  }

  var finished: [TurnRecord] {
    events.compactMap { if case .finished(let record) = $0 { record } else { nil } }
  }

  /// Answers everything that is asked at once.
  func probe() {
    while case .ask(let request) = engine.nextProbe(upstream: 0) {
      asked.append(request.path)
      let page = pages[request.path]
      engine.probeEnded(
        upstream: 0,
        .answered(
          status: page == nil ? 404 : 200, fields: HeaderFields(),
          body: ByteBuffer(copying: Array((page ?? "").utf8))))
    }
  }

  /// Plays a whole exchange and what is asked during and after it.
  /// - Returns: the body that was forwarded.
  @discardableResult
  func turn(
    _ body: String, prompt: Int, cached: Int, output: Int = 10, connection: UInt64 = 1,
    refusesTies: Bool = false
  ) -> String {
    now += 1000
    var plan = engine.plan(
      for: ReceivedRequest(
        head: RequestHead(method: "POST", target: "/v1/chat/completions"),
        body: ByteBuffer(copying: Array(body.utf8)), connection: connection, upstream: 0,
        receivedAtMillis: Int64(now)))
    plan.observer?.forwarded()
    probe()
    let forwarded = String(decoding: plan.body.flatMap { Array($0.bytes) }, as: UTF8.self)
    if refusesTies, forwarded != body, let own = plan.fallbackBody {
      plan.observer?.retriedWithOriginalBody(status: 400)
      plan.observer?.forwarded()
      plan.body = [ByteSlice(own)]
    }
    var fields = HeaderFields()
    fields.append(name: "Content-Type", value: "application/json")
    plan.observer?.responseHead(ResponseHead(status: 200, fields: fields))
    let answer =
      #"{"choices":[{"message":{"content":"ok"}}],"usage":{"prompt_tokens":\#(prompt),"completion_tokens":\#(output),"prompt_tokens_details":{"cached_tokens":\#(cached)}}}"#
    Array(answer.utf8).withUnsafeBytes { plan.observer?.responseBody($0) }
    now += 100
    plan.observer?.ended(.complete(status: 200))
    probe()
    return forwarded
  }
}

/// A conversation that grows by an answer and a question at each turn.
private func talk(_ name: String, _ turns: Int) -> String {
  var messages = [
    #"{"role":"user","content":"\#(name) \#(String(repeating: "word ", count: 200))"}"#
  ]
  for turn in 0..<turns {
    messages.append(#"{"role":"assistant","content":"ok"}"#)
    messages.append(#"{"role":"user","content":"\#(name) goes on with step \#(turn)"}"#)
  }
  return #"{"messages":[\#(messages.joined(separator: ","))],"model":"m"}"#
}

@Suite struct EngineProbeTests {
  @Test func `what a server says of itself is published`() {
    let lab = Lab(slots: 2)
    lab.turn(talk("a", 0), prompt: 300, cached: 0)
    #expect(lab.asked == ["/v1/models", "/props", "/apply-template"])
    #expect(lab.status?.kind == .llamaCpp)
    #expect(lab.status?.slotCount == 2)
    #expect(lab.status?.build == "b7")
    #expect(lab.status?.windows == [.init(model: "", tokens: 65536)])
    #expect(lab.finished.count == 1)
  }

  @Test func `a vendor's own address is known without a question`() {
    let lab = Lab(mode: .hold, host: "api.anthropic.com", slots: 2)
    lab.turn(talk("a", 0), prompt: 300, cached: 0)
    #expect(lab.asked == [])
    #expect(lab.engine.kind(of: 0) == .anthropic)
  }

  @Test func `a start of the server between two turns explains that it reused nothing`() {
    let lab = Lab(slots: 1)
    lab.turn(talk("a", 0), prompt: 1000, cached: 0)
    lab.turn(talk("a", 1), prompt: 1100, cached: 1000)
    #expect(lab.finished.last?.serverCause == nil)
    lab.startServer(slots: 1, mark: "b")
    lab.now += 60_000
    lab.turn(talk("a", 2), prompt: 1200, cached: 0)
    #expect(lab.finished.last?.serverCause == .serverRestarted)
    lab.now += 60_000
    lab.turn(talk("a", 3), prompt: 1300, cached: 0)
    #expect(lab.finished.last?.serverCause != .serverRestarted)
  }

  @Test func `the template tells where tools are rendered, in every dialect`() {
    let lab = Lab(slots: 1)
    lab.pages["/apply-template"] =
      #"{"prompt":"<tools>holdfast tool mark</tools> holdfast system mark"}"#
    lab.turn(talk("a", 0), prompt: 1000, cached: 0)
    for dialect in Dialect.allCases { #expect(lab.engine.order(0, dialect) == .toolsFirst) }
  }

  @Test func `a repair that the server's window has no room for is not made`() {
    // White space behind an answer that was cut off is put back, if there is room for it.
    func forwarded(window: Int) -> Bool {
      let lab = Lab(mode: .hold, slots: 1, window: window)
      let before = talk("a", 1).replacing("\"ok\"", with: "\"ok  \"")
      lab.turn(before, prompt: 1000, cached: 0)
      return lab.turn(talk("a", 2), prompt: 1100, cached: 900) != talk("a", 2)
    }
    #expect(forwarded(window: 65536))
    #expect(!forwarded(window: 1050))
  }

  /// Two pinned conversations displace each other, and the list of slots shows where the first is.
  private func displaced(_ lab: Lab) {
    lab.turn(talk("a", 0), prompt: 1000, cached: 0)
    lab.turn(talk("b", 0), prompt: 1000, cached: 100, connection: 2)
    lab.pages["/slots"] =
      #"[{"id":0,"n_ctx":1,"is_processing":false},{"id":1,"n_ctx":1,"is_processing":false,"id_task":5,"n_prompt_tokens":1109}]"#
    lab.turn(talk("a", 1), prompt: 1100, cached: 100)
  }

  @Test func `a slot is named behind everything else, and no other byte changes`() {
    let lab = Lab(mode: .hold, slots: 2)
    displaced(lab)
    #expect(lab.asked.contains("/slots"))
    #expect(
      lab.turn(talk("b", 1), prompt: 1100, cached: 100, connection: 2)
        == talk("b", 1).dropLast() + #","id_slot":0}"#)
    #expect(
      lab.turn(talk("a", 2), prompt: 1200, cached: 1100) == talk("a", 2).dropLast()
        + #","id_slot":1}"#)
    #expect(lab.finished.last?.forwardedBytes == talk("a", 2).utf8.count + 12)
    #expect(lab.finished.last?.pin == .untouched)
  }

  @Test func `a request that names its slot itself is left alone`() {
    let lab = Lab(mode: .hold, slots: 2)
    displaced(lab)
    let own = talk("a", 2).dropLast() + #","id_slot":0}"#
    #expect(lab.turn(String(own), prompt: 1200, cached: 1100) == own)
  }

  @Test func `without pinning no slot is named`() {
    let lab = Lab(mode: .off, slots: 2)
    displaced(lab)
    #expect(lab.turn(talk("a", 2), prompt: 1200, cached: 100) == talk("a", 2))
  }

  @Test func `a server that refuses the name of a slot gets no other one`() {
    let lab = Lab(mode: .hold, slots: 2)
    displaced(lab)
    #expect(
      lab.turn(talk("a", 2), prompt: 1200, cached: 1100, refusesTies: true) != talk("a", 2))
    #expect(lab.notices.contains { $0.contains("refused a request with id_slot") })
    #expect(lab.finished.last?.pin == .untouched)
    #expect(lab.finished.last?.forwardedBytes == talk("a", 2).utf8.count)
    #expect(lab.turn(talk("a", 3), prompt: 1300, cached: 1200) == talk("a", 3))
  }

  @Test func `a slot that was started anew holds nothing`() {
    let lab = Lab(mode: .hold, slots: 2)
    displaced(lab)
    lab.startServer(slots: 2, mark: "b")
    lab.now += 60_000
    lab.turn(talk("a", 2), prompt: 1200, cached: 0)
    #expect(lab.turn(talk("b", 1), prompt: 1100, cached: 0, connection: 2) == talk("b", 1))
  }

  @Test func `answers to questions are no turns`() {
    let lab = Lab(slots: 2)
    for turn in 0..<5 { lab.turn(talk("a", turn), prompt: 1000 + turn, cached: 1000) }
    #expect(lab.finished.count == 5)
    let others = lab.events.filter {
      if case .unmeasured = $0 { true } else { false }
    }
    #expect(others.isEmpty)
  }

  /// A server whose template writes the same text for every request, and counts so many tokens in it.
  private func counting(_ tokens: Int) -> Lab {
    let lab = Lab(slots: 1)
    lab.pages["/apply-template"] = #"{"prompt":"the part that both have"}"#
    lab.pages["/tokenize"] =
      #"{"tokens":[\#(Array(repeating: "7", count: tokens).joined(separator: ","))]}"#
    return lab
  }

  private func edited(_ turns: Int) -> String {
    talk("a", turns).replacing("word word word\"", with: "word other word\"")
      .replacing("word word word \"", with: "word other word \"")
  }

  @Test func `what a break leaves is counted by the server's own tokenizer while it works`() throws
  {
    let lab = counting(157)
    lab.turn(talk("a", 2), prompt: 1000, cached: 0)
    lab.asked.removeAll()
    lab.turn(edited(3), prompt: 1100, cached: 157)
    let record = try #require(lab.finished.last)
    #expect(lab.asked.prefix(3) == ["/apply-template", "/apply-template", "/tokenize"])
    #expect(record.keptTokens == TokenCount(157, estimated: false))
    #expect(record.predictedTokens == TokenCount(157, estimated: false))
    #expect(record.reprocessedTokens == TokenCount(843, estimated: false))
    #expect(record.serverDetail.isEmpty)
  }

  @Test func `nothing is counted where the place of a break is known, or nothing broke`() {
    let lab = counting(157)
    lab.turn(talk("a", 2), prompt: 1000, cached: 0)
    lab.asked.removeAll()
    lab.turn(talk("a", 3), prompt: 1100, cached: 1000)
    #expect(!lab.asked.contains("/tokenize"))
  }

  @Test func `an estimate that was off says that it was one`() throws {
    func play(reused: Int) throws -> TurnRecord {
      let lab = Lab(slots: 1)
      lab.turn(talk("a", 2), prompt: 1000, cached: 0)
      lab.turn(edited(3), prompt: 1100, cached: reused)
      return try #require(lab.finished.last)
    }
    let expected = try #require(try play(reused: 0).predictedTokens)
    #expect(expected.estimated)
    #expect(try play(reused: expected.value).serverDetail.isEmpty)
    let record = try play(reused: expected.value + 40)
    #expect(record.serverDetail.contains("the prediction was an estimate"))
    #expect(record.serverCause == nil)
  }

  @Test func `a loss that nothing else explains has vLLM asked how full its cache is`() {
    let lab = Lab()
    lab.pages["/v1/models"] = #"{"data":[{"id":"x","owned_by":"vllm"}]}"#
    lab.pages["/metrics"] = "vllm:kv_cache_usage_perc{engine=\"0\"} 0.98\n"
    lab.turn(talk("a", 0), prompt: 1000, cached: 0)
    lab.turn(talk("a", 1), prompt: 1100, cached: 990)
    #expect(!lab.asked.contains("/metrics"))
    lab.turn(talk("a", 2), prompt: 1200, cached: 0)
    #expect(lab.finished.last?.serverCause == .serverUnknown)
    #expect(lab.asked.contains("/metrics"))
    #expect(lab.notices.contains { $0.contains("98 % full") && $0.contains("evicted") })
  }
}
