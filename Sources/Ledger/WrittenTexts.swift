import Prefix

/// The texts of one session that are in the file.
struct WrittenTexts {
  private struct Place {
    var number: Int
    /// The write that needed it last.
    var neededBy: Int
  }

  /// The id of the session's row.
  let session: Int
  private var places: [UInt64: Place] = [:]
  private var nextNumber = 0
  private var write = 0
  private var needed = 0

  private static let numberBits = 24

  init(session: Int) { self.session = session }

  /// What the ids of a session's texts are, at most.
  static func ids(ofSession session: Int) -> ClosedRange<Int> {
    let first = (session & (1 << (63 - numberBits) - 1)) << numberBits
    return first...(first + (1 << numberBits - 1))
  }

  /// Whether some are there that the last write did not need.
  var hasUnneeded: Bool { places.count > needed }

  /// Whether there are ids for so many more.
  func hasRoom(for count: Int) -> Bool { nextNumber + count <= 1 << Self.numberBits }

  /// The texts of `apart`, which are now needed, that have to be written; they count as written.
  mutating func missing(_ apart: KeptApart) -> [(text: Int, id: Int)] {
    var missing: [(text: Int, id: Int)] = []
    write += 1
    needed = 0
    for at in 0..<apart.textCount where !mark(apart.key(ofText: at)) {
      missing.append((at, id(nextNumber)))
      nextNumber += 1
    }
    return missing
  }

  /// - Returns: whether it is in the file.
  private mutating func mark(_ key: UInt64) -> Bool {
    guard let place = places.index(forKey: key) else {
      places[key] = Place(number: nextNumber, neededBy: write)
      needed += 1
      return false
    }
    if places.values[place].neededBy != write {
      places.values[place].neededBy = write
      needed += 1
    }
    return true
  }

  /// The ids of those that the last write did not need; they count as deleted.
  mutating func takeUnneeded() -> [Int] {
    guard hasUnneeded else { return [] }
    let unneeded = places.filter { $0.value.neededBy != write }
    for key in unneeded.keys { places[key] = nil }
    return unneeded.values.map { id($0.number) }.sorted()
  }

  private func id(_ number: Int) -> Int { Self.ids(ofSession: session).lowerBound + number }
}

/// The names of a body's pieces as they stand in a row: eight bytes each, the lowest first.
enum BodyKeys {
  static func bytes(_ apart: KeptApart) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: apart.bodyCount * 8) { bytes, count in
      count = apart.bodyCount * 8
      for at in 0..<apart.bodyCount {
        UnsafeMutableRawBufferPointer(bytes)
          .storeBytes(of: apart.key(ofText: at).littleEndian, toByteOffset: at * 8, as: UInt64.self)
      }
    }
  }

  static func keys(_ bytes: [UInt8]) -> [UInt64] {
    stride(from: 0, to: bytes.count - bytes.count % 8, by: 8).map { at in
      (0..<8).reduce(0) { $0 | UInt64(bytes[at + $1]) << UInt64($1 * 8) }
    }
  }
}
