import Prefix

/// The texts of one session that are in the file.
struct WrittenTexts {
  /// By key, with the number of the write that needed it last.
  private var there: [UInt64: Int] = [:]
  private var write = 0
  private var needed = 0

  /// Whether some are there that the last write did not need.
  var hasUnneeded: Bool { there.count > needed }

  /// Those of `parts`, which are now needed, that have to be written; they count as written.
  mutating func missing(_ parts: [KeptApart.Part]) -> [KeptApart.Part] {
    var missing: [KeptApart.Part] = []
    write += 1
    needed = 0
    for part in parts {
      let neededBy = there.updateValue(write, forKey: part.key)
      if neededBy == nil { missing.append(part) }
      if neededBy != write { needed += 1 }
    }
    return missing
  }

  /// Those that the last write did not need; they count as deleted.
  mutating func takeUnneeded() -> [UInt64] {
    guard hasUnneeded else { return [] }
    let unneeded = there.filter { $0.value != write }.map(\.key)
    for key in unneeded { there[key] = nil }
    return unneeded
  }
}

/// The names of a body's pieces as they stand in a row: eight bytes each, the lowest first.
enum BodyKeys {
  static func bytes(_ keys: [UInt64]) -> [UInt8] {
    keys.map(\.littleEndian).withUnsafeBytes { Array($0) }
  }

  static func keys(_ bytes: [UInt8]) -> [UInt64] {
    stride(from: 0, to: bytes.count - bytes.count % 8, by: 8).map { at in
      (0..<8).reduce(0) { $0 | UInt64(bytes[at + $1]) << UInt64($1 * 8) }
    }
  }
}
