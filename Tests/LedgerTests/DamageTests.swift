import Glibc
import TestSupport
import Testing
import Turns

@testable import Ledger
@testable import LedgerTestWriter

@Suite struct DamageTests {
  private func bad(_ scratch: ScratchLedger) -> [String] {
    scratch.names.filter { $0.hasPrefix("ledger.sqlite.bad-1795000000") }
  }

  @Test func `a file that is no database is set aside, kept, and a new one begun`() throws {
    let scratch = ScratchLedger()
    try scratch.fill(1)
    let garbage = [UInt8](repeating: 0x41, count: 10_000)
    scratch.replace(by: garbage)
    let store = try scratch.store()
    #expect(store.setAside == scratch.path + ".bad-1795000000")
    try store.write([StoredTurn(run: 1, record: sampleTurn(1))])
    #expect(try scratch.turns().count == 1)
    let kept = ScratchLedger()
    #expect(rename(scratch.path + ".bad-1795000000", kept.directory + "/x") == 0)
  }

  @Test func `a second damaged file does not replace the first`() throws {
    let scratch = ScratchLedger()
    try scratch.fill(1)
    for _ in 0..<2 {
      scratch.replace(by: [UInt8](repeating: 0x41, count: 10_000))
      _ = try scratch.store()
    }
    #expect(bad(scratch).count == 2)
  }

  @Test(arguments: [0, 1, 99, 100, 1000, 4096, 8192, 20_000, 40_000, 60_000])
  func `a truncated file is opened or set aside and never crashes`(_ length: Int) throws {
    let scratch = ScratchLedger()
    try scratch.fill(300)
    let whole = scratch.bytes()
    #expect(whole.count > 60_000)
    scratch.replace(by: Array(whole.prefix(length)))
    let store = try scratch.store()
    // An empty file is a new database; anything else is missing pages.
    #expect((store.setAside != nil) == (length > 0))
    try store.write([StoredTurn(run: 9, record: sampleTurn(5))])
    #expect(try scratch.turns(LedgerFilter(run: 9)).allSatisfy(isIntact))
  }

  @Test(arguments: 0..<64)
  func `a flipped bit is survived and invents no row`(_ seed: Int) throws {
    let scratch = ScratchLedger()
    try scratch.fill(300)
    var bytes = scratch.bytes()
    var random = SplitMix(seed: UInt64(seed))
    // Half of the flips hit the first page, where the structure is.
    let at = Int(random.next() % UInt64(seed % 2 == 0 ? 4096 : bytes.count))
    bytes[at] ^= 1 << UInt8(random.next() % 8)
    scratch.replace(by: bytes)
    do {
      let store = try scratch.store()
      try store.write([StoredTurn(run: 9, record: sampleTurn(5))])
      let turns = try scratch.turns()
      #expect(turns.count <= 301)
      #expect(turns.contains { $0.run == 9 && isIntact($0) })
      #expect(turns.filter { !isIntact($0) }.count <= 1)
    } catch let error as LedgerError {
      // The marks that say whose file it is may be what was hit; then it is left alone.
      guard case .foreign = error.reason else { throw error }
      let isUntouched = scratch.bytes() == bytes
      #expect(isUntouched)
    }
  }

  /// A file whose last batches are in the write-ahead log alone, as a killed writer leaves it.
  private func withLog(_ body: ([UInt8], [UInt8]) throws -> Void) throws {
    let scratch = ScratchLedger()
    let store = try scratch.store()
    for number in 1...200 {
      try store.write([StoredTurn(run: 1, record: sampleTurn(number))])
    }
    try body(scratch.bytes(), scratch.bytes("-wal"))
  }

  @Test(arguments: 0..<32)
  func `a flipped bit in the log loses a tail of whole batches at most`(_ seed: Int) throws {
    try withLog { file, log in
      let scratch = ScratchLedger()
      try scratch.fill(1)
      var random = SplitMix(seed: UInt64(seed) &+ 1000)
      var damaged = log
      damaged[Int(random.next() % UInt64(log.count))] ^= 1 << UInt8(random.next() % 8)
      scratch.replace(by: file)
      scratch.replace("-wal", by: damaged)
      let store = try scratch.store()
      try store.write([StoredTurn(run: 9, record: sampleTurn(5))])
      let turns = try scratch.turns(LedgerFilter(run: 1))
      #expect(turns.map(\.record.turn) == Array(1..<(turns.count + 1)))
      #expect(turns.allSatisfy(isIntact))
    }
  }

  @Test(arguments: [0, 1, 31, 32, 33, 4000, 4152, 9000, 100_000])
  func `a truncated log loses a tail of whole batches at most`(_ length: Int) throws {
    try withLog { file, log in
      let scratch = ScratchLedger()
      try scratch.fill(1)
      scratch.replace(by: file)
      scratch.replace("-wal", by: Array(log.prefix(length)))
      _ = try scratch.store()
      let turns = try scratch.turns()
      #expect(turns.map(\.record.turn) == Array(1..<(turns.count + 1)))
      #expect(turns.allSatisfy(isIntact))
    }
  }

  @Test func `a damaged file that another process has open stays where it is`() throws {
    let scratch = ScratchLedger()
    try scratch.fill(1)
    let other = try FileLock(scratch.path + ".lock", busyMillis: 0)
    scratch.replace(by: [UInt8](repeating: 0x41, count: 10_000))
    let error = #expect(throws: LedgerError.self) { try scratch.store() }
    #expect(error?.operation == .setAside)
    #expect(bad(scratch).isEmpty)
    withExtendedLifetime(other) {}
  }

  @Test func `a lock that somebody keeps is not waited for without end`() throws {
    let scratch = ScratchLedger()
    try scratch.fill(1)
    let path = scratch.path + ".lock"
    let other = try FileLock(path, busyMillis: 0)
    #expect(other.makeExclusive())
    let error = #expect(throws: LedgerError.self) { try FileLock(path, busyMillis: 60) }
    #expect(error?.reason == .unavailable("another holdfast holds it for long"))
    other.makeShared()
    _ = try FileLock(path, busyMillis: 0)
  }

  @Test func `a lock that was shared again is not taken for exclusive`() throws {
    let scratch = ScratchLedger()
    try scratch.fill(1)
    let path = scratch.path + ".lock"
    let mine = try FileLock(path, busyMillis: 0)
    #expect(mine.makeExclusive())
    mine.makeShared()
    let other = try FileLock(path, busyMillis: 0)
    #expect(!mine.makeExclusive())
    withExtendedLifetime(other) {}
  }

  @Test func `the database of another program is refused and left alone`() throws {
    let scratch = ScratchLedger()
    try scratch.fill(1)
    do {
      let database = try Database(path: scratch.path, access: .readWrite, busyMillis: 0)
      try database.execute("PRAGMA application_id = 77", .write)
    }
    let before = scratch.bytes()
    let error = #expect(throws: LedgerError.self) { try scratch.store() }
    #expect(error?.reason == .foreign("it is a database of another program"))
    let isUntouched = scratch.bytes() == before
    #expect(isUntouched)
  }
}
