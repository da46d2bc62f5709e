import Prompt

/// Finds blocks of one request by their names and kinds, one after the other.
struct NameSearch {
  private struct Name: Hashable {
    let identity: UInt64
    let kind: BlockKind
  }

  private let index: RequestIndex
  private let range: Range<Int>
  /// Where the blocks of each name stand, the last one first. Made for the first block that has a name.
  private var places: [Name: [Int]]?

  init(_ index: RequestIndex, _ range: Range<Int>) {
    self.index = index
    self.range = range
  }

  /// The first block at `from` or behind that is called as `block`; nil if there is none.
  /// - Parameter from: not in front of where the search before began.
  mutating func first(_ block: Block, from: Int) -> Int? {
    guard block.identity != 0 else { return nil }
    if places == nil { places = Self.places(index, range) }
    let name = Name(identity: block.identity, kind: block.kind)
    while let place = places?[name]?.last {
      if place >= from { return place }
      places?[name]?.removeLast()
    }
    return nil
  }

  private static func places(_ index: RequestIndex, _ range: Range<Int>) -> [Name: [Int]] {
    var places: [Name: [Int]] = [:]
    for at in range.reversed() where index.blocks[at].identity != 0 {
      let block = index.blocks[at]
      places[Name(identity: block.identity, kind: block.kind), default: []].append(at)
    }
    return places
  }
}
