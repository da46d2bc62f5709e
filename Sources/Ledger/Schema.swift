/// The tables, and the steps that lead from one version to the next. `user_version` in the file
/// counts the steps it has been through.
///
/// A step that was released is never edited: files in the field have been through it.
enum Schema {
  /// Marks a file as a ledger ("HFLG").
  static let applicationID = 0x4846_4C47

  static let steps: [String] = [version1, version2, version3, version4, version5, version6]

  /// The last version that changed the tables of turns and sessions.
  static let turnsAreOf = 3

  private static let version1 = """
    CREATE TABLE sessions(
      run INTEGER NOT NULL, session INTEGER NOT NULL,
      first_seen INTEGER NOT NULL, last_seen INTEGER NOT NULL,
      agent TEXT NOT NULL, model TEXT NOT NULL, upstream TEXT NOT NULL,
      parent INTEGER, workspace TEXT, mode TEXT NOT NULL,
      PRIMARY KEY(run, session)) WITHOUT ROWID;
    CREATE INDEX sessions_by_time ON sessions(last_seen);
    CREATE TABLE turns(
      run INTEGER NOT NULL, session INTEGER NOT NULL, turn INTEGER NOT NULL,
      started_at INTEGER NOT NULL, parent INTEGER, side_call INTEGER NOT NULL,
      agent TEXT NOT NULL, model TEXT NOT NULL, upstream TEXT NOT NULL,
      server TEXT NOT NULL, local INTEGER NOT NULL,
      dialect TEXT NOT NULL, mode TEXT NOT NULL, state TEXT NOT NULL,
      status INTEGER, failure TEXT, first_byte_ms INTEGER, total_ms INTEGER,
      received_bytes INTEGER NOT NULL, forwarded_bytes INTEGER NOT NULL,
      blocks INTEGER NOT NULL, tools_bytes INTEGER, system_bytes INTEGER,
      messages_bytes INTEGER, new_bytes INTEGER,
      previous_messages INTEGER NOT NULL, incoming_messages INTEGER NOT NULL,
      common_messages INTEGER NOT NULL,
      previous_tokens INTEGER, prompt_tokens INTEGER NOT NULL,
      kept_tokens INTEGER NOT NULL, kept_forwarded_tokens INTEGER NOT NULL,
      reprocessed_tokens INTEGER NOT NULL, reprocessed_forwarded_tokens INTEGER NOT NULL,
      predicted_tokens INTEGER, computed_again_tokens INTEGER NOT NULL,
      estimated INTEGER NOT NULL,
      reported_prompt_tokens INTEGER, uncached_tokens INTEGER, read_tokens INTEGER,
      written_5m_tokens INTEGER, written_1h_tokens INTEGER, output_tokens INTEGER,
      prompt_ms REAL, generation_ms REAL,
      cause TEXT NOT NULL, tier TEXT NOT NULL, is_mutation INTEGER NOT NULL,
      path TEXT, field TEXT, block_group TEXT, block_kind TEXT, block_index INTEGER,
      body_offset INTEGER, block_offset INTEGER,
      server_cause TEXT, pin TEXT NOT NULL, pin_reason TEXT,
      UNIQUE(run, session, turn));
    CREATE INDEX turns_by_time ON turns(started_at);
    """

  /// What sessions need to go on after a restart, apart from what is told about turns. Of these tables
  /// only `decisions` holds text.
  private static let version2 = """
    CREATE TABLE decisions(
      run INTEGER NOT NULL, session INTEGER NOT NULL, upstream TEXT NOT NULL,
      used_at INTEGER NOT NULL, state BLOB NOT NULL, body BLOB, UNIQUE(run, session));
    CREATE TABLE histories(
      run INTEGER NOT NULL, session INTEGER NOT NULL, upstream TEXT NOT NULL,
      used_at INTEGER NOT NULL, state BLOB NOT NULL, UNIQUE(run, session));
    CREATE INDEX decisions_by_time ON decisions(used_at);
    CREATE INDEX histories_by_time ON histories(used_at);
    ALTER TABLE turns ADD COLUMN prefix_bytes INTEGER;
    ALTER TABLE turns ADD COLUMN prefix_tokens INTEGER;
    ALTER TABLE turns ADD COLUMN prefix_hash INTEGER;
    ALTER TABLE turns ADD COLUMN log_bytes INTEGER;
    ALTER TABLE turns ADD COLUMN log_tokens INTEGER;
    ALTER TABLE turns ADD COLUMN log_hash INTEGER;
    ALTER TABLE turns ADD COLUMN tail_bytes INTEGER;
    ALTER TABLE turns ADD COLUMN tail_tokens INTEGER;
    ALTER TABLE turns ADD COLUMN tail_hash INTEGER;
    ALTER TABLE turns ADD COLUMN zone_changes INTEGER;
    ALTER TABLE turns ADD COLUMN hit_drop INTEGER;
    """

  private static let version3 = """
    ALTER TABLE turns ADD COLUMN knobs_bytes INTEGER;
    ALTER TABLE turns ADD COLUMN added_us INTEGER;
    """

  /// Bodies in pieces, so that a turn writes those that changed. A body is the list of the keys of
  /// its pieces, eight bytes each, the lowest first.
  private static let version4 = """
    CREATE TABLE parts(
      run INTEGER NOT NULL, session INTEGER NOT NULL, key INTEGER NOT NULL, bytes BLOB NOT NULL,
      UNIQUE(run, session, key));
    INSERT INTO parts(run, session, key, bytes)
      SELECT run, session, 0, body FROM decisions WHERE body IS NOT NULL;
    ALTER TABLE decisions ADD COLUMN body_bytes INTEGER NOT NULL DEFAULT 0;
    UPDATE decisions SET body_bytes = length(body), body = zeroblob(8) WHERE body IS NOT NULL;
    CREATE TRIGGER decisions_dropped AFTER DELETE ON decisions BEGIN
      DELETE FROM parts WHERE run = old.run AND session = old.session;
    END;
    """

  /// Tables of a few hundred rows that are written on every turn and ordered once in a while. What
  /// earlier versions kept in `decisions` cannot be read any more.
  private static let version5 = """
    DROP INDEX decisions_by_time;
    DROP INDEX histories_by_time;
    DELETE FROM decisions;
    """

  /// Texts of one session side by side, so that a turn writes few pages: the id of one is that of its
  /// session shifted by 24 bits, and a number. An id is never given to another session, since another
  /// process may still hold the first one for its own.
  private static let version6 = """
    CREATE TABLE sessions_kept(
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      run INTEGER NOT NULL, session INTEGER NOT NULL, upstream TEXT NOT NULL,
      used_at INTEGER NOT NULL, state BLOB NOT NULL, body BLOB, body_bytes INTEGER NOT NULL,
      UNIQUE(run, session));
    INSERT INTO sessions_kept(run, session, upstream, used_at, state, body, body_bytes)
      SELECT run, session, upstream, used_at, state, body, body_bytes FROM decisions;
    CREATE TABLE texts(id INTEGER PRIMARY KEY, key INTEGER NOT NULL, bytes BLOB NOT NULL);
    INSERT INTO texts(id, key, bytes)
      SELECT (kept.id << 24) + row_number() OVER (PARTITION BY kept.id), key, bytes
      FROM parts JOIN sessions_kept AS kept USING(run, session);
    DROP TABLE decisions;
    DROP TABLE parts;
    ALTER TABLE sessions_kept RENAME TO decisions;
    CREATE TRIGGER decisions_dropped AFTER DELETE ON decisions BEGIN
      DELETE FROM texts WHERE id BETWEEN old.id << 24 AND (old.id << 24) + 16777215;
    END;
    """

  /// Brings the file to the newest version, each step in a transaction of its own.
  /// - Throws: `foreign` for a database that is not a ledger or comes from a later version.
  static func migrate(
    _ database: Database, steps: [String] = Schema.steps
  ) throws(LedgerError) {
    try check(database, newest: steps.count)
    while true {
      var done = false
      try database.transaction(.migrate) { () throws(LedgerError) in
        // Read inside the transaction: another process may have done the step meanwhile.
        let version = try database.integer("PRAGMA user_version", .migrate) ?? 0
        guard version < steps.count else {
          done = true
          return
        }
        if version == 0 {
          try database.execute("PRAGMA application_id = \(applicationID)", .migrate)
        }
        try database.execute(steps[version], .migrate)
        try database.execute("PRAGMA user_version = \(version + 1)", .migrate)
      }
      if done { return }
    }
  }

  /// Compares the tables with those that the steps make: a damaged name passes SQLite's own check.
  /// - Throws: `damaged` if they differ.
  static func verify(_ database: Database, steps: [String] = Schema.steps) throws(LedgerError) {
    let model = try Database(path: ":memory:", access: .readWrite, busyMillis: 0)
    for step in steps { try model.execute(step, .check) }
    guard try definitions(database) == definitions(model) else {
      throw LedgerError(.check, database.path, .damaged("its tables are not those of a ledger"))
    }
  }

  private static func definitions(_ database: Database) throws(LedgerError) -> [String] {
    let row = try database.prepare(
      "SELECT type || ' ' || name || ' ' || coalesce(sql, '') FROM sqlite_schema ORDER BY 1", .check
    )
    var definitions: [String] = []
    while try row.step() { definitions.append(row.text(0) ?? "") }
    return definitions
  }

  /// - Throws: `foreign` unless the file is empty or a ledger of at most version `newest`.
  static func check(_ database: Database, newest: Int = steps.count) throws(LedgerError) {
    let id = try database.integer("PRAGMA application_id", .open) ?? 0
    let version = try database.integer("PRAGMA user_version", .open) ?? 0
    let objects = try database.integer("SELECT count(*) FROM sqlite_schema", .open) ?? 0
    if version == 0, objects == 0, id == 0 || id == applicationID { return }
    guard id == applicationID, version > 0 else {
      throw LedgerError(.open, database.path, .foreign("it is a database of another program"))
    }
    guard version <= newest else {
      throw LedgerError(
        .open, database.path,
        .foreign("it has format \(version) and this version reads up to \(newest)"))
    }
  }
}
