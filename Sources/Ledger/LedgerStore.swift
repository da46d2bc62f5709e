import Prefix
import Turns

/// An open ledger that is written to. Belongs to one thread.
final class LedgerStore {
  private let database: Database
  private let lock: FileLock
  private let insertTurn: Statement
  private let upsertSession: Statement
  private let kept: KeptSessions
  /// The new name of a damaged file that stood in the way; nil if there was none.
  let setAside: String?

  init(path: String, now: Int64, busyMillis: Int32) throws(LedgerError) {
    (database, lock, setAside) = try LedgerFile(path: path).open(now: now, busyMillis: busyMillis)
    insertTurn = try database.prepare(TurnRow.insert, .write)
    upsertSession = try database.prepare(Self.upsert, .write)
    kept = try KeptSessions(database)
  }

  private static let upsert = """
    INSERT INTO sessions(run, session, first_seen, last_seen, agent, model, upstream, parent,
      workspace, mode) VALUES(?,?,?,?,?,?,?,?,?,?)
    ON CONFLICT(run, session) DO UPDATE SET
      last_seen = max(last_seen, excluded.last_seen),
      agent = CASE excluded.agent WHEN '' THEN agent ELSE excluded.agent END,
      model = excluded.model, upstream = excluded.upstream, mode = excluded.mode
    """

  /// Writes all of `turns` or none.
  func write(_ turns: ArraySlice<StoredTurn>) throws(LedgerError) {
    try database.transaction(.write) { () throws(LedgerError) in
      for turn in turns {
        TurnRow.bind(turn, to: insertTurn)
        try insertTurn.run()
        bind(session: turn)
        try upsertSession.run()
      }
    }
  }

  /// Writes the newest state of all of `sessions` or of none.
  func write(
    _ sessions: some Sequence<KeptSession>, run: Int64, limits: KeptLimits
  ) throws(LedgerError) {
    try kept.write(sessions, run: run, limits: limits)
  }

  /// Deletes what was kept of sessions and is not needed any more.
  func dropUnneeded() throws(LedgerError) { try kept.dropUnneeded() }

  /// Text that was deleted and may still stand in the log.
  var leftover: KeptSessions.Leftover { kept.leftover }

  /// Takes text that was deleted out of the log, unless somebody reads it just then.
  func eraseDropped() throws(LedgerError) { try kept.eraseDropped() }

  /// Merges a log that has grown long into the file.
  func checkpointIfLong() throws(LedgerError) { try database.checkpointIfLong() }

  private func bind(session turn: StoredTurn) {
    let record = turn.record
    let row = upsertSession
    row.bind(Int(turn.run))
    row.bind(Int(record.session.raw))
    row.bind(Int(record.startedAt))
    row.bind(Int(record.startedAt))
    row.bind(record.agent)
    row.bind(record.model)
    row.bind(record.upstream)
    row.bind(record.parent.map { Int($0.raw) })
    row.bind(turn.workspace)
    row.bind(record.mode.name)
  }

  // MARK: Retention

  /// Deletes turns older than `oldest` (milliseconds since 1970), and then the oldest until the
  /// file's used pages fit into `maxBytes`.
  func trim(oldest: Int64, maxBytes: Int) throws(LedgerError) {
    var deleted = false
    while try delete("SELECT rowid FROM turns WHERE started_at < \(oldest) LIMIT 2000") > 0 {
      deleted = true
    }
    while try usedBytes() > maxBytes {
      let count = try database.integer("SELECT count(*) FROM turns", .trim) ?? 0
      let share = max(100, count / 16)
      guard try delete("SELECT rowid FROM turns ORDER BY started_at LIMIT \(share)") > 0 else {
        break
      }
      deleted = true
    }
    guard deleted else { return }
    try database.execute(
      """
      DELETE FROM sessions WHERE NOT EXISTS(
        SELECT 1 FROM turns WHERE turns.run = sessions.run AND turns.session = sessions.session);
      PRAGMA incremental_vacuum
      """, .trim)
  }

  /// Bytes in pages that hold something; the log is not counted.
  func usedBytes() throws(LedgerError) -> Int {
    let pages = try database.integer("PRAGMA page_count", .trim) ?? 0
    let free = try database.integer("PRAGMA freelist_count", .trim) ?? 0
    return (pages - free) * (try database.integer("PRAGMA page_size", .trim) ?? 0)
  }

  /// One transaction, so that others can write in between.
  private func delete(_ rows: String) throws(LedgerError) -> Int {
    try database.execute("DELETE FROM turns WHERE rowid IN (\(rows))", .trim)
    return database.changes
  }
}
