import Prefix

/// The texts of one session that are in the file.
struct WrittenTexts {
  private struct Text {
    var bytes: Int
    /// The write that needed it last.
    var neededBy: Int
  }

  private var there: [UInt64: Text] = [:]
  private var bytes = 0
  private var write = 0
  private var needed = (count: 0, bytes: 0)
  /// To delete one costs as much as to write it, and while an answer waits: some are left for a
  /// while, and may be needed again.
  private static let mostUnneeded = (count: 32, bytes: 1 << 20)

  /// Those of `parts`, which are now needed, that have to be written; they count as written.
  mutating func missing(_ parts: [KeptApart.Part]) -> [KeptApart.Part] {
    var missing: [KeptApart.Part] = []
    write += 1
    needed = (0, 0)
    for part in parts {
      let known = there.updateValue(Text(bytes: part.count, neededBy: write), forKey: part.key)
      if known == nil {
        missing.append(part)
        bytes += part.count
      }
      if known?.neededBy != write {
        needed.count += 1
        needed.bytes += part.count
      }
    }
    return missing
  }

  /// Those that have to be deleted; they count as deleted.
  mutating func dropped(atOnce: Bool) -> [UInt64] {
    let most = Self.mostUnneeded
    guard
      atOnce || there.count - needed.count >= most.count || bytes - needed.bytes >= most.bytes
    else { return [] }
    let dropped = there.filter { $0.value.neededBy != write }.map(\.key)
    for key in dropped { there[key] = nil }
    bytes = needed.bytes
    return dropped
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
