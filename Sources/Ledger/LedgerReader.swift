public import Prefix
public import Turns
import Upstream

/// Reads a ledger over a read-only connection of its own; a file of an older version is updated first
/// where that is possible. Belongs to one thread; what it returns are values. The counterpart that writes is `LedgerRecorder`, in this process or another.
public final class LedgerReader {
  private let database: Database

  /// Waits up to `busyMillis` where a writer holds the file.
  /// - Throws: also if there is no ledger at `path`.
  public init(path: String, busyMillis: Int32 = 2000) throws(LedgerError) {
    let database = try Database(path: path, access: .readOnly, busyMillis: busyMillis)
    try Schema.check(database)
    let version = try database.integer("PRAGMA user_version", .open) ?? 0
    guard version > 0 else {
      throw LedgerError(.open, path, .unavailable("it is still empty"))
    }
    if version < Schema.steps.count {
      do {
        try LedgerFile(path: path).update(busyMillis: busyMillis)
      } catch {
        // Turns can be read all the same, unless columns are missing that this version asks for.
        guard version >= Schema.turnsAreOf else { throw error }
      }
    }
    self.database = database
  }

  /// Questions fail from the moment on at which `isWanted` says so, also in their middle. It is asked on
  /// the reader's thread.
  public func interrupt(when isWanted: @escaping () -> Bool) { database.interrupt(when: isWanted) }

  /// Sessions with turns that match, the one seen last first.
  public func sessions(
    _ filter: LedgerFilter = LedgerFilter(), limit: Int = 1000
  ) throws(LedgerError) -> [StoredSession] {
    let row = try database.prepare(Self.sessionQuery(filter.condition), .read)
    filter.bind(to: row)
    row.bind(limit)
    var sessions: [StoredSession] = []
    while try row.step() { sessions.append(Self.session(row)) }
    return sessions
  }

  /// Sums over the matching turns of one session; nil if there are none.
  func session(_ key: SessionKey) throws(LedgerError) -> StoredSession? {
    try sessions(LedgerFilter(run: key.run, session: key.session), limit: 1).first
  }

  /// A page of one session's turns, newest first.
  /// - Parameter turn: only turns with a lower number; nil for the newest page.
  public func turns(
    of key: SessionKey, before turn: Int? = nil, limit: Int
  ) throws(LedgerError) -> [StoredTurn] {
    let row = try database.prepare(
      Self.turnQuery("run = ? AND session = ? AND turn < ?") + " ORDER BY turn DESC LIMIT ?", .read)
    row.bind(Int(key.run))
    row.bind(Int(key.session.raw))
    row.bind(turn ?? Int.max)
    row.bind(limit)
    var turns: [StoredTurn] = []
    while try row.step() { turns.append(TurnRow.read(row)) }
    return turns
  }

  /// A page of one session's turns with a higher number than `turn`, oldest first.
  public func turns(
    of key: SessionKey, after turn: Int, limit: Int
  ) throws(LedgerError) -> [StoredTurn] {
    let row = try database.prepare(
      Self.turnQuery("run = ? AND session = ? AND turn > ?") + " ORDER BY turn LIMIT ?", .read)
    row.bind(Int(key.run))
    row.bind(Int(key.session.raw))
    row.bind(turn)
    row.bind(limit)
    var turns: [StoredTurn] = []
    while try row.step() { turns.append(TurnRow.read(row)) }
    return turns
  }

  public func sessionCount() throws(LedgerError) -> Int {
    try database.integer("SELECT count(*) FROM sessions", .read) ?? 0
  }

  /// The run that was last to store a session of this name; nil if none did.
  public func run(of session: SessionID) throws(LedgerError) -> Int64? {
    let row = try database.prepare(
      "SELECT run FROM sessions WHERE session = ? ORDER BY last_seen DESC LIMIT 1", .read)
    row.bind(Int(session.raw))
    return try row.step() ? row.integer(0).map { Int64($0) } : nil
  }

  func turn(_ number: Int, of key: SessionKey) throws(LedgerError) -> StoredTurn? {
    let row = try database.prepare(Self.turnQuery("run = ? AND session = ? AND turn = ?"), .read)
    row.bind(Int(key.run))
    row.bind(Int(key.session.raw))
    row.bind(number)
    return try row.step() ? TurnRow.read(row) : nil
  }

  /// Calls `body` with each matching turn, oldest first, without holding them in memory.
  public func forEachTurn(
    _ filter: LedgerFilter, _ body: (StoredTurn) -> Void
  ) throws(LedgerError) {
    let row = try database.prepare(
      Self.turnQuery(filter.condition) + " ORDER BY started_at, rowid", .read)
    filter.bind(to: row)
    while try row.step() { body(TurnRow.read(row)) }
  }

  /// What sessions need to go on, the one used last first.
  public func keptSessions(_ limits: KeptLimits) throws(LedgerError) -> [KeptSession] {
    try KeptSessions.read(database, limits)
  }

  // MARK: Queries

  private static func turnQuery(_ condition: String) -> String {
    """
    SELECT \(TurnRow.columns), (SELECT workspace FROM sessions
      WHERE sessions.run = turns.run AND sessions.session = turns.session)
    FROM turns WHERE \(condition)
    """
  }

  /// A count as `TurnRow` reads it: what a damaged file holds must not make a sum overflow.
  private static func sum(_ column: String, when condition: String = "1") -> String {
    "coalesce(sum(CASE WHEN \(condition) THEN min(max(\(column), 0), 1099511627776) END), 0)"
  }

  private static func sessionQuery(_ condition: String) -> String {
    let reported = "uncached_tokens IS NOT NULL"
    let written = "reported_prompt_tokens - uncached_tokens - read_tokens"
    let saved = "reprocessed_tokens - reprocessed_forwarded_tokens"
    return """
      SELECT s.run, s.session, s.first_seen, s.last_seen, s.agent, s.model, s.upstream, s.parent,
        s.workspace, s.mode, t.* FROM (
          SELECT run AS r, session AS i, count(*), sum(state = 'failed'), sum(side_call = 1),
            sum(is_mutation = 1), sum(\(reported)), \(sum("uncached_tokens", when: reported)),
            \(sum("min(read_tokens, reported_prompt_tokens)", when: reported)),
            \(sum(written, when: reported)), \(sum("output_tokens")),
            \(sum("computed_again_tokens")), \(sum(saved))
          FROM turns WHERE \(condition) GROUP BY run, session) AS t
        JOIN sessions AS s ON s.run = t.r AND s.session = t.i
      ORDER BY s.last_seen DESC, s.session LIMIT ?
      """
  }

  private static func session(_ row: Statement) -> StoredSession {
    func id(_ column: Int32) -> SessionID? {
      row.integer(column).map { SessionID(raw: UInt32(truncatingIfNeeded: $0)) }
    }
    func count(_ column: Int32) -> Int { min(max(0, row.integer(column) ?? 0), 1 << 50) }
    var session = StoredSession(
      key: SessionKey(run: Int64(row.integer(0) ?? 0), session: id(1) ?? SessionID(raw: 0)),
      firstSeen: Int64(count(2)), lastSeen: Int64(count(3)), agent: row.text(4) ?? "",
      model: row.text(5) ?? "", upstream: row.text(6) ?? "", parent: id(7), workspace: row.text(8),
      mode: PinMode(name: row.text(9) ?? "") ?? .off)
    // 10 and 11 repeat the key.
    session.totals.turns = count(12)
    session.totals.failedTurns = count(13)
    session.totals.sideCalls = count(14)
    session.totals.breaks = count(15)
    session.totals.reportedTurns = count(16)
    session.totals.uncachedTokens = count(17)
    session.totals.readTokens = count(18)
    session.totals.writtenTokens = count(19)
    session.totals.outputTokens = count(20)
    session.totals.computedAgainTokens = count(21)
    session.totals.savedTokens = count(22)
    return session
  }
}
