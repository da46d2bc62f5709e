import Prefix
import Testing
import Turns

@testable import Ledger
@testable import LedgerTestWriter

@Suite struct SchemaTests {
  private let scratch = ScratchLedger()

  private func database() throws -> Database {
    try Database(path: scratch.path, access: .readWrite, busyMillis: 0)
  }

  @Test func `a file of version 1 keeps its turns through later steps`() throws {
    try scratch.fill(20)
    let steps = [
      Schema.steps[0], "ALTER TABLE turns ADD COLUMN extra INTEGER NOT NULL DEFAULT 5",
      "CREATE TABLE more(a)",
    ]
    let database = try database()
    #expect(try database.integer("PRAGMA user_version", .read) == 1)
    try Schema.migrate(database, steps: steps)
    #expect(try database.integer("PRAGMA user_version", .read) == 3)
    #expect(try database.integer("SELECT sum(extra) FROM turns", .read) == 100)
    #expect(try database.integer("SELECT count(*) FROM turns", .read) == 20)
  }

  @Test func `a step that fails leaves the file at the version before`() throws {
    try scratch.fill(20)
    let steps = [
      Schema.steps[0], "CREATE TABLE more(a)", "CREATE TABLE half(a); SELECT nonsense FROM nowhere",
    ]
    let database = try database()
    #expect(throws: LedgerError.self) { try Schema.migrate(database, steps: steps) }
    #expect(try database.integer("PRAGMA user_version", .read) == 2)
    #expect(
      try database.integer("SELECT count(*) FROM sqlite_schema WHERE name = 'half'", .read) == 0)
  }

  @Test func `a file of a later version is refused, by writers and readers`() throws {
    try scratch.fill(1)
    do {
      try database().execute("PRAGMA user_version = 99", .write)
    }
    let writing = #expect(throws: LedgerError.self) { _ = try scratch.store() }
    let reading = #expect(throws: LedgerError.self) { _ = try LedgerReader(path: scratch.path) }
    let reason = LedgerError.Reason.foreign("it has format 99 and this version reads up to 1")
    #expect(writing?.reason == reason)
    #expect(reading?.reason == reason)
    #expect(!scratch.names.contains { $0.contains(".bad-") })
  }

  @Test func `turns older than the limit go, and sessions that are left without turns`() throws {
    try scratch.fill(100, run: 1)
    let store = try scratch.store()
    let other = StoredTurn(run: 2, record: sampleTurn(500))
    try store.write([other])
    try store.trim(oldest: 1_795_000_000_000 + 101_000, maxBytes: .max)
    #expect(try scratch.turns().map(\.record.turn) == [500])
    #expect(try LedgerReader(path: scratch.path).sessions().map(\.key.run) == [2])
  }

  @Test func `beyond the size the oldest turns go and the file shrinks`() throws {
    try scratch.fill(3000)
    let store = try scratch.store()
    let before = try store.usedBytes()
    try store.trim(oldest: 0, maxBytes: before / 2)
    #expect(try store.usedBytes() <= before / 2)
    let turns = try scratch.turns().map(\.record.turn)
    #expect(turns.count > 500)
    #expect(turns == Array((3001 - turns.count)...3000))
  }

  @Test func `a size that not even an empty ledger keeps ends the search`() throws {
    try scratch.fill(300)
    let store = try scratch.store()
    try store.trim(oldest: 0, maxBytes: 1)
    #expect(try scratch.turns().isEmpty)
  }
}
