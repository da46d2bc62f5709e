import Engine
import Prefix
import Proxy
import Testing
import Turns

/// When the state of a session is handed over to be kept.
@Suite struct KeepingTests {
  private final class Shelf: SessionKeeper {
    let bench: Bench
    var kept: [KeptSession] = []
    var wakes = 0

    init(_ change: (inout EngineConfiguration) -> Void = { _ in }) {
      bench = Bench(change)
      bench.engine.keeper = self
      bench.engine.wakesKeeping = { [unowned self] in wakes += 1 }
    }

    func keep(_ session: KeptSession, holding hold: AnswerHold?) { kept.append(session) }

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
    let shelf = Shelf()
    shelf.talk(5)
    #expect(shelf.kept.isEmpty)
    #expect(shelf.wakes == 1)
    shelf.bench.engine.keepRest()
    #expect(shelf.kept.map(\.snapshot.turns) == [5])
    #expect(shelf.kept.map(\.text) == [SessionSnapshot.Text.none])
    shelf.bench.engine.keepRest()
    #expect(shelf.kept.count == 1)
  }

  @Test func `a pinned session is kept at once and not again without its text`() {
    let shelf = Shelf { $0.mode = .hold }
    shelf.talk(3)
    #expect(shelf.kept.last?.text == .all)
    #expect(shelf.kept.last?.snapshot.turns == 3)
    let count = shelf.kept.count
    shelf.bench.engine.keepRest()
    #expect(shelf.kept.count == count)
  }

  @Test func `what waited does not replace what was kept with text since`() throws {
    let shelf = Shelf()
    shelf.talk(2)
    let session = try #require(shelf.bench.finished.first?.session)
    shelf.bench.engine.setMode(.hold, of: session)
    shelf.talk(3)
    #expect(shelf.kept.last?.text == .all)
    shelf.bench.engine.keepRest()
    #expect(shelf.kept.last?.text == .all)
  }

  @Test func `turning pinning off takes the text away at once`() throws {
    let shelf = Shelf { $0.mode = .hold }
    shelf.talk(2)
    let session = try #require(shelf.bench.finished.first?.session)
    shelf.bench.engine.setMode(.off, of: session)
    #expect(shelf.kept.last?.text == SessionSnapshot.Text.none)
    #expect(shelf.wakes == 0)
  }
}
