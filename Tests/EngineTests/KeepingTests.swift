import Engine
import Prefix
import Proxy
import Testing
import Turns
import Wire

/// When the state of a session is handed over to be kept.
@Suite struct KeepingTests {
  private final class Shelf: SessionKeeper {
    var kept: [KeptSession] = []
    var wakes: [KeepingTime] = []

    func keep(_ session: KeptSession, holding hold: AnswerHold?) { kept.append(session) }
  }

  private struct Scene {
    let bench: Bench
    let shelf = Shelf()

    init(_ change: (inout EngineConfiguration) -> Void = { _ in }) {
      bench = Bench(change)
      bench.engine.keeper = shelf
      bench.engine.wakesKeeping = { [unowned shelf] in shelf.wakes.append($0) }
    }

    func talk(_ turns: Int) {
      for turn in 0..<turns {
        var messages: [String] = []
        for number in 0...turn {
          messages.append(#"{"role":"user","content":"question \#(number)"}"#)
          if number < turn { messages.append(#"{"role":"assistant","content":"answer"}"#) }
        }
        bench.exchange(
          #"{"model":"m","messages":[\#(messages.joined(separator: ","))]}"#,
          [#"{"choices":[{"message":{"content":"answer"}}]}"#])
      }
    }
  }

  @Test func `a session without text is kept once for many turns, when that is asked for`() {
    let scene = Scene()
    scene.talk(5)
    #expect(scene.shelf.kept.isEmpty)
    #expect(scene.shelf.wakes == [.later])
    scene.bench.engine.keepRest()
    #expect(scene.shelf.kept.map(\.snapshot.turns) == [5])
    #expect(scene.shelf.kept.map(\.text) == [SessionSnapshot.Text.none])
    scene.bench.engine.keepRest()
    #expect(scene.shelf.kept.count == 1)
  }

  @Test func `what was decided for a pinned session is kept at once, and its answer soon`() {
    let scene = Scene { $0.mode = .hold }
    scene.talk(3)
    #expect(scene.shelf.kept.map(\.text) == [.all, .all, .all])
    #expect(scene.shelf.kept.last?.snapshot.turns == 3)
    #expect(scene.shelf.wakes == [.soon])
    scene.bench.engine.keepRest()
    #expect(scene.shelf.kept.map(\.text) == [.all, .all, .all, .all])
    scene.bench.engine.keepRest()
    #expect(scene.shelf.kept.count == 4)
    scene.talk(1)
    #expect(scene.shelf.wakes == [.soon, .soon])
  }

  @Test func `an answer to a pinned session does not wait for what may be kept much later`() {
    let scene = Scene()
    scene.talk(1)
    scene.bench.engine.setMode(.hold, of: nil)
    scene.talk(2)
    #expect(scene.shelf.wakes == [.later, .soon])
  }

  @Test func `a request that the upstream refused is taken back at once`() {
    let scene = Scene { $0.mode = .hold }
    scene.talk(2)
    let count = scene.shelf.kept.count
    scene.bench.exchange(
      #"{"model":"m","messages":[{"role":"user","content":"question 0"},{"role":"assistant","content":"answer"},{"role":"user","content":"question 1"},{"role":"assistant","content":"answer"},{"role":"user","content":"too long"}]}"#,
      status: 400, [#"{"error":{}}"#])
    #expect(scene.shelf.kept.count == count + 2)
    #expect(scene.shelf.wakes == [.soon])
  }

  @Test func `what waited is not kept again behind a later state that did not wait`() throws {
    let scene = Scene()
    scene.talk(2)
    let session = try #require(scene.bench.finished.first?.session)
    scene.bench.engine.setMode(.hold, of: session)
    // Decided, and not answered yet.
    let plan = scene.bench.send(
      #"{"model":"m","messages":[{"role":"user","content":"question 0"},{"role":"assistant","content":"answer"},{"role":"user","content":"question 1"},{"role":"assistant","content":"answer"},{"role":"user","content":"question 2"}]}"#
    )
    #expect(scene.shelf.kept.map(\.text) == [.all])
    scene.bench.engine.keepRest()
    #expect(scene.shelf.kept.count == 1)
    withExtendedLifetime(plan) {}
  }

  @Test func `turning pinning off takes the text away at once`() throws {
    let scene = Scene { $0.mode = .hold }
    scene.talk(2)
    let session = try #require(scene.bench.finished.first?.session)
    scene.bench.engine.setMode(.off, of: session)
    #expect(scene.shelf.kept.last?.text == SessionSnapshot.Text.none)
    #expect(scene.shelf.wakes == [.soon])
  }

  @Test func `what was blanked behind another change is erased`() {
    let scene = Scene { $0.mode = .hold }
    func body(_ date: String, _ secret: String, _ more: String) -> String {
      #"{"model":"m","messages":[{"role":"system","content":"Today is \#(date)."},{"role":"user","content":"the key is \#(secret), use it"},{"role":"assistant","content":"answer"},{"role":"user","content":"on"}\#(more)]}"#
    }
    let more = #",{"role":"assistant","content":"answer"},{"role":"user","content":"and on"}"#
    let answer = [#"{"choices":[{"message":{"content":"answer"}}]}"#]
    scene.bench.exchange(body("2026-11-21", "sk-1234567890", ""), answer)
    scene.bench.exchange(body("2026-11-22", "[REDACTED]", more), answer)
    #expect(scene.bench.finished.last?.verdict.cause == .clock)
    #expect(scene.shelf.kept.map(\.erases) == [false, true])
  }

  @Test(arguments: [200, 400])
  func `an answer that ends after pinning was turned off brings no text back`(status: Int) throws {
    let scene = Scene { $0.mode = .hold }
    let long = String(repeating: "words ", count: 100)
    func body(_ first: String, _ rest: [String]) -> String {
      let messages = ([first] + rest).enumerated().map {
        #"{"role":"\#($0 % 2 == 0 ? "user" : "assistant")","content":"\#($1)"}"#
      }
      return #"{"model":"m","messages":[\#(messages.joined(separator: ","))]}"#
    }
    let answer = [#"{"choices":[{"message":{"content":"answer"}}]}"#]
    scene.bench.exchange(body("one " + long, ["answer", "on"]), answer)
    let session = try #require(scene.bench.finished.first?.session)
    // An edit in front of history, which is held.
    let plan = scene.bench.send(body("two " + long, ["answer", "on", "answer", "and on"]))
    #expect(plan.fallbackBody != nil)
    plan.observer?.forwarded()
    scene.bench.engine.setMode(.off, of: session)
    plan.observer?.responseHead(ResponseHead(status: status, fields: HeaderFields()))
    for piece in answer { Array(piece.utf8).withUnsafeBytes { plan.observer?.responseBody($0) } }
    plan.observer?.ended(.complete(status: status))
    let before = scene.shelf.kept.count
    scene.bench.engine.keepRest()
    #expect(scene.shelf.kept.dropFirst(before - 1).map(\.text) == [.none, .none])
  }
}
