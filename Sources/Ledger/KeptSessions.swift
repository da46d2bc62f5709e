import Bytes
import Prefix
import Turns

/// What sessions need to go on after a restart, as rows: `decisions` and `texts` for pinned ones, and
/// `histories` for all others, with digests only. A session is in one of the two. Belongs to one thread.
final class KeptSessions {
  /// Text that was deleted.
  enum Leftover: Comparable {
    case none
    /// No state needs it any more.
    case unneeded
    /// It may not be kept any more.
    case forbidden
  }

  private let database: Database
  private let putDecision: Statement
  private let changeDecision: Statement
  private let putText: Statement
  private let dropText: Statement
  private let putHistory: Statement
  private let dropDecision: Statement
  private let dropHistory: Statement
  /// The texts that stand in the file, by session: those that are still needed are not written again.
  private var texts: [SessionKey: WrittenTexts] = [:]
  /// What may still stand in the log. Nobody knows what it holds when the file is opened:
  /// whoever deleted text last may not have lived long enough to empty it.
  private(set) var leftover = Leftover.forbidden
  /// Written since the limits were last looked at.
  private var untrimmed = (rows: 0, bytes: 0)
  /// To look at the limits costs as much as many writes. They are exceeded by so much at most.
  private static let slack = (rows: 64, bytes: 4 << 20)

  init(_ database: Database) throws(LedgerError) {
    self.database = database
    putDecision = try database.prepare(
      """
      INSERT INTO decisions(upstream, used_at, state, body, body_bytes, run, session)
      VALUES(?,?,?,?,?,?,?)
      """, .write)
    changeDecision = try database.prepare(
      """
      UPDATE decisions SET upstream = ?, used_at = ?, state = ?, body = ?, body_bytes = ?
      WHERE run = ? AND session = ? AND id = ?
      """, .write)
    putText = try database.prepare("INSERT INTO texts(id, key, bytes) VALUES(?,?,?)", .write)
    dropText = try database.prepare("DELETE FROM texts WHERE id = ?", .write)
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
    let isTrimDue = untrimmed.rows >= Self.slack.rows || untrimmed.bytes >= Self.slack.bytes
    // Changed in place, since a copy costs as much as the write: after a failure nothing is known.
    try forgettingOnFailure { () throws(LedgerError) in
      try database.transaction(.write) { () throws(LedgerError) in
        for kept in sessions {
          untrimmed.rows += 1
          let key = SessionKey(run: kept.run ?? run, session: kept.snapshot.id)
          if kept.text == .none {
            texts[key] = nil
            if try writeHistory(kept, key) || kept.erases { leftover = .forbidden }
          } else {
            try writeDecision(kept, key)
            if kept.erases { leftover = .forbidden }
          }
        }
        if isTrimDue, try trim(limits) { leftover = max(leftover, .unneeded) }
      }
    }
    if isTrimDue { untrimmed = (0, 0) }
    // What was trimmed away with its session is written again when that comes back.
    if texts.count > 4 * limits.pinnedSessions { texts = [:] }
  }

  private func forgettingOnFailure(_ body: () throws(LedgerError) -> Void) throws(LedgerError) {
    do {
      try body()
    } catch {
      texts = [:]
      throw error
    }
  }

  /// Takes text that was dropped out of the log, too. Where another process reads just then it is
  /// still to be done afterwards.
  func eraseDropped() throws(LedgerError) {
    if leftover != .none, try database.emptyLog() { leftover = .none }
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

  private func writeDecision(_ kept: KeptSession, _ key: SessionKey) throws(LedgerError) {
    let apart = kept.snapshot.keptApart(kept.text)
    var texts: WrittenTexts
    if let there = try change(kept, key, apart) {
      texts = there
    } else {
      texts = try put(kept, key, apart)
    }
    for (at, id) in texts.missing(apart) {
      putText.bind(id)
      putText.bind(Int(Int64(bitPattern: apart.key(ofText: at))))
      try apart.withText(at) { bytes in
        untrimmed.bytes += bytes.count
        return Result { () throws(LedgerError) in try putText.run(lastBlob: bytes) }
      }.get()
    }
    if kept.erases || kept.text != .all { try dropUnneeded(&texts) }
    self.texts[key] = texts
  }

  /// Changes the row of a session that has one, and takes its texts out, so that to change them copies
  /// nothing; nil if it has none.
  private func change(
    _ kept: KeptSession, _ key: SessionKey, _ apart: KeptApart
  ) throws(LedgerError) -> WrittenTexts? {
    guard let texts = self.texts.removeValue(forKey: key), texts.hasRoom(for: apart.textCount)
    else { return nil }
    bind(kept, key, apart, to: changeDecision)
    changeDecision.bind(texts.session)
    try changeDecision.run()
    // Another process may have deleted it.
    return database.changes > 0 ? texts : nil
  }

  /// Puts in a row for a session.
  private func put(
    _ kept: KeptSession, _ key: SessionKey, _ apart: KeptApart
  ) throws(LedgerError) -> WrittenTexts {
    try drop(dropHistory, key)
    try drop(dropDecision, key)
    bind(kept, key, apart, to: putDecision)
    try putDecision.run()
    return WrittenTexts(session: database.lastID)
  }

  /// Deletes texts that the newest states do not need any more. To delete one costs as much as to
  /// write it, so that no answer waits for it.
  func dropUnneeded() throws(LedgerError) {
    guard texts.values.contains(where: \.hasUnneeded) else { return }
    try forgettingOnFailure { () throws(LedgerError) in
      try database.transaction(.write) { () throws(LedgerError) in
        for (key, var texts) in texts where texts.hasUnneeded {
          try dropUnneeded(&texts)
          self.texts[key] = texts
        }
      }
    }
  }

  private func dropUnneeded(_ texts: inout WrittenTexts) throws(LedgerError) {
    for id in texts.takeUnneeded() {
      dropText.bind(id)
      try dropText.run()
      leftover = max(leftover, .unneeded)
    }
  }

  private func bind(
    _ kept: KeptSession, _ key: SessionKey, _ apart: KeptApart, to statement: Statement
  ) {
    statement.bind(kept.upstream)
    statement.bind(Int(kept.usedAt))
    statement.bind(blob: apart.state)
    statement.bind(blob: apart.bodyCount == 0 ? nil : BodyKeys.bytes(apart))
    statement.bind(apart.textBytes)
    statement.bind(Int(key.run))
    statement.bind(Int(key.session.raw))
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
    let size = "sum(length(state) + body_bytes)"
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
      SELECT run, upstream, used_at, state, id, body, body_bytes FROM decisions
      WHERE used_at >= ?
      ORDER BY used_at DESC LIMIT ?
      """, .read)
    row.bind(Int(limits.oldest))
    row.bind(limits.pinnedSessions)
    let text = try database.prepare(
      "SELECT key, bytes FROM texts WHERE id BETWEEN ? AND ?", .read)
    while bytes < limits.pinnedBytes, try row.step() {
      bytes += row.byteCount(3) + min(limits.pinnedBytes, max(0, row.integer(6) ?? 0))
      let texts = try texts(row, text, most: limits.pinnedBytes)
      if let kept = session(row, text: texts.body.isEmpty ? .replacements : .all, texts) {
        found.append(kept)
      }
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

  /// The texts of the session in `row`; those that do not fit into `most` bytes are left out.
  private static func texts(
    _ row: Statement, _ text: Statement, most: Int
  ) throws(LedgerError) -> KeptTexts {
    defer { text.reset() }
    let ids = WrittenTexts.ids(ofSession: row.integer(4) ?? 0)
    text.bind(ids.lowerBound)
    text.bind(ids.upperBound)
    var parts: [UInt64: [UInt8]] = [:]
    var left = most
    while try text.step() {
      left -= text.byteCount(1)
      guard left >= 0, let key = text.integer(0), let bytes = text.blob(1) else { break }
      parts[UInt64(bitPattern: Int64(key))] = bytes
    }
    return KeptTexts(
      body: BodyKeys.keys(row.blob(5) ?? []), parts: parts, longestBody: most)
  }

  private static func session(
    _ row: Statement, text: SessionSnapshot.Text, _ texts: KeptTexts = KeptTexts()
  ) -> KeptSession? {
    guard let run = row.integer(0), let upstream = row.text(1), let used = row.integer(2),
      let state = row.blob(3), let snapshot = SessionSnapshot(keptApart: state, texts)
    else { return nil }
    return KeptSession(
      snapshot: snapshot, text: text, upstream: upstream, usedAt: Int64(min(max(0, used), 1 << 50)),
      run: Int64(run))
  }
}

/// How much is kept of sessions over a restart.
public struct KeptLimits: Sendable {
  /// Milliseconds since 1970; what was used last before that is gone.
  var oldest: Int64
  var pinnedSessions = 256
  /// Bytes of pinned sessions, text included.
  var pinnedBytes = 64 << 20
  var sessions = 1024

  /// - Parameter oldest: milliseconds since 1970.
  public init(oldest: Int64) { self.oldest = oldest }
}
