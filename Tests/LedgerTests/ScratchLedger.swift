import CSQLite
import Glibc
import Turns
import Upstream

@testable import Ledger
@testable import LedgerTestWriter

/// A directory of its own for one test, removed with everything in it.
final class ScratchLedger {
  let directory: String
  var path: String { directory + "/state/holdfast/ledger.sqlite" }

  init() {
    var template = Array("/tmp/holdfast-ledger-XXXXXX".utf8CString)
    let made = mkdtemp(&template)
    precondition(made != nil, "no temporary directory")
    directory = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  deinit { remove(directory) }

  private func remove(_ path: String) {
    for name in Self.names(path) {
      let child = path + "/" + name
      if unlink(child) != 0 { remove(child) }
    }
    rmdir(path)
  }

  static func names(_ path: String) -> [String] {
    guard let open = opendir(path) else { return [] }
    defer { closedir(open) }
    var names: [String] = []
    while let entry = readdir(open) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  /// Names beside the ledger.
  var names: [String] { Self.names(directory + "/state/holdfast") }

  func store() throws -> LedgerStore {
    try LedgerStore(path: path, now: 1_795_000_000_000, busyMillis: 30_000)
  }

  /// Writes `count` sample turns in batches.
  func fill(_ count: Int, run: Int64 = 1, batch: Int = 50) throws {
    let store = try store()
    for from in stride(from: 1, through: count, by: batch) {
      let turns = (from..<min(from + batch, count + 1)).map {
        StoredTurn(run: run, record: sampleTurn($0))
      }
      try store.write(turns[...])
    }
  }

  func turns(_ filter: LedgerFilter = LedgerFilter()) throws -> [StoredTurn] {
    var turns: [StoredTurn] = []
    try LedgerReader(path: path).forEachTurn(filter) { turns.append($0) }
    return turns
  }

  func bytes(_ suffix: String = "") -> [UInt8] {
    guard let file = fopen(path + suffix, "r") else { return [] }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while case let count = fread(&chunk, 1, chunk.count, file), count > 0 {
      bytes += chunk[..<count]
    }
    return bytes
  }

  func replace(_ suffix: String = "", by bytes: [UInt8]) {
    guard let file = fopen(path + suffix, "w") else { return }
    defer { fclose(file) }
    _ = fwrite(bytes, 1, bytes.count, file)
  }
}

/// Whether a stored turn is the sample of its number in every figure.
func isIntact(_ turn: StoredTurn) -> Bool {
  let record = turn.record
  let sample = sampleTurn(record.turn)
  return record.session == sample.session && record.startedAt == sample.startedAt
    && record.agent == sample.agent && record.model == sample.model
    && record.receivedBytes == sample.receivedBytes && record.usage == sample.usage
    && record.promptTokens == sample.promptTokens && record.state == sample.state
}
