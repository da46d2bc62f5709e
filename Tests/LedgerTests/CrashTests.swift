import Glibc
import TestSupport
import Testing
import Turns

@testable import Ledger
@testable import LedgerTestWriter

@Suite struct CrashTests {
  @Test(arguments: [1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 233])
  func `a killed writer leaves every committed batch and no torn row`(_ commits: Int) throws {
    let scratch = ScratchLedger()
    // The second kill happens to a file that was recovered from the first.
    for run in [1, 2] as [Int64] {
      let child = try ChildProcess(arguments: [scratch.path, "\(run)", "20000", "7"])
      var committed = 0
      for _ in 0..<commits { committed = Int(child.line() ?? "") ?? committed }
      child.kill()
      while let line = child.line() { committed = Int(line) ?? committed }
      child.wait()
      #expect(committed > 0)

      #expect(try scratch.store().setAside == nil)
      let turns = try scratch.turns(LedgerFilter(run: run))
      #expect(turns.count >= committed)
      #expect(turns.map(\.record.turn) == Array(1...turns.count))
      #expect(turns.count % 7 == 0, "a batch is in the file as a whole or not at all")
      #expect(turns.allSatisfy(isIntact))
    }
  }

  /// HOLDFAST_KILLS=10000 takes some minutes; the file grows through all of them.
  @Test func `one file survives one kill after the other without a torn row`() throws {
    let kills = getenv("HOLDFAST_KILLS").flatMap { Int(String(cString: $0)) } ?? 40
    let scratch = ScratchLedger()
    var random = SplitMix(seed: 7)
    for kill in 1...kills {
      let child = try ChildProcess(arguments: [scratch.path, "\(kill)", "2000", "3"])
      // From the moment it starts to some batches later.
      for _ in 0..<(random.next() % 6) { _ = child.line() }
      child.kill()
      child.wait()
      guard kill % 250 == 0 || kill == kills else { continue }
      // A new file in this place would be as good as a lost one.
      #expect(try scratch.store().setAside == nil)
      var last: [Int64: Int] = [:]
      for turn in try scratch.turns() {
        #expect(isIntact(turn))
        last[turn.run, default: 0] += 1
        #expect(turn.record.turn == last[turn.run])
      }
      #expect(last.values.allSatisfy { $0 % 3 == 0 })
    }
  }

  @Test func `eight processes write one file at a time and nothing is lost`() throws {
    let scratch = ScratchLedger()
    let children = try (1...8).map { run in
      try ChildProcess(arguments: [scratch.path, "\(run)", "1000", "40"])
    }
    for child in children {
      while child.line() != nil {}
      #expect(child.wait() == 0)
    }
    let turns = try scratch.turns()
    #expect(turns.count == 8000)
    #expect(Set(turns.map(\.key)).count == 8)
    #expect(turns.allSatisfy(isIntact))
  }

  @Test func `without space turns wait, one notice is given, and with space all are written`()
    throws
  {
    let scratch = ScratchLedger()
    let child = try ChildProcess(arguments: [scratch.path, "1", "3000", "10", "200000"])
    var lines: [String] = []
    while let line = child.line() { lines.append(line) }
    #expect(child.wait() == 0)
    let notices = lines.filter { $0.hasPrefix("notice") }
    // Closing the file may make a little room for a while, so it may fail more than once.
    #expect(notices.first?.contains("turns go on") ?? false)
    #expect(notices.last == "notice the ledger is written again")
    #expect(notices.count % 2 == 0)
    #expect(lines.last == "end 0")
    let turns = try scratch.turns()
    #expect(turns.count == 3000)
    #expect(turns.allSatisfy(isIntact))
  }
}
