import Prefix
import Testing

@Suite struct PinAuditTests {
  private func turn(
    reported: Int?, repairs: RepairSet = RepairSet(.clock), isExplained: Bool = false
  ) -> PinAudit.Turn {
    PinAudit.Turn(
      keptAsSent: 500, keptForwarded: 8000, reported: reported, repairs: repairs,
      isExplained: isExplained)
  }

  @Test func `a count that confirms the promise says it works`() {
    var audit = PinAudit()
    #expect(audit.judge(turn(reported: 7900)) == [])
    #expect(audit.status == .working)
  }

  @Test func `three contradictions in a row stop the class and say why`() {
    var audit = PinAudit()
    #expect(audit.judge(turn(reported: 510)) == [])
    #expect(audit.judge(turn(reported: 510, repairs: [RepairSet(.clock), RepairSet(.edit)])) == [])
    #expect(audit.judge(turn(reported: 510)) == RepairSet(.clock))
    guard case .notWorking(let reason) = audit.status else {
      Issue.record("\(audit.status)")
      return
    }
    #expect(reason.contains("510") && reason.contains("8000"))
  }

  @Test func `what is explained, not reported or too small proves nothing`() {
    var audit = PinAudit()
    for _ in 0..<5 {
      #expect(audit.judge(turn(reported: 0, isExplained: true)) == [])
      #expect(audit.judge(turn(reported: nil)) == [])
      #expect(audit.judge(turn(reported: 0, repairs: [])) == [])
    }
    #expect(audit.status == .unproven)
  }

  @Test func `a confirmation in between starts the count anew`() {
    var audit = PinAudit()
    for reported in [510, 510, 7900, 510, 510] {
      #expect(audit.judge(turn(reported: reported)) == [])
    }
    #expect(audit.status == .working)
  }

  @Test func `a server that always counts nothing says nothing about pinning`() {
    var audit = PinAudit()
    for _ in 0..<(2 * PinAudit.patience) {
      let stopped = audit.judge(
        PinAudit.Turn(
          keptAsSent: 1000, keptForwarded: 9000, reported: 0, repairs: .all, isExplained: false))
      #expect(stopped == [])
    }
    #expect(audit.status == .unproven)
  }
}
