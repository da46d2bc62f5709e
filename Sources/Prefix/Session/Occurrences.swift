/// Where each of some keys stands in a range, searched from its front to its end.
struct Occurrences<Key: Hashable> {
  /// The first place of each key that may still be found.
  private var first: [Key: Int] = [:]
  /// The next place of the same key, for each place of the range; its end if there is none.
  private var next: [Int]
  private let range: Range<Int>

  /// - Parameter key: of a place; nil if it has none.
  init(_ range: Range<Int>, key: (Int) -> Key?) {
    self.range = range
    next = Array(repeating: range.upperBound, count: range.count)
    first.reserveCapacity(range.count)
    for at in range.reversed() {
      guard let key = key(at) else { continue }
      if let behind = first.updateValue(at, forKey: key) { next[at - range.lowerBound] = behind }
    }
  }

  /// The first place of `key` at `from` or behind; nil if there is none.
  /// - Parameter from: not in front of that of the search before.
  mutating func first(_ key: Key, from: Int) -> Int? {
    guard let start = first[key] else { return nil }
    var at = start
    while at < min(from, range.upperBound) { at = next[at - range.lowerBound] }
    if at != start { first[key] = at }
    return at < range.upperBound ? at : nil
  }
}
