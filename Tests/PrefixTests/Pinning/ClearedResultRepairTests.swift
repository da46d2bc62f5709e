import Prefix
import Testing

@Suite struct ClearedResultRepairTests {
  @Test func `a cleared result stays and its marker is not told`() throws {
    var bench = try RepairBench()
    let sent = try bench.hold(.toolResultCleared) {
      $0.changeResult(2) { $0.lines = ["[Old tool result content cleared]"] }
    }
    #expect(sent.contains("line 1-3 of the file"))
    #expect(!sent.contains("cleared"))
  }

  @Test func `a marker that says where the text went is told`() throws {
    var bench = try RepairBench()
    let sent = try bench.hold(.toolResultCleared) {
      $0.changeResult(2) { $0.lines = ["[Old tool result content cleared, see /tmp/out-7]"] }
    }
    #expect(sent.contains("/tmp/out-7"))
  }

  @Test func `a result that comes back is not told again`() throws {
    var bench = try RepairBench()
    let before = bench.script.items[2]
    _ = try bench.send {
      $0.changeResult(2) { $0.lines = ["[Old tool result content cleared]"] }
    }
    let turn = try bench.send { $0.items[2] = before }
    #expect(turn.decision.outcome == .untouched)
    #expect(!turn.decision.isRewritten)
    #expect(turn.forwarded == turn.received)
  }
}
