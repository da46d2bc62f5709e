import Prompt
import Turns

/// Spreads the blocks of a prompt over the cells of a lane.
///
/// While there are no more blocks than cells each block gets at least one cell and the rest goes by
/// bytes (largest remainder). Otherwise a cell stands for a share of the bytes and shows the worst
/// state of the blocks in it, so that a changed byte is never averaged away.
struct MapCells: Sendable, Equatable {
  /// Blocks that each cell stands for; never empty.
  let blocks: [Range<Int>]

  init(lengths: [Int], cells: Int) {
    guard !lengths.isEmpty, cells > 0 else {
      blocks = []
      return
    }
    blocks =
      lengths.count <= cells
      ? MapCells.spread(lengths, cells) : MapCells.merge(lengths, cells)
  }

  private static func spread(_ lengths: [Int], _ cells: Int) -> [Range<Int>] {
    let total = max(1, lengths.reduce(0, +))
    let spare = cells - lengths.count
    var shares = lengths.map { 1 + spare * $0 / total }
    let missing = cells - shares.reduce(0, +)
    let byRemainder = lengths.indices.sorted {
      let (a, b) = (spare * lengths[$0] % total, spare * lengths[$1] % total)
      return a == b ? $0 < $1 : a > b
    }
    for index in byRemainder.prefix(missing) { shares[index] += 1 }
    return shares.indices.flatMap { Array(repeating: $0..<($0 + 1), count: shares[$0]) }
  }

  private static func merge(_ lengths: [Int], _ cells: Int) -> [Range<Int>] {
    let total = max(1, lengths.reduce(0, +))
    var ranges: [Range<Int>] = []
    ranges.reserveCapacity(cells)
    var block = 0
    var end = lengths[0]
    for cell in 0..<cells {
      // Each cell begins where the one before ended, and every block touches at least one cell.
      let first = block
      let cellEnd = total * (cell + 1) / cells
      let blocksLeft = cell == cells - 1
      while block + 1 < lengths.count, blocksLeft || end < cellEnd {
        block += 1
        end += lengths[block]
      }
      ranges.append(first..<(block + 1))
    }
    return ranges
  }

  /// Cells in which `block` shows.
  func cells(of block: Int) -> Range<Int>? {
    guard let first = blocks.firstIndex(where: { $0.contains(block) }) else { return nil }
    let last = blocks.lastIndex { $0.contains(block) } ?? first
    return first..<(last + 1)
  }
}
