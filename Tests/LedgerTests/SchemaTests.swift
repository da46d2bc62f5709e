import Glibc
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

  @Test func `a file keeps its turns through later steps`() throws {
    try scratch.fill(20)
    let steps =
      Schema.steps + [
        "ALTER TABLE turns ADD COLUMN extra INTEGER NOT NULL DEFAULT 5", "CREATE TABLE more(a)",
      ]
    let database = try database()
    #expect(try database.integer("PRAGMA user_version", .read) == Schema.steps.count)
    try Schema.migrate(database, steps: steps)
    #expect(try database.integer("PRAGMA user_version", .read) == steps.count)
    #expect(try database.integer("SELECT sum(extra) FROM turns", .read) == 100)
    #expect(try database.integer("SELECT count(*) FROM turns", .read) == 20)
  }

  /// A ledger as an earlier version wrote it, with one turn.
  private func make(version: Int) throws {
    try scratch.fill(0)
    for suffix in ["", "-wal", "-shm"] { unlink(scratch.path + suffix) }
    close(creat(scratch.path, 0o600))
    let database = try database()
    try Schema.migrate(database, steps: Array(Schema.steps.prefix(version)))
    try database.execute(
      """
      INSERT INTO turns(run, session, turn, started_at, side_call, agent, model, upstream, server,
        local, dialect, mode, state, received_bytes, forwarded_bytes, blocks, tools_bytes,
        system_bytes, messages_bytes, new_bytes, previous_messages,
        incoming_messages, common_messages, prompt_tokens, kept_tokens, kept_forwarded_tokens,
        reprocessed_tokens, reprocessed_forwarded_tokens, computed_again_tokens, estimated, cause,
        tier, is_mutation, pin)
      VALUES(7, 8, 9, 1795000000000, 0, 'a', 'm', 'u', 'unknown', 1, 'openai-chat', 'off', 'done',
        10, 10, 3, 1, 2, 3, 4, 0, 2, 0, 1234, 0, 0, 0, 0, 0, 0, 'none', 'never', 0, 'untouched');
      INSERT INTO sessions(run, session, first_seen, last_seen, agent, model, upstream, mode)
      VALUES(7, 8, 1795000000000, 1795000000000, 'a', 'm', 'u', 'off')
      """, .write)
  }

  @Test(arguments: 1..<Schema.steps.count)
  func `a file of an earlier version is brought up to date by a writer`(_ version: Int) throws {
    try make(version: version)
    #expect(try scratch.store().setAside == nil)
    #expect(try database().integer("PRAGMA user_version", .read) == Schema.steps.count)
    let turns = try scratch.turns()
    #expect(turns.map(\.record.promptTokens) == [TokenCount(1234, estimated: false)])
    #expect(turns.map(\.run) == [7])
    // What that version did not count is unknown, not nothing.
    #expect(turns.map(\.record.addedMicros) == [nil])
    #expect(turns.map(\.sections) == [PromptSections(tools: 1, system: 2, messages: 3, new: 4)])
    var turn = sampleTurn(10)
    turn.addedMicros = 77
    let sections = PromptSections(knobs: 6, tools: 1, system: 2, messages: 3, new: 4)
    try scratch.store().write([StoredTurn(run: 7, record: turn, sections: sections)])
    let written = try scratch.turns().first { $0.record.turn == 10 }
    #expect(written?.record.addedMicros == 77)
    #expect(written?.sections == sections)
  }

  @Test(arguments: 1..<Schema.steps.count)
  func `a file of an earlier version is brought up to date by a reader`(_ version: Int) throws {
    try make(version: version)
    let reader = try LedgerReader(path: scratch.path)
    #expect(try reader.sessions().count == 1)
    #expect(try reader.keptSessions(KeptLimits(oldest: 0)).isEmpty)
  }

  @Test(arguments: 1..<Schema.steps.count)
  func `a file that an earlier version has open is left as it is until it is closed`(
    _ version: Int
  ) throws {
    try make(version: version)
    do {
      let other = try FileLock(scratch.path + ".lock", busyMillis: 0)
      #expect(throws: LedgerError.self) { try scratch.store() }
      if version >= Schema.turnsAreOf {
        #expect(try scratch.turns().map(\.run) == [7])
        #expect(try LedgerReader(path: scratch.path).sessions().count == 1)
      } else {
        #expect(throws: LedgerError.self) { try scratch.turns() }
      }
      #expect(try database().integer("PRAGMA user_version", .read) == version)
      withExtendedLifetime(other) {}
    }
    _ = try scratch.store()
    #expect(try database().integer("PRAGMA user_version", .read) == Schema.steps.count)
  }

  @Test func `a step that fails leaves the file at the version before`() throws {
    try scratch.fill(20)
    let steps =
      Schema.steps + [
        "CREATE TABLE more(a)", "CREATE TABLE half(a); SELECT nonsense FROM nowhere",
      ]
    let database = try database()
    #expect(throws: LedgerError.self) { try Schema.migrate(database, steps: steps) }
    #expect(try database.integer("PRAGMA user_version", .read) == Schema.steps.count + 1)
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
    let reason = LedgerError.Reason.foreign(
      "it has format 99 and this version reads up to \(Schema.steps.count)")
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
