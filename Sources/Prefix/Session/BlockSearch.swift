import Bytes
import Prompt

/// Finds blocks of one request by their digests, one after the other.
struct BlockSearch {
  private let index: RequestIndex
  private let range: Range<Int>
  /// Where the blocks of each digest stand, the last one first.
  private var table: [UInt64: [Int]]?
  /// Blocks that may still be looked at one by one. Most are found at once, because what follows a
  /// change is what it was; a table of all of them is made where many are missing.
  private var steps: Int

  init(_ index: RequestIndex, _ range: Range<Int>) {
    self.index = index
    self.range = range
    steps = 4 * range.count + 64
  }

  /// The first block with this digest behind the one of number `last`; nil if there is none.
  /// - Parameter last: not in front of that of the search before.
  mutating func first(_ digest: UInt64, behind last: Int) -> Int? {
    if table != nil {
      while let place = table?[digest]?.last {
        if place > last { return place }
        table?[digest]?.removeLast()
      }
      return nil
    }
    let rest = max(range.lowerBound, last + 1)..<max(range.lowerBound, last + 1, range.upperBound)
    let found = index.blocks[rest].firstIndex { $0.digest.low == digest }
    steps -= (found ?? rest.upperBound) - rest.lowerBound
    if steps < 0 {
      var table: [UInt64: [Int]] = [:]
      for at in range.reversed() { table[index.blocks[at].digest.low, default: []].append(at) }
      self.table = table
    }
    return found
  }
}
