import Bytes
import Engine
import Prefix
import Prompt
import Proxy
import Testing
import Turns
import Upstream
import Wire

/// An engine with a hand-moved clock, fed without sockets.
final class Bench {
  private(set) var events: [TurnEvent] = []
  var now: UInt64 = 1_000
  private(set) var engine: Engine!

  init(_ change: (inout EngineConfiguration) -> Void = { _ in }) {
    var configuration = EngineConfiguration(upstreams: [.init(name: "default", address: "h:1")])
    change(&configuration)
    engine = Engine(
      configuration: configuration,
      clock: EngineClock(
        monotonicMillis: { [unowned self] in now },
        wallMillis: { [unowned self] in Int64(now) + 1_000_000 })
    ) { [unowned self] event in events.append(event) }
  }

  var finished: [TurnRecord] {
    events.compactMap {
      if case .finished(let record) = $0 { return record }
      return nil
    }
  }

  func send(
    _ body: String, path: String = "/v1/chat/completions", fields: [(String, String)] = []
  ) -> ExchangePlan {
    var header = HeaderFields()
    for (name, value) in fields { header.append(name: name, value: value) }
    return engine.plan(
      for: ReceivedRequest(
        head: RequestHead(method: "POST", target: path, fields: header),
        body: ByteBuffer(copying: Array(body.utf8)), connection: 1, upstream: 0,
        receivedAtMillis: Int64(now)))
  }

  /// Plays a whole exchange; `pieces` is how the answer's body arrives.
  func exchange(
    _ body: String, status: Int = 200, type: String = "application/json", _ pieces: [String],
    path: String = "/v1/chat/completions", fields: [(String, String)] = []
  ) {
    let plan = send(body, path: path, fields: fields)
    plan.observer?.forwarded()
    var header = HeaderFields()
    header.append(name: "Content-Type", value: type)
    plan.observer?.responseHead(ResponseHead(status: status, fields: header))
    for piece in pieces {
      Array(piece.utf8).withUnsafeBytes { plan.observer?.responseBody($0) }
    }
    now += 100
    plan.observer?.ended(.complete(status: status))
  }
}

private func chat(_ messages: [String], model: String = "m") -> String {
  #"{"messages":[\#(messages.joined(separator: ","))],"model":"\#(model)"}"#
}

private func user(_ text: String) -> String { #"{"role":"user","content":"\#(text)"}"# }
private func assistant(_ text: String) -> String { #"{"role":"assistant","content":"\#(text)"}"# }

private func answer(prompt: Int, cached: Int?) -> String {
  let details = cached.map { #","prompt_tokens_details":{"cached_tokens":\#($0)}"# } ?? ""
  return
    #"{"id":"x","choices":[{"message":{"content":"ok"}}],"usage":{"prompt_tokens":\#(prompt),"completion_tokens":2\#(details)}}"#
}

@Suite struct EngineTests {
  @Test func `a body is forwarded as the very bytes that came`() {
    let bench = Bench()
    let body = chat([user("hello")])
    let plan = bench.send(body)
    #expect(plan.body.count == 1)
    #expect(plan.body[0].buffer.string(plan.body[0].range) == body)
    #expect(plan.fallbackBody == nil)
  }

  @Test func `a turn is announced when it is forwarded and completed when it is answered`() throws {
    let bench = Bench()
    bench.exchange(
      chat([user("hello")]), [answer(prompt: 10, cached: 0)],
      fields: [("User-Agent", "opencode/1.2")])
    guard case .started(let started) = try #require(bench.events.first) else {
      Issue.record("no start")
      return
    }
    #expect(started.state == .waiting)
    let record = try #require(bench.finished.first)
    #expect(record.session == started.session)
    #expect(record.agent == "opencode")
    #expect(record.model == "m")
    #expect(record.state == .done)
    #expect(record.usage.promptTokens == 10)
    #expect(record.totalMillis == 100)
    #expect(record.keptShare == nil)
  }

  @Test func `an early change costs what lies behind it, by the server's own scale`() throws {
    let bench = Bench()
    let long = String(repeating: "word ", count: 400)
    let first = [user("task"), assistant(long), user(long), assistant("x"), user("more")]
    bench.exchange(chat(first), [answer(prompt: 1000, cached: 0)])
    var second = first
    second[1] = assistant("changed " + long)
    bench.exchange(
      chat(second + [assistant("y"), user("z")]), [answer(prompt: 1010, cached: 12)])
    let record = try #require(bench.finished.last)
    #expect(record.turn == 2)
    #expect(record.verdict.cause == .inPlaceEdit)
    #expect(record.verdict.position?.shortPath == "msg[1]")
    #expect(record.previousTokens == TokenCount(1000, estimated: false))
    #expect(record.keptTokens.value < 40)
    #expect(record.reprocessedTokens.value > 950)
    #expect(record.computedAgain == TokenCount(988, estimated: false))
    #expect(record.serverCause == nil)
  }

  @Test func `a clean turn that the server did not reuse is the server's doing`() throws {
    let bench = Bench()
    let first = [user(String(repeating: "word ", count: 400))]
    bench.exchange(chat(first), [answer(prompt: 500, cached: 0)])
    bench.exchange(
      chat(first + [assistant("ok"), user("next")]), [answer(prompt: 510, cached: 0)])
    let record = try #require(bench.finished.last)
    #expect(record.verdict.cause == .none)
    #expect(record.keptShare == 1)
    #expect(record.serverCause == .serverUnknown)
  }

  @Test func `the size of all settings is told, though the map shows those that changed only`()
    throws
  {
    let bench = Bench()
    let knobs = #""model":"m","reasoning_effort":"low","tool_choice":"auto""#
    var talk = [user("hello")]
    for _ in 1...2 {
      bench.exchange(
        "{\(knobs),\"messages\":[\(talk.joined(separator: ","))]}",
        [answer(prompt: 900, cached: 0)])
      talk += [assistant("ok"), user("next")]
    }
    let maps = try bench.finished.map { try #require($0.map) }
    #expect(maps[0].entries.contains { $0.kind == .knob })
    #expect(!maps[1].entries.contains { $0.kind == .knob })
    #expect((maps[0].knobBytes ?? 0) > 0)
    #expect(maps[0].knobBytes == maps[1].knobBytes)
  }

  private func notices(_ bench: Bench) -> [String] {
    bench.events.compactMap {
      if case .notice(let notice) = $0 { return notice.text }
      return nil
    }
  }

  @Test func `reuse that falls sharply is marked and told of once`() throws {
    let bench = Bench()
    var talk = [user(String(repeating: "word ", count: 400))]
    for (prompt, cached) in [(9000, 0), (9100, 9000), (9200, 9100), (9300, 1000), (9400, 9300)] {
      bench.exchange(chat(talk), [answer(prompt: prompt, cached: cached)])
      talk += [assistant("ok"), user("next \(prompt)")]
    }
    #expect(bench.finished.map(\.hitDrop) == [nil, nil, nil, 8100, nil])
    let texts = notices(bench).filter { $0.contains("fewer than on the turn before") }
    #expect(texts.count == 1)
    #expect(texts.first?.contains("reused 1.0k tokens, 8.1k") ?? false, "\(texts)")
  }

  @Test func `a prefix that changes on every turn is told of once, and again after a rest`() throws
  {
    let bench = Bench()
    func system(_ text: String) -> String { #"{"role":"system","content":"\#(text)"}"# }
    var talk = [user(String(repeating: "word ", count: 100))]
    // The prefix of each turn.
    for prefix in [1, 2, 3, 4, 4, 4, 4, 4, 4, 5] {
      bench.exchange(
        chat([system("You are terse. It is \(prefix) past noon.")] + talk),
        [answer(prompt: 900, cached: nil)])
      talk += [assistant("ok"), user("next")]
    }
    let texts = notices(bench)
    #expect(texts.count == 2)
    #expect(texts.first?.contains("changed on turn 2 at messages[0]") ?? false)
    #expect(texts.last?.contains("changed on turn 10 at messages[0]") ?? false)
    #expect(bench.finished.last?.zones?.changes == .prefix)
  }

  @Test func `what the server does not report is unknown, not zero`() throws {
    let bench = Bench()
    let first = [user("hello there")]
    bench.exchange(chat(first), [answer(prompt: 500, cached: nil)])
    bench.exchange(chat(first + [assistant("ok"), user("n")]), [answer(prompt: 510, cached: nil)])
    let record = try #require(bench.finished.last)
    #expect(record.hitShare == nil)
    #expect(record.serverCause == nil)
  }

  @Test func `usage is read from a stream cut at every byte`() throws {
    let events = """
      data: {"id":"c","choices":[{"delta":{"content":"a"}}]}\r\n\r\n: ping\r\n\r
      data: {"id":"c","choices":[{"delta":{},"finish_reason":"stop"}],"timings":{"cache_n":7,"prompt_n":3}}\n\ndata: [DONE]\n\n
      """
    let bytes = Array(events.utf8)
    for cut in stride(from: 1, to: bytes.count, by: 3) {
      let bench = Bench()
      bench.exchange(
        chat([user("x")]), type: "text/event-stream; charset=utf-8",
        [
          String(decoding: bytes[..<cut], as: UTF8.self),
          String(decoding: bytes[cut...], as: UTF8.self),
        ])
      let record = try #require(bench.finished.first)
      #expect(record.usage.promptTokens == 10)
      #expect(record.usage.cachedTokens == 7)
    }
  }

  @Test func `a refused request does not become history`() throws {
    let bench = Bench()
    let first = [user("hello there, this is the task")]
    bench.exchange(chat(first), [answer(prompt: 20, cached: 0)])
    bench.exchange(
      chat(first + [assistant("ok"), user("too long")]), status: 400, [#"{"error":{}}"#])
    #expect(bench.finished.last?.state == .failed)
    bench.exchange(
      chat(first + [assistant("ok"), user("short")]), [answer(prompt: 25, cached: 20)])
    let record = try #require(bench.finished.last)
    #expect(record.verdict.cause == .none)
    #expect(record.keptShare == 1)
  }

  @Test(arguments: ["", "{", "\u{1f}\u{8b}binary", "[1,2,3]", "{\"messages\":5}"])
  func `a body that is not understood is forwarded and counted as unmeasured`(
    _ body: String
  ) throws {
    let bench = Bench()
    bench.exchange(body, status: 500, ["{}"])
    guard case .unmeasured(_, let method, let path, let status, _) = try #require(bench.events.last)
    else {
      Issue.record("not unmeasured")
      return
    }
    #expect(method == "POST")
    #expect(path == "/v1/chat/completions")
    #expect(status == 500)
  }

  @Test func `credentials separate sessions and appear in no event`() throws {
    let bench = Bench()
    let body = chat([user("the same words from two people")])
    for key in ["Bearer sk-alpha-secret", "Bearer sk-beta-secret"] {
      bench.exchange(
        body, [answer(prompt: 10, cached: 0)], fields: [("Authorization", key)])
    }
    let sessions = Set(bench.finished.map(\.session))
    #expect(sessions.count == 2)
    for event in bench.events {
      #expect(!String(describing: event).containsText("secret"))
    }
  }

  @Test func `an upstream that fails is reported once per failure with the time it went down`() {
    let bench = Bench()
    bench.engine.upstreamChanged(index: 0, .down(reason: "connection refused"))
    bench.now += 5000
    bench.engine.upstreamChanged(index: 0, .down(reason: "connection refused"))
    bench.engine.upstreamChanged(index: 0, .up(connectMillis: 2))
    let states = bench.events.compactMap { event -> UpstreamState? in
      if case .upstream(let status) = event { return status.state }
      return nil
    }
    #expect(
      states == [
        .down(since: 1_001_000, reason: "connection refused", failedRequests: 1),
        .down(since: 1_001_000, reason: "connection refused", failedRequests: 2), .up,
      ])
  }

  @Test func `a client that leaves ends the turn as aborted`() throws {
    let bench = Bench()
    let plan = bench.send(chat([user("x")]))
    plan.observer?.forwarded()
    plan.observer?.ended(.clientGone)
    #expect(try #require(bench.finished.first).state == .aborted)
  }
}
