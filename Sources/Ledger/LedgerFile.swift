import CSystem
import Glibc

/// The ledger's place in the file system: made, locked, checked, and set aside when it is damaged.
///
/// Everybody who writes holds a shared lock on `NAME.lock`; setting aside takes it exclusively, and so
/// does bringing an older file up to date.
/// Renaming a database under somebody who has it open would let two databases share one write-ahead
/// log by name.
struct LedgerFile {
  let path: String
  private var lockPath: String { path + ".lock" }

  /// Opens the ledger for writing, made and migrated as needed.
  /// - Parameter now: milliseconds since 1970, for the name of a file that is set aside.
  /// - Returns: the connection, the lock that must live as long, and the new name of a damaged file.
  func open(
    now: Int64, busyMillis: Int32
  ) throws(LedgerError) -> (database: Database, lock: FileLock, setAside: String?) {
    try makeDirectory()
    let lock = try FileLock(lockPath, busyMillis: max(busyMillis, Self.lockMillis))
    do {
      return (try openChecked(lock, busyMillis), lock, nil)
    } catch {
      guard error.isDamage else { throw error }
      guard lock.makeExclusive() else {
        throw LedgerError(
          .setAside, path, .unavailable("\(error); another holdfast has it open"))
      }
      defer { lock.makeShared() }
      // Alone now: somebody else may have put a new file in its place meanwhile.
      if let database = try openUnlessDamaged(lock, busyMillis) { return (database, lock, nil) }
      let name = try setAside(now: now)
      return (try openChecked(lock, busyMillis), lock, name)
    }
  }

  /// To set a file aside or to bring it up to date may take somebody else seconds.
  private static let lockMillis: Int32 = 5_000

  /// Brings a file of an earlier version up to date for a reader.
  func update(busyMillis: Int32) throws(LedgerError) {
    let lock = try FileLock(lockPath, busyMillis: busyMillis)
    let database = try Database(path: path, access: .readWrite, busyMillis: busyMillis)
    // A step may delete text.
    try database.execute("PRAGMA secure_delete = ON", .migrate)
    try alone(database, lock) { () throws(LedgerError) in
      try Schema.migrate(database)
      _ = try database.emptyLog()
    }
  }

  /// Runs `body`, and where that will change the format, while nobody else has the file open. A process
  /// of an earlier version could not write to it any more, and what it had to erase would stay.
  private func alone(
    _ database: Database, _ lock: FileLock, _ body: () throws(LedgerError) -> Void
  ) throws(LedgerError) {
    func isOld() throws(LedgerError) -> Bool {
      let version = try database.integer("PRAGMA user_version", .migrate) ?? 0
      return version > 0 && version < Schema.steps.count
    }
    let wasAlone = lock.isExclusive
    // Somebody else may have done it while the lock was asked for.
    if try isOld(), !lock.makeExclusive(), try isOld() {
      let reason = "it has an older format and another holdfast has it open; end that one first"
      throw LedgerError(.migrate, path, .unavailable(reason))
    }
    defer { if !wasAlone { lock.makeShared() } }
    try body()
  }

  private func openUnlessDamaged(
    _ lock: FileLock, _ busyMillis: Int32
  ) throws(LedgerError) -> Database? {
    do {
      return try openChecked(lock, busyMillis)
    } catch {
      guard error.isDamage else { throw error }
      return nil
    }
  }

  private func openChecked(
    _ lock: FileLock, _ busyMillis: Int32
  ) throws(LedgerError) -> Database {
    try makeFile()
    let database = try Database(path: path, access: .readWrite, busyMillis: busyMillis)
    do {
      try Schema.check(database)
      // Before the first table, else it has no effect.
      try database.execute("PRAGMA auto_vacuum = INCREMENTAL", .open)
      try database.execute(
        """
        PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cell_size_check = ON;
        PRAGMA journal_size_limit = 33554432; PRAGMA secure_delete = ON
        """, .open)
      try alone(database, lock) { () throws(LedgerError) in
        try checkIntegrity(database)
        try Schema.migrate(database)
      }
      try Schema.verify(database)
    } catch {
      if error.isDamage { database.keepLogOnClose() }
      throw error
    }
    return database
  }

  /// The whole check looks up every row in every index, which takes seconds for a large file; what
  /// the quick one misses is met when it is read.
  private static let largestWholeCheck = 64 << 20

  private func checkIntegrity(_ database: Database) throws(LedgerError) {
    let pages = try database.integer("PRAGMA page_count", .check) ?? 0
    let size = pages * (try database.integer("PRAGMA page_size", .check) ?? 0)
    let name = size <= Self.largestWholeCheck ? "integrity_check" : "quick_check"
    let check = try database.prepare("PRAGMA \(name)(1)", .check)
    guard try check.step(), let answer = check.text(0), answer != "ok" else { return }
    let line = answer.split(separator: "\n").last.map(String.init) ?? answer
    throw LedgerError(.check, path, .damaged(line))
  }

  func makeDirectory() throws(LedgerError) {
    guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { return }
    var made = ""
    for part in path[..<slash].split(separator: "/", omittingEmptySubsequences: false) {
      made += part
      if !made.isEmpty, mkdir(made, 0o700) != 0, errno != EEXIST {
        let code = errno
        // A directory above may refuse what exists anyhow.
        if access(made, F_OK) != 0 { throw unavailable(.create, code) }
      }
      made += "/"
    }
  }

  private func makeFile() throws(LedgerError) {
    let descriptor = csystem_open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_EXCL, 0o600)
    if descriptor >= 0 {
      close(descriptor)
      return
    }
    guard errno == EEXIST else { throw unavailable(.create, errno) }
    var facts = stat()
    guard stat(path, &facts) == 0 else { throw unavailable(.open, errno) }
    // A file that was copied here may be readable by others; text of prompts may go into it.
    if facts.st_uid == geteuid(), facts.st_mode & 0o077 != 0 {
      for file in [path, path + "-wal", path + "-shm"] { chmod(file, 0o600) }
    }
    // SQLite would take what is shorter than a header for an empty file, and write over it.
    if facts.st_size > 0, facts.st_size < 100 {
      throw LedgerError(.check, path, .damaged("it is only \(facts.st_size) bytes long"))
    }
  }

  /// Renames the file and its companions, so that nothing of it is lost.
  private func setAside(now: Int64) throws(LedgerError) -> String {
    var target = "\(path).bad-\(now / 1000)"
    var attempt = 1
    while access(target, F_OK) == 0 {
      attempt += 1
      target = "\(path).bad-\(now / 1000)-\(attempt)"
    }
    for suffix in ["-wal", "-shm", ""] where access(path + suffix, F_OK) == 0 {
      guard rename(path + suffix, target + suffix) == 0 else {
        throw unavailable(.setAside, errno)
      }
    }
    return target
  }

  private func unavailable(_ operation: LedgerError.Operation, _ code: Int32) -> LedgerError {
    LedgerError(operation, path, .unavailable(String(cString: strerror(code))))
  }
}

/// An advisory lock on a file of its own, held until this goes away.
final class FileLock {
  private let descriptor: Int32
  private(set) var isExclusive = false
  private static let pauseMillis = 20

  /// Takes the lock shared. Somebody may have it exclusively while a damaged file is set aside or an
  /// older one brought up to date; waits for that up to `busyMillis`.
  init(_ path: String, busyMillis: Int32) throws(LedgerError) {
    descriptor = csystem_open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
      throw LedgerError(.open, path, .unavailable(String(cString: strerror(errno))))
    }
    let tries = max(1, Int(busyMillis) / Self.pauseMillis)
    for attempt in 1...tries {
      if flock(descriptor, LOCK_SH | LOCK_NB) == 0 { return }
      if attempt < tries { usleep(UInt32(Self.pauseMillis) * 1000) }
    }
    let reason =
      errno == EWOULDBLOCK ? "another holdfast holds it for long" : String(cString: strerror(errno))
    throw LedgerError(.open, path, .unavailable(reason))
  }

  deinit { close(descriptor) }

  /// - Returns: whether nobody else holds it; it is shared again otherwise.
  func makeExclusive() -> Bool {
    if isExclusive { return true }
    isExclusive = flock(descriptor, LOCK_EX | LOCK_NB) == 0
    // The attempt lets go of what was held.
    if !isExclusive { makeShared() }
    return isExclusive
  }

  /// Somebody else who has it exclusively meanwhile is not waited for: the lock then guards less, for as
  /// long as it is held.
  func makeShared() {
    _ = flock(descriptor, LOCK_SH | LOCK_NB)
    isExclusive = false
  }
}
