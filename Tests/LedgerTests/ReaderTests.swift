import Prefix
import Testing
import Turns
import Upstream

@testable import Ledger
@testable import LedgerTestWriter

@Suite struct ReaderTests {
  private let scratch = ScratchLedger()
  private let key = SessionKey(run: 1, session: SessionID(raw: 0xa1b2_c3d4))

  @Test func `turns come in pages from the newest to the oldest`() throws {
    try scratch.fill(25)
    let reader = try LedgerReader(path: scratch.path)
    var seen: [Int] = []
    var before: Int?
    while true {
      let page = try reader.turns(of: key, before: before, limit: 10)
      if page.isEmpty { break }
      seen += page.map(\.record.turn)
      before = page.last?.record.turn
    }
    #expect(seen == Array((1...25).reversed()))
    #expect(try reader.turn(7, of: key).map(isIntact) == true)
    #expect(try reader.turn(26, of: key) == nil)
  }

  @Test func `a question that nobody waits for any more ends in its middle`() throws {
    try scratch.fill(2_000, batch: 500)
    let reader = try LedgerReader(path: scratch.path)
    var isLeft = false
    var turns = 0
    reader.interrupt { isLeft }
    try reader.forEachTurn(LedgerFilter()) { _ in turns += 1 }
    #expect(turns == 2_000)
    #expect(throws: LedgerError.self) {
      try reader.forEachTurn(LedgerFilter()) { _ in
        turns += 1
        isLeft = true
      }
    }
    #expect(turns < 4_000)
  }

  @Test func `the sums of a session by query are those of its turns`() throws {
    let store = try scratch.store()
    var turns: [StoredTurn] = []
    for number in 1...40 {
      var record = sampleTurn(number)
      if number % 4 == 0 { record.usage = Usage(promptTokens: 5) }
      if number % 5 == 0 { record.usage.writtenHourTokens = 3 }
      if number % 6 == 0 { record.state = .failed }
      if number % 7 == 0 { record.verdict = Verdict(cause: .clock) }
      if number > 1 { record.previousTokens = TokenCount(number * 9, estimated: true) }
      record.reprocessedTokens = TokenCount(number, estimated: true)
      record.isSideCall = number % 10 == 0
      turns.append(StoredTurn(run: 1, record: record))
    }
    try store.write(turns[...])
    var sums = SessionTotals()
    for turn in turns { sums.add(turn.record) }
    let session = try #require(try LedgerReader(path: scratch.path).session(key))
    #expect(session.totals == sums)
    #expect(session.firstSeen == turns.first?.record.startedAt)
    #expect(session.lastSeen == turns.last?.record.startedAt)
    #expect(session.agent == "agent-40")
  }

  @Test func `a filter keeps what was asked for`() throws {
    let store = try scratch.store()
    var turns: [StoredTurn] = []
    for (place, mode) in [PinMode.off, .safe, .hold].enumerated() {
      for number in 1...10 {
        var record = sampleTurn(number, session: UInt32(place))
        record.mode = mode
        turns.append(StoredTurn(run: 5, record: record, workspace: place == 2 ? "w" : nil))
      }
    }
    try store.write(turns[...])
    #expect(try scratch.turns(LedgerFilter(mode: .safe)).count == 10)
    #expect(try scratch.turns(LedgerFilter(session: SessionID(raw: 1))).count == 10)
    #expect(try scratch.turns(LedgerFilter(workspace: "w")).map(\.record.mode).first == .hold)
    #expect(try scratch.turns(LedgerFilter(since: 1_795_000_006_000)).count == 15)
    #expect(try scratch.turns(LedgerFilter(run: 4)).isEmpty)
    let sessions = try LedgerReader(path: scratch.path).sessions(
      LedgerFilter(since: 1_795_000_006_000, mode: .hold))
    #expect(sessions.map(\.totals.turns) == [5])
  }

  @Test func `a reader sees each batch while the writer goes on`() throws {
    let store = try scratch.store()
    let reader = try LedgerReader(path: scratch.path)
    for number in 1...3 {
      try store.write([StoredTurn(run: 1, record: sampleTurn(number))])
      #expect(try reader.session(key)?.totals.turns == number)
    }
  }

  @Test func `an empty file is not made a ledger by reading it`() throws {
    try scratch.fill(1)
    scratch.replace(by: [])
    #expect(throws: LedgerError.self) { _ = try LedgerReader(path: scratch.path) }
    #expect(scratch.bytes().isEmpty)
  }

  @Test func `without a file there is an error and no file is made`() {
    #expect(throws: LedgerError.self) { _ = try LedgerReader(path: scratch.path) }
    #expect(scratch.names.isEmpty)
  }
}
