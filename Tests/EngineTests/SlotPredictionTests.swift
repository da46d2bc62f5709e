import Bytes
import Prefix
import Prompt
import Proxy
import Testing
import Turns
import Upstream
import Wire

@testable import Engine

/// An engine in front of a llama.cpp server with so many slots, fed without sockets.
private final class Lab {
  private(set) var finished: [TurnRecord] = []
  private var now: UInt64 = 1_000_000
  private var slots: Int
  private var engine: Engine!

  init(slots: Int) {
    self.slots = slots
    engine = Engine(
      configuration: EngineConfiguration(upstreams: [.init(name: "default", address: "h:1")]),
      clock: EngineClock(
        monotonicMillis: { [unowned self] in now }, wallMillis: { [unowned self] in Int64(now) })
    ) { [unowned self] event in
      if case .finished(let record) = event { finished.append(record) }
    }
  }

  private func probe() {
    let props =
      #"{"default_generation_settings":{"n_ctx":65536},"total_slots":\#(slots),"media_marker":"a"}"#
    let models = #"{"data":[{"id":"x","owned_by":"llamacpp"}]}"#
    while case .ask(let request) = engine.nextProbe(upstream: 0) {
      let page = ["/props": props, "/v1/models": models][request.path]
      engine.probeEnded(
        upstream: 0,
        .answered(
          status: page == nil ? 404 : 200, fields: HeaderFields(),
          body: ByteBuffer(copying: Array((page ?? "").utf8))))
    }
  }

  func begin(_ body: String, connection: UInt64) -> any ExchangeObserver {
    now += 1000
    var fields = HeaderFields()
    fields.append(name: "X-Session-Id", value: "\(connection)")
    let plan = engine.plan(
      for: ReceivedRequest(
        head: RequestHead(method: "POST", target: "/v1/chat/completions", fields: fields),
        body: ByteBuffer(copying: Array(body.utf8)), connection: connection, upstream: 0,
        receivedAtMillis: Int64(now)))
    plan.observer!.forwarded()
    return plan.observer!
  }

  @discardableResult
  func end(_ observer: any ExchangeObserver, prompt: Int, cached: Int) -> TurnRecord {
    var fields = HeaderFields()
    fields.append(name: "Content-Type", value: "application/json")
    observer.responseHead(ResponseHead(status: 200, fields: fields))
    let answer =
      #"{"choices":[{"message":{"content":"other words"}}],"usage":{"prompt_tokens":\#(prompt),"completion_tokens":3,"prompt_tokens_details":{"cached_tokens":\#(cached)}}}"#
    Array(answer.utf8).withUnsafeBytes { observer.responseBody($0) }
    now += 100
    observer.ended(.complete(status: 200))
    probe()
    return finished[finished.count - 1]
  }

  @discardableResult
  func turn(_ talk: Talk, cached: Int) -> TurnRecord {
    end(begin(talk.body, connection: talk.connection), prompt: talk.prompt, cached: cached)
  }
}

/// A conversation whose system prompt has 4000 tokens and may be that of others; each turn adds 100.
private struct Talk {
  var name: String
  var connection: UInt64
  var turns = 0
  var system = "shared"

  var prompt: Int { 4100 + turns * 100 }

  var body: String {
    let rules = String(repeating: "\(system) rule \(system) and more words. ", count: 500)
    var messages = [#"{"role":"system","content":"\#(rules)"}"#]
    for turn in 0...turns {
      if turn > 0 { messages.append(#"{"role":"assistant","content":"ok \#(name)"}"#) }
      let text = String(repeating: "\(name)\(turn) ", count: 60)
      messages.append(#"{"role":"user","content":"\#(name) \#(text)"}"#)
    }
    return #"{"messages":[\#(messages.joined(separator: ","))],"model":"m"}"#
  }
}

@Suite struct SlotPredictionTests {
  private func pair(_ lab: Lab, turns: Int, reports: (Talk) -> Int) -> [TurnRecord] {
    var talks = [Talk(name: "alpha", connection: 1), Talk(name: "beta", connection: 2)]
    lab.turn(talks[0], cached: 0)
    lab.turn(talks[1], cached: reports(talks[1]))
    var records: [TurnRecord] = []
    for _ in 0..<turns {
      for at in talks.indices {
        talks[at].turns += 1
        records.append(lab.turn(talks[at], cached: reports(talks[at])))
      }
    }
    return records
  }

  @Test
  func `two sessions with one system prompt on two slots are predicted to displace each other`() {
    let records = pair(Lab(slots: 2), turns: 4) { _ in 4003 }
    #expect(records.allSatisfy { $0.predictedTokens == TokenCount(4003, estimated: false) })
    // What the agent did is not touched by it, and who was there still explains the loss.
    #expect(records.allSatisfy { $0.keptTokens.value == $0.previousTokens?.value })
    #expect(records.suffix(4).allSatisfy { $0.serverCause == .slotTaken })
  }

  @Test func `sessions with system prompts of their own keep their slots`() {
    let lab = Lab(slots: 2)
    var talks = [
      Talk(name: "alpha", connection: 1, system: "one"),
      Talk(name: "beta", connection: 2, system: "two"),
    ]
    for talk in talks { lab.turn(talk, cached: 0) }
    for _ in 0..<3 {
      for at in talks.indices {
        let held = talks[at].prompt
        talks[at].turns += 1
        let record = lab.turn(talks[at], cached: held)
        #expect(record.predictedTokens?.value == held)
        #expect(record.serverCause == nil)
      }
    }
  }

  @Test func `sessions that run at the same time are predicted in slots of their own`() {
    let lab = Lab(slots: 2)
    var first = Talk(name: "alpha", connection: 1)
    var second = Talk(name: "beta", connection: 2)
    lab.turn(Talk(name: "gamma", connection: 3, system: "small"), cached: 0)
    for turn in 0..<4 {
      let one = lab.begin(first.body, connection: 1)
      let two = lab.begin(second.body, connection: 2)
      let held = turn == 0 ? 0 : first.prompt - 100
      let a = lab.end(one, prompt: first.prompt, cached: held)
      let b = lab.end(two, prompt: second.prompt, cached: held)
      if turn > 0 { #expect([a, b].allSatisfy { $0.predictedTokens?.value == held }) }
      first.turns += 1
      second.turns += 1
    }
  }

  @Test func `a server that does not go by its slots is predicted as before`() {
    let records = pair(Lab(slots: 2), turns: 4) { talk in
      talk.turns == 0 ? 0 : talk.prompt - 100
    }
    #expect(records.allSatisfy { $0.predictedTokens?.value == $0.usage.cachedTokens })
  }

  @Test func `a first turn is not predicted`() {
    let lab = Lab(slots: 2)
    lab.turn(Talk(name: "alpha", connection: 1), cached: 0)
    #expect(lab.turn(Talk(name: "beta", connection: 2), cached: 4003).predictedTokens == nil)
  }
}
