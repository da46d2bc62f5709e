import Bytes
import Prefix
import Turns

/// What sessions need to go on after a restart, as rows: `decisions` for pinned ones, with text, and
/// `histories` for all others, with digests only. A session is in one of the two. Belongs to one
/// thread.
final class KeptSessions {
  private let database: Database
  private let putDecision: Statement
  private let putState: Statement
  private let putHistory: Statement
  private let dropDecision: Statement
  private let dropHistory: Statement
  /// Digest of the body that stands in the file, by session: one that is unchanged is not written
  /// again at the end of its turn.
  private var bodies: [SessionKey: Digest] = [:]

  init(_ database: Database) throws(LedgerError) {
    self.database = database
    putDecision = try database.prepare(
      """
      INSERT OR REPLACE INTO decisions(run, session, upstream, used_at, state, body)
      VALUES(?,?,?,?,?,?)
      """, .write)
    putState = try database.prepare(
      """
      UPDATE decisions SET upstream = ?, used_at = ?, state = ? WHERE run = ? AND session = ?
      """, .write)
    putHistory = try database.prepare(
      """
      INSERT OR REPLACE INTO histories(run, session, upstream, used_at, state) VALUES(?,?,?,?,?)
      """, .write)
    dropDecision = try database.prepare(
      "DELETE FROM decisions WHERE run = ? AND session = ?", .write)
    dropHistory = try database.prepare(
      "DELETE FROM histories WHERE run = ? AND session = ?", .write)
  }

  /// Writes all of `sessions` or none.
  /// - Parameter run: the present one, for sessions that began in it.
  func write(
    _ sessions: some Sequence<KeptSession>, run: Int64, limits: KeptLimits
  ) throws(LedgerError) {
    var written = bodies
    var hasDropped = false
    try database.transaction(.write) { () throws(LedgerError) in
      for kept in sessions {
        let key = SessionKey(run: kept.run ?? run, session: kept.snapshot.id)
        if kept.text == .none {
          written[key] = nil
          if try writeHistory(kept, key) { hasDropped = true }
        } else {
          try writeDecision(kept, key, &written)
          hasDropped = hasDropped || kept.erases
        }
      }
      if try trim(limits) { hasDropped = true }
    }
    // A body that was trimmed away with its session is written again when that comes back.
    bodies = written.count > 4 * limits.pinnedSessions ? [:] : written
    // The log still holds the text of a session that may not be kept any more. Another process that
    // reads just then keeps it from being emptied; a later checkpoint overwrites it.
    if hasDropped { try? database.execute("PRAGMA wal_checkpoint(TRUNCATE)", .write) }
  }

  /// - Returns: whether the session had text in the file.
  private func writeHistory(_ kept: KeptSession, _ key: SessionKey) throws(LedgerError) -> Bool {
    try drop(dropDecision, key)
    let hadText = database.changes > 0
    putHistory.bind(Int(key.run))
    putHistory.bind(Int(key.session.raw))
    putHistory.bind(kept.upstream)
    putHistory.bind(Int(kept.usedAt))
    putHistory.bind(blob: kept.snapshot.encoded(.none))
    try putHistory.run()
    return hadText
  }

  private func writeDecision(
    _ kept: KeptSession, _ key: SessionKey, _ written: inout [SessionKey: Digest]
  ) throws(LedgerError) {
    // The body stands beside the state, so that what is learnt at the end of a turn does not write
    // it a second time.
    let state = kept.snapshot.encoded(kept.text, withBody: false)
    let body = kept.text == .all ? kept.snapshot.body : nil
    let digest = body.map { Digest(of: $0.bytes) }
    if let digest, written[key] == digest {
      putState.bind(kept.upstream)
      putState.bind(Int(kept.usedAt))
      putState.bind(blob: state)
      putState.bind(Int(key.run))
      putState.bind(Int(key.session.raw))
      try putState.run()
      if database.changes > 0 { return }
    }
    try drop(dropHistory, key)
    putDecision.bind(Int(key.run))
    putDecision.bind(Int(key.session.raw))
    putDecision.bind(kept.upstream)
    putDecision.bind(Int(kept.usedAt))
    putDecision.bind(blob: state)
    try putDecision.run(lastBlob: body?.bytes)
    written[key] = digest
  }

  private func drop(_ statement: Statement, _ key: SessionKey) throws(LedgerError) {
    statement.bind(Int(key.run))
    statement.bind(Int(key.session.raw))
    try statement.run()
  }

  // MARK: Limits

  /// Deletes what is too old, and of the rest the sessions that were used longest ago.
  /// - Returns: whether any of them had text.
  private func trim(_ limits: KeptLimits) throws(LedgerError) -> Bool {
    var hadText = false
    for (table, most) in [("decisions", limits.pinnedSessions), ("histories", limits.sessions)] {
      try database.execute(
        """
        DELETE FROM \(table) WHERE used_at < \(limits.oldest) OR rowid IN (
          SELECT rowid FROM \(table) ORDER BY used_at DESC LIMIT -1 OFFSET \(most))
        """, .trim)
      if table == "decisions", database.changes > 0 { hadText = true }
    }
    let size = "sum(length(state) + coalesce(length(body), 0))"
    try database.execute(
      """
      DELETE FROM decisions WHERE rowid IN (SELECT id FROM (
        SELECT rowid AS id, \(size) OVER (ORDER BY used_at DESC, rowid) AS bytes FROM decisions)
        WHERE bytes > \(limits.pinnedBytes))
      """, .trim)
    return hadText || database.changes > 0
  }

  // MARK: Reading

  /// The newest sessions of each table within the limits, the one used last first. A row that is
  /// damaged is left out.
  static func read(_ database: Database, _ limits: KeptLimits) throws(LedgerError) -> [KeptSession]
  {
    var found: [KeptSession] = []
    var bytes = 0
    let row = try database.prepare(
      """
      SELECT run, upstream, used_at, state, body FROM decisions WHERE used_at >= ?
      ORDER BY used_at DESC LIMIT ?
      """, .read)
    row.bind(Int(limits.oldest))
    row.bind(limits.pinnedSessions)
    while bytes < limits.pinnedBytes, try row.step() {
      bytes += row.byteCount(3) + row.byteCount(4)
      guard var kept = session(row, text: .replacements) else { continue }
      if let body = row.blob(4), let whole = kept.snapshot.with(body: ByteBuffer(copying: body)) {
        kept.snapshot = whole
        kept.text = .all
      }
      found.append(kept)
    }
    let plain = try database.prepare(
      """
      SELECT run, upstream, used_at, state FROM histories WHERE used_at >= ?
      ORDER BY used_at DESC LIMIT ?
      """, .read)
    plain.bind(Int(limits.oldest))
    plain.bind(limits.sessions)
    while try plain.step() {
      if let kept = session(plain, text: .none) { found.append(kept) }
    }
    return found.sorted { $0.usedAt > $1.usedAt }
  }

  private static func session(_ row: Statement, text: SessionSnapshot.Text) -> KeptSession? {
    guard let run = row.integer(0), let upstream = row.text(1), let used = row.integer(2),
      let state = row.blob(3), let snapshot = SessionSnapshot(encoded: state)
    else { return nil }
    return KeptSession(
      snapshot: snapshot, text: text, upstream: upstream, usedAt: Int64(min(max(0, used), 1 << 50)),
      run: Int64(run))
  }
}

/// How much is kept of sessions over a restart.
public struct KeptLimits: Sendable {
  /// Milliseconds since 1970; what was used last before that is gone.
  public var oldest: Int64
  public var pinnedSessions = 256
  /// Bytes of pinned sessions, text included.
  public var pinnedBytes = 64 << 20
  public var sessions = 1024

  /// - Parameter oldest: milliseconds since 1970.
  public init(oldest: Int64) { self.oldest = oldest }
}
