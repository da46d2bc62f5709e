import Bytes
import Prompt

/// Finds blocks of one request by their digests, one after the other.
struct BlockSearch {
  private let index: RequestIndex
  private let range: Range<Int>
  private var table: Occurrences<UInt64>?
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
    if table != nil { return table?.first(digest, from: last + 1) }
    let rest = max(range.lowerBound, last + 1)..<max(range.lowerBound, last + 1, range.upperBound)
    let found = index.blocks[rest].firstIndex { $0.digest.low == digest }
    steps -= (found ?? rest.upperBound) - rest.lowerBound
    if steps < 0 {
      let index = index
      table = Occurrences(range) { index.blocks[$0].digest.low }
    }
    return found
  }
}
