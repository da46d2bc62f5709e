import Engine
import Prefix
import Proxy
import Testing
import Turns
import Wire

/// Measuring that waits until the traffic has gone by.
@Suite struct MeasuringTests {
  private final class Waking {
    let bench: Bench
    var times: [MeasuringTime] = []
    var count: Int { times.count }

    init(_ change: (inout EngineConfiguration) -> Void = { _ in }) {
      bench = Bench(change)
      bench.engine.wakesMeasuring = { [unowned self] in times.append($0) }
    }

    /// What waits holds the engine, and the engine what waits.
    deinit {
      bench.engine.wakesMeasuring = nil
      bench.engine.settle()
    }
  }

  private func chat(_ texts: [String], system: String = "s") -> String {
    var messages = [#"{"role":"system","content":"\#(system)"}"#]
    for (place, text) in texts.enumerated() {
      messages.append(#"{"role":"\#(place % 2 == 0 ? "user" : "assistant")","content":"\#(text)"}"#)
    }
    return #"{"messages":[\#(messages.joined(separator: ","))],"model":"m"}"#
  }

  private let answer =
    #"{"choices":[{"message":{"content":"ok"}}],"usage":{"prompt_tokens":9,"completion_tokens":1}}"#

  @Test func `nothing is measured before it is asked for, and one call wakes for many steps`() {
    let waking = Waking()
    waking.bench.exchange(chat(["one"]), [answer])
    waking.bench.exchange(chat(["one", "ok", "two"]), [answer])
    #expect(waking.bench.events.isEmpty)
    #expect(waking.count == 1)
    #expect(!waking.bench.engine.measure(forMicros: .max))
    #expect(waking.bench.finished.map(\.turn) == [1, 2])
    #expect(Set(waking.bench.finished.map(\.session)).count == 1)
    waking.bench.exchange(chat(["one", "ok", "two", "ok", "three"]), [answer])
    #expect(waking.count == 2)
  }

  @Test func `a late measurement tells the times at which things happened`() throws {
    let waking = Waking()
    let plan = waking.bench.send(chat(["one"]))
    plan.observer?.forwarded()
    waking.bench.now += 30
    plan.observer?.responseHead(ResponseHead(status: 200, fields: HeaderFields()))
    waking.bench.now += 40
    plan.observer?.ended(.complete(status: 200))
    waking.bench.now += 5_000
    waking.bench.engine.settle()
    let record = try #require(waking.bench.finished.first)
    #expect(record.firstByteMillis == 30)
    #expect(record.totalMillis == 70)
    #expect(record.state == .done)
  }

  @Test func `a slice ends at its limit and says that more is left`() {
    let waking = Waking()
    waking.bench.exchange(chat(["one"]), [answer])
    // The clock stands still, so that a limit of nothing is reached after one step.
    #expect(waking.bench.engine.measure(forMicros: 0))
    #expect(waking.bench.finished.isEmpty)
    while waking.bench.engine.measure(forMicros: 0) {}
    #expect(waking.bench.finished.count == 1)
  }

  @Test func `what a pinned turn left is measured before the next request comes`() {
    let waking = Waking { $0.mode = .hold }
    let plan = waking.bench.send(chat(["one"]))
    plan.observer?.forwarded()
    plan.observer?.responseHead(ResponseHead(status: 200, fields: HeaderFields()))
    #expect(waking.times == [.later])
    plan.observer?.ended(.complete(status: 200))
    #expect(waking.times == [.later, .now])
    let unpinned = Waking()
    unpinned.bench.exchange(chat(["one"]), [answer])
    #expect(unpinned.times == [.later])
  }

  @Test func `a pinned request is decided on with all that went by before it`() throws {
    let waking = Waking { $0.mode = .hold }
    let first = String(repeating: "a first message of some length ", count: 20)
    waking.bench.exchange(chat([first, "ok", "two"]), [answer])
    waking.bench.exchange(chat([first, "ok", "two", "ok", "three"]), [answer])
    let edited = chat([first + "edited", "ok", "two", "ok", "three", "ok", "four"])
    let plan = waking.bench.send(edited)
    #expect(waking.bench.finished.map(\.turn) == [1, 2])
    #expect(plan.fallbackBody != nil, "the edit is held, so the agent's own body is the way back")
  }

  @Test func `a refused request leaves the session as it was, however late that is measured`() {
    let waking = Waking()
    waking.bench.exchange(chat(["one"]), [answer])
    waking.bench.exchange(chat(["one", "ok", "bad"]), status: 400, [#"{"error":{}}"#])
    waking.bench.exchange(chat(["one", "ok", "two"]), [answer])
    waking.bench.engine.settle()
    #expect(waking.bench.finished.map(\.verdict.cause) == [.none, .none, .none])
    #expect(waking.bench.finished.last?.previousMessages == 2)
  }

  @Test func `too much that waits is measured at once`() {
    let waking = Waking()
    let text = String(repeating: "x", count: 9 << 20)
    for number in 0..<8 {
      let observer = waking.bench.send(chat(["\(number)" + text])).observer
      observer?.forwarded()
      observer?.ended(.clientGone)
    }
    #expect(!waking.bench.events.isEmpty)
  }

  @Test func `among several exchanges a large request is measured as soon as it is forwarded`() {
    let waking = Waking()
    let large = String(repeating: "x", count: 64 << 10)
    let observers = ["1", "2", "3", large].map { waking.bench.send(chat([$0])).observer }
    for observer in observers.prefix(3) { observer?.forwarded() }
    #expect(waking.bench.events.isEmpty)
    observers[3]?.forwarded()
    #expect(waking.bench.events.count { if case .started = $0 { true } else { false } } == 4)
    waking.bench.send(chat(["small"])).observer?.forwarded()
    #expect(waking.bench.events.count == 4)
    for observer in observers { observer?.ended(.clientGone) }
    waking.bench.engine.settle()
    let before = waking.bench.events.count
    waking.bench.send(chat([large + "alone"])).observer?.forwarded()
    #expect(waking.bench.events.count == before)
  }

  @Test func `fields in the answer's head know the turn that is being answered`() {
    let waking = Waking { $0.addsResponseFields = true }
    let plan = waking.bench.send(chat(["one"]))
    plan.observer?.forwarded()
    let head = ResponseHead(status: 200, fields: HeaderFields())
    #expect(
      plan.observer?.responseFields(for: head).contains { $0 == ("x-holdfast-turn", "1") } == true)
  }

  @Test func `a conversation that was not heard of for a day is forgotten, unless it is pinned`()
    throws
  {
    let waking = Waking()
    waking.bench.exchange(chat(["one"]), [answer])
    waking.bench.exchange(chat(["something else"], system: "t"), [answer])
    waking.bench.engine.settle()
    let ids = waking.bench.finished.map(\.session)
    waking.bench.engine.setMode(.hold, of: ids[1])
    waking.bench.now += 23 * 3600 * 1000
    waking.bench.engine.forgetIdle()
    #expect(evicted(waking).isEmpty)
    waking.bench.now += 2 * 3600 * 1000
    waking.bench.engine.forgetIdle()
    #expect(evicted(waking) == [ids[0]])
    waking.bench.exchange(chat(["one", "ok", "two"]), [answer])
    waking.bench.engine.settle()
    #expect(waking.bench.finished.last?.turn == 1)
  }

  private func evicted(_ waking: Waking) -> [SessionID] {
    waking.bench.events.compactMap {
      if case .sessionEvicted(let session) = $0 { session } else { nil }
    }
  }
}
