import CSQLite

/// One connection to a SQLite file. Belongs to one thread; everything it hands out does, too.
final class Database {
  enum Access {
    /// The file must exist; its mode and place are the caller's business.
    case readWrite
    case readOnly
  }

  let path: String
  private let handle: OpaquePointer
  private let logPages: UnsafeMutablePointer<Int32>
  /// Prepared when they are first used.
  private var begin: OpaquePointer?
  private var commit: OpaquePointer?
  /// A log of so many pages is merged into the file.
  private static let mostLogPages = 4000
  private let busyMillis: Int32
  private var interruption: Interruption?

  /// Waits up to `busyMillis` where another process holds the file.
  init(path: String, access: Access, busyMillis: Int32) throws(LedgerError) {
    var opened: OpaquePointer?
    let flags =
      (access == .readOnly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE) | SQLITE_OPEN_NOMUTEX
    let result = sqlite3_open_v2(path, &opened, flags, nil)
    guard result == SQLITE_OK, let opened else {
      let error = LedgerError(.open, path, Self.reason(result, opened))
      sqlite3_close_v2(opened)
      throw error
    }
    self.path = path
    self.busyMillis = busyMillis
    handle = opened
    sqlite3_extended_result_codes(opened, 1)
    sqlite3_busy_timeout(opened, busyMillis)
    csqlite_defend(opened)
    logPages = .allocate(capacity: 1)
    logPages.initialize(to: 0)
    csqlite_watch_log(opened, logPages)
  }

  deinit {
    sqlite3_finalize(begin)
    sqlite3_finalize(commit)
    sqlite3_close_v2(handle)
    logPages.deallocate()
  }

  private final class Interruption {
    let isWanted: () -> Bool

    init(_ isWanted: @escaping () -> Bool) { self.isWanted = isWanted }
  }

  /// Some instructions of SQLite's machine take about a millisecond.
  private static let instructionsBetween: Int32 = 10_000

  /// Statements fail from the moment on at which `isWanted` says so; it is asked, on the thread that
  /// carries them out, about every millisecond.
  func interrupt(when isWanted: @escaping () -> Bool) {
    let interruption = Interruption(isWanted)
    sqlite3_progress_handler(
      handle, Self.instructionsBetween,
      { context in
        guard let context else { return 0 }
        return Unmanaged<Interruption>.fromOpaque(context).takeUnretainedValue().isWanted() ? 1 : 0
      }, Unmanaged.passUnretained(interruption).toOpaque())
    self.interruption = interruption
  }

  /// Merges the write-ahead log into the file if it has grown long. No commit does that by itself: it
  /// waits for the disk, and somebody may wait for the commit.
  func checkpointIfLong() throws(LedgerError) {
    guard logPages.pointee >= Self.mostLogPages else { return }
    logPages.pointee = 0
    try execute("PRAGMA wal_checkpoint(PASSIVE)", .write)
  }

  /// Merges the log into the file and empties it, unless another connection is in the middle of
  /// something; does not wait for that.
  /// - Returns: whether nothing is left in it.
  func emptyLog() throws(LedgerError) -> Bool {
    sqlite3_busy_timeout(handle, 0)
    defer { sqlite3_busy_timeout(handle, busyMillis) }
    return try integer("PRAGMA wal_checkpoint(TRUNCATE)", .write) == 0
  }

  func error(_ operation: LedgerError.Operation, _ code: Int32) -> LedgerError {
    LedgerError(operation, path, Self.reason(code, handle))
  }

  private static func reason(_ code: Int32, _ handle: OpaquePointer?) -> LedgerError.Reason {
    let text = String(cString: handle.map { sqlite3_errmsg($0) } ?? sqlite3_errstr(code))
    switch code & 0xFF {
    case SQLITE_CORRUPT, SQLITE_NOTADB: return .damaged(text)
    default: return .unavailable(text)
    }
  }

  /// Closing will leave the write-ahead log as it is.
  func keepLogOnClose() { csqlite_keep_log(handle) }

  /// Runs statements without results.
  func execute(_ sql: String, _ operation: LedgerError.Operation) throws(LedgerError) {
    let result = sqlite3_exec(handle, sql, nil, nil, nil)
    guard result == SQLITE_OK else { throw error(operation, result) }
  }

  func prepare(_ sql: String, _ operation: LedgerError.Operation) throws(LedgerError) -> Statement {
    var statement: OpaquePointer?
    let result = sqlite3_prepare_v3(
      handle, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &statement, nil)
    guard result == SQLITE_OK, let statement else { throw error(operation, result) }
    return Statement(statement, self, operation)
  }

  /// The single integer that `sql` asks for; nil if there is none.
  func integer(_ sql: String, _ operation: LedgerError.Operation) throws(LedgerError) -> Int? {
    let statement = try prepare(sql, operation)
    guard try statement.step() else { return nil }
    return statement.integer(0)
  }

  /// Runs `body` between BEGIN IMMEDIATE and COMMIT; rolls back if it throws or the commit fails.
  func transaction(
    _ operation: LedgerError.Operation, _ body: () throws(LedgerError) -> Void
  ) throws(LedgerError) {
    try run(&begin, "BEGIN IMMEDIATE", operation)
    do {
      try body()
      try run(&commit, "COMMIT", operation)
    } catch {
      // Fails harmlessly where SQLite has rolled back by itself.
      sqlite3_exec(handle, "ROLLBACK", nil, nil, nil)
      throw error
    }
  }

  private func run(
    _ statement: inout OpaquePointer?, _ sql: String, _ operation: LedgerError.Operation
  ) throws(LedgerError) {
    if statement == nil {
      let result = sqlite3_prepare_v3(
        handle, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &statement, nil)
      guard result == SQLITE_OK else { throw error(operation, result) }
    }
    let result = sqlite3_step(statement)
    // The error is told anew by the reset, so its message is still there to be read.
    sqlite3_reset(statement)
    guard result == SQLITE_DONE else { throw error(operation, result) }
  }

  /// The id of the row that was inserted last.
  var lastID: Int { Int(sqlite3_last_insert_rowid(handle)) }

  var changes: Int { Int(sqlite3_changes64(handle)) }
}
