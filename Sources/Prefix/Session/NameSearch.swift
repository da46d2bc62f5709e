import Prompt

/// Finds blocks of one request by their names and kinds, one after the other.
struct NameSearch {
  private struct Name: Hashable {
    let identity: UInt64
    let kind: BlockKind
  }

  private let index: RequestIndex
  private let range: Range<Int>
  /// Made for the first block that has a name.
  private var places: Occurrences<Name>?

  init(_ index: RequestIndex, _ range: Range<Int>) {
    self.index = index
    self.range = range
  }

  /// The first block at `from` or behind that is called as `block`; nil if there is none.
  /// - Parameter from: not in front of where the search before began.
  mutating func first(_ block: Block, from: Int) -> Int? {
    guard block.identity != 0 else { return nil }
    if places == nil {
      let index = index
      places = Occurrences(range) { Self.name(index.blocks[$0]) }
    }
    return Self.name(block).flatMap { places?.first($0, from: from) }
  }

  private static func name(_ block: Block) -> Name? {
    block.identity == 0 ? nil : Name(identity: block.identity, kind: block.kind)
  }
}
