import Prefix
import Testing

@Suite struct SwitchTests {
  @Test func `a class that is switched off is forwarded as sent, the others are held`() throws {
    var bench = try RepairBench()
    bench.agent.policy.repairs.remove(RepairSet(.clearedResult))
    _ = try bench.hold(.inPlaceEdit) { $0.changeResult(2) { $0.lines[1] = "something else" } }
    let turn = try bench.send {
      $0.changeResult(4) { $0.lines = ["[Old tool result content cleared]"] }
    }
    #expect(
      turn.decision.outcome
        == .refused("tool result cleared: repairs of cleared are switched off"))
    #expect(String(decoding: turn.forwarded, as: UTF8.self).contains("[Old tool result"))
  }

  @Test func `every class can be read by the name it is shown with`() {
    for one in RepairClass.allCases {
      #expect(RepairClass(name: one.name) == one)
      #expect(one.summary.count <= 60)
    }
    #expect(RepairSet(names: RepairSet.all.names) == .all)
    #expect(RepairSet(names: "clock, cleared")?.classes == [.clock, .clearedResult])
    #expect(RepairSet(names: "clock,weather") == nil)
  }
}
