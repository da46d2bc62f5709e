import Testing
import Upstream

private func chain(_ blocks: [UInt64]) -> [UInt64] {
  var hash: UInt64 = 0
  return blocks.map { block in
    hash = HeldPrompt.join(hash, block)
    return hash
  }
}

/// Conversations with one system prompt of 1000 tokens and then blocks of 100 of their own.
private struct Talk {
  var session: UInt32
  var length = 1
  var lastKey: UInt64?

  var blocks: [UInt64] { [1] + (0..<UInt64(length)).map { UInt64(session) * 1000 + $0 } }
  var prompt: Int { 1000 + length * 100 }
  var key: UInt64 { chain(blocks).last ?? 0 }

  /// What the session left, as far as the next request begins with it.
  var previous: Int { prompt - 100 }

  var request: SlotRequest {
    SlotRequest(
      chain: chain(blocks), bytes: blocks.indices.map { 4000 + $0 * 400 }, prompt: prompt,
      own: lastKey.map { ($0, previous) })
  }

  var held: HeldPrompt {
    HeldPrompt(
      owner: session, key: key, chain: chain(blocks),
      ends: blocks.indices.map { 1000 + $0 * 100 }, prompt: prompt)
  }
}

/// Prompts that go on for five tokens within the first block that differs.
private struct Texts: HeldTexts {
  func bytes(sharedWith held: HeldPrompt, inBlock number: Int) -> Int? { 20 }

  func tokens(of held: HeldPrompt, inBlock number: Int, bytes: Int) -> Int? {
    held.ends[number - 1] + bytes / 4
  }
}

private struct Bench {
  var forecasts = SlotForecasts()
  var talks: [UInt32: Talk] = [:]

  /// Plays a turn that the server reports so much of.
  @discardableResult
  mutating func turn(_ session: UInt32, reports: (Talk) -> Int) -> Int? {
    var talk = talks[session] ?? Talk(session: session)
    let turn = forecasts.begin(talk.request, nil)
    let own = talk.lastKey.map { _ in SlotOverlap(tokens: talk.previous, isOwn: true) }
    let forecast = forecasts.forecast(turn)?.reused
    forecasts.judge(turn, plain: own, own: own, reported: reports(talk))
    forecasts.end(turn, talk.held)
    talk.lastKey = talk.key
    talk.length += 1
    talks[session] = talk
    return forecast.map { $0.isOwn ? own?.tokens ?? $0.tokens : $0.tokens } ?? own?.tokens
  }
}

@Suite struct SlotForecastsTests {
  @Test func `without a number of slots a session is expected to find what it left`() {
    var bench = Bench()
    for _ in 1...3 {
      bench.turn(1) { _ in 1000 }
      bench.turn(2) { _ in 1000 }
    }
    #expect(bench.turn(1) { $0.previous } == 1300)
  }

  @Test func `turns before the number of slots was known count`() {
    var bench = Bench()
    bench.turn(1) { _ in 0 }
    bench.turn(2) { _ in 1000 }
    bench.forecasts.serverHas(slots: 2)
    #expect(bench.turn(1) { _ in 1000 } == 1000)
  }

  @Test func `two sessions with one system prompt are expected to displace each other`() {
    var bench = Bench()
    bench.forecasts.serverHas(slots: 2)
    bench.turn(1) { _ in 0 }
    for _ in 1...6 {
      #expect([nil, 1000].contains(bench.turn(2) { _ in 1000 }))
      #expect(bench.turn(1) { _ in 1000 } == 1000)
    }
  }

  @Test func `a server that keeps sessions apart is predicted as without slots`() {
    var bench = Bench()
    bench.forecasts.serverHas(slots: 2)
    var missed = 0
    for turn in 0..<10 {
      for session in UInt32(1)...2 {
        var reported = 0
        let predicted = bench.turn(session) { talk in
          reported = turn == 0 ? 0 : talk.previous
          return reported
        }
        if turn > 0, predicted != reported { missed += 1 }
      }
    }
    // The first turn of the second session tells.
    #expect(missed == 0)
    #expect(bench.forecasts.way == .plain)
  }

  @Test func `a server without host memory is found out by one turn`() {
    var bench = Bench()
    bench.forecasts.serverHas(slots: 1)
    // So long that most of it is lost to another session, and would be saved.
    for session in UInt32(1)...2 {
      bench.talks[session] = Talk(session: session, length: 20)
      bench.turn(session) { _ in session == 1 ? 0 : 1000 }
    }
    #expect(bench.turn(1) { _ in 1000 } == 3000)
    #expect(bench.turn(2) { _ in 1000 } == 1000)
    #expect(bench.forecasts.way == .slots(.none))
  }

  @Test func `what was believed is forgotten when the server starts anew`() {
    var bench = Bench()
    bench.forecasts.serverHas(slots: 2)
    for _ in 0..<4 {
      for session in UInt32(1)...2 { bench.turn(session) { $0.lastKey == nil ? 0 : $0.previous } }
    }
    #expect(bench.forecasts.way == .plain)
    bench.forecasts.serverStarted()
    #expect(bench.forecasts.way == .slots(.copiesIdle))
    #expect(bench.turn(1) { _ in 0 } == 0)
  }

  @Test func `where two prompts part is counted once and known then`() {
    var forecasts = SlotForecasts()
    forecasts.serverHas(slots: 1)
    var counts: [Int?] = []
    for session in UInt32(1)...4 {
      let talk = Talk(session: session)
      let turn = forecasts.begin(talk.request, Texts())
      counts.append(forecasts.forecast(turn)?.reused.tokens)
      forecasts.judge(turn, plain: nil, own: nil, reported: session == 1 ? 0 : 1031)
      forecasts.end(turn, talk.held)
    }
    #expect(counts == [0, 1005, 1031, 1031])
  }

  @Test func `the count is known again where a clock has changed the text in front`() {
    var forecasts = SlotForecasts()
    forecasts.serverHas(slots: 1)
    var last: Int?
    for clock in UInt64(1)...3 {
      for session in UInt32(1)...2 {
        let talk = Talk(session: session)
        let blocks = [clock] + talk.blocks.dropFirst()
        var request = talk.request
        request.chain = chain(blocks)
        var held = talk.held
        held.chain = chain(blocks)
        held.key = held.chain[1]
        let turn = forecasts.begin(request, session == 2 ? Texts() : nil)
        if session == 2 { last = forecasts.forecast(turn)?.reused.tokens }
        forecasts.judge(turn, plain: nil, own: nil, reported: session == 2 ? 1031 : 0)
        forecasts.end(turn, held)
      }
    }
    #expect(last == 1031)
  }

  @Test func `a turn that was under way when the server was lost does not free another's slot`() {
    var forecasts = SlotForecasts()
    forecasts.serverHas(slots: 1)
    let old = forecasts.begin(Talk(session: 1).request, nil)
    forecasts.serverStarted()
    let new = forecasts.begin(Talk(session: 2).request, nil)
    forecasts.end(old, Talk(session: 1).held)
    let third = forecasts.begin(Talk(session: 3).request, nil)
    #expect(forecasts.forecast(new) != nil)
    #expect(forecasts.forecast(third) == nil)
  }
}
