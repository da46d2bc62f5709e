import Prefix
import Prompt
import Testing
import Turns

@Suite struct ZoneHistoryTests {
  private func turn(
    _ number: Int, prefix: UInt32, changes: PromptZones.Changes = [], cause: Cause = .none,
    pin: PinOutcome = .untouched
  ) -> TurnRecord {
    var record = TurnRecord(
      session: SessionID(raw: 1), turn: number, dialect: .openAIChat, startedAt: 0)
    record.state = .done
    record.verdict = Verdict(cause: cause)
    record.pin = pin
    var zones = PromptZones()
    zones.prefix = PromptZones.Zone(bytes: 100, tokens: 25, hash: prefix)
    zones.changes = changes
    record.zones = zones
    return record
  }

  @Test func `a drift is held against the first prefix until that is back`() {
    var history = ZoneHistory()
    for number in 1...3 { history.add(turn(number, prefix: 7)) }
    #expect(history.driftedSince == nil)
    #expect(history.stableTurns == 3)
    history.add(turn(4, prefix: 8, changes: .prefix, cause: .toolAdded))
    history.add(turn(5, prefix: 8))
    #expect(history.driftedSince == 4)
    #expect(history.baseline == 7)
    #expect(history.prefix.changes == 1)
    #expect(history.prefix.last?.turn == 4)
    #expect(history.prefix.last?.cause == .toolAdded)
    #expect(history.stableTurns == 2)
    history.add(turn(6, prefix: 7, changes: .prefix))
    #expect(history.driftedSince == nil)
    #expect(history.prefix.changes == 2)
  }

  @Test func `a declared change is the new baseline`() {
    var history = ZoneHistory()
    history.add(turn(1, prefix: 7))
    history.add(turn(2, prefix: 8, changes: .prefix, pin: .rebased("tool added")))
    #expect(history.driftedSince == nil)
    #expect(history.baseline == 8)
  }

  @Test func `another writing of the same prefix is no drift`() {
    let history = ZoneHistory([turn(1, prefix: 7), turn(2, prefix: 9)])
    #expect(history.driftedSince == nil)
    #expect(history.prefix.changes == 0)
  }

  @Test func `side calls and failed turns do not count`() {
    var aside = turn(2, prefix: 9, changes: .prefix)
    aside.isSideCall = true
    var failed = turn(3, prefix: 9, changes: .prefix)
    failed.state = .failed
    let history = ZoneHistory([turn(1, prefix: 7), aside, failed])
    #expect(history.turns == 1)
    #expect(history.baseline == 7)
  }

  @Test func `changes of the log are counted apart`() {
    let history = ZoneHistory([
      turn(1, prefix: 7), turn(2, prefix: 7, changes: .log, cause: .inPlaceEdit),
    ])
    #expect(history.log.changes == 1)
    #expect(history.prefix.changes == 0)
  }

  @Test(
    arguments: [
      (10_000, 7_999, 2_001), (10_000, 8_000, 2_000), (10_000, 8_001, nil), (50_000, 47_600, nil),
      (50_000, 47_400, 2_600), (1_900, 0, nil), (10_000, 12_000, nil),
    ] as [(Int, Int, Int?)])
  func `a fall of reuse is sharp by 2,000 tokens and five percent`(
    _ before: Int, _ reused: Int, _ drop: Int?
  ) {
    #expect(HitDrop.tokens(from: before, to: reused) == drop)
  }

  @Test func `without a report on both turns nothing fell`() {
    #expect(HitDrop.tokens(from: nil, to: 5) == nil)
    #expect(HitDrop.tokens(from: 9000, to: nil) == nil)
  }

  @Test(
    arguments: [
      (0, .low), (0.399, .low), (0.4, .middling), (0.799, .middling), (0.8, .high), (1, .high),
    ]
      as [(Double, HitLevel)])
  func `shares are judged at 40 and 80 percent`(_ share: Double, _ level: HitLevel) {
    #expect(HitLevel(share: share) == level)
  }
}
