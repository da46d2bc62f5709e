import CSQLite

/// A prepared statement. Bound and read in the order of its columns.
final class Statement {
  private let handle: OpaquePointer
  private let database: Database
  private let operation: LedgerError.Operation
  private var bound: Int32 = 0

  init(_ handle: OpaquePointer, _ database: Database, _ operation: LedgerError.Operation) {
    self.handle = handle
    self.database = database
    self.operation = operation
  }

  deinit { sqlite3_finalize(handle) }

  // MARK: Binding, one parameter after the other

  func bind(_ value: Int?) {
    bound += 1
    if let value {
      sqlite3_bind_int64(handle, bound, Int64(value))
    } else {
      sqlite3_bind_null(handle, bound)
    }
  }

  func bind(_ value: Double?) {
    bound += 1
    if let value, value.isFinite {
      sqlite3_bind_double(handle, bound, value)
    } else {
      sqlite3_bind_null(handle, bound)
    }
  }

  func bind(_ value: Bool) { bind(value ? 1 : 0) }

  func bind(_ value: String?) {
    bound += 1
    guard var value else {
      sqlite3_bind_null(handle, bound)
      return
    }
    let count = value.utf8.count
    value.withUTF8 { bytes in
      _ = bytes.withMemoryRebound(to: CChar.self) { text in
        // No pointer would mean NULL; an empty text is not unknown.
        if let start = text.baseAddress {
          csqlite_bind_text(handle, bound, start, Int32(clamping: count))
        } else {
          csqlite_bind_text(handle, bound, "", 0)
        }
      }
    }
  }

  func bind(blob value: [UInt8]?) {
    bound += 1
    guard let value else {
      sqlite3_bind_null(handle, bound)
      return
    }
    value.withUnsafeBytes { _ = csqlite_bind_blob(handle, bound, $0.baseAddress, $0.count) }
  }

  // MARK: Running

  /// - Returns: whether there is a row.
  func step() throws(LedgerError) -> Bool {
    switch sqlite3_step(handle) {
    case SQLITE_ROW: return true
    case SQLITE_DONE: return false
    case let code: throw database.error(operation, code)
    }
  }

  /// Runs a statement without results and makes it ready for the next binding, even if it fails.
  func run() throws(LedgerError) {
    defer { reset() }
    _ = try step()
  }

  /// The same with one more parameter that is not copied; nil is NULL.
  func run(lastBlob value: UnsafeRawBufferPointer?) throws(LedgerError) {
    defer { reset() }
    if let value {
      csqlite_bind_blob_in_place(handle, bound + 1, value.baseAddress, value.count)
    } else {
      sqlite3_bind_null(handle, bound + 1)
    }
    _ = try step()
  }

  func reset() {
    sqlite3_reset(handle)
    sqlite3_clear_bindings(handle)
    bound = 0
  }

  // MARK: Columns of the row, from 0

  func integer(_ column: Int32) -> Int? {
    guard sqlite3_column_type(handle, column) != SQLITE_NULL else { return nil }
    return Int(sqlite3_column_int64(handle, column))
  }

  func double(_ column: Int32) -> Double? {
    guard sqlite3_column_type(handle, column) != SQLITE_NULL else { return nil }
    return sqlite3_column_double(handle, column)
  }

  func byteCount(_ column: Int32) -> Int { Int(sqlite3_column_bytes(handle, column)) }

  /// nil if it is NULL.
  func blob(_ column: Int32) -> [UInt8]? {
    guard sqlite3_column_type(handle, column) != SQLITE_NULL else { return nil }
    // The pointer first: asking for the size of something else would convert it.
    let start = sqlite3_column_blob(handle, column)
    return Array(UnsafeRawBufferPointer(start: start, count: start == nil ? 0 : byteCount(column)))
  }

  func text(_ column: Int32) -> String? {
    guard let start = sqlite3_column_text(handle, column) else { return nil }
    let count = Int(sqlite3_column_bytes(handle, column))
    return String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
  }
}
