import Prompt
import Turns

/// The cells of all lanes of one map.
struct Lanes {
  let map: PromptMap
  let isByBytes: Bool
  /// First block shown when each cell is a block.
  let start: Int
  let count: Int
  private let cells: MapCells
  private let glyphs: Glyphs

  init(map: PromptMap, state: DashboardState) {
    self.map = map
    glyphs = state.glyphs
    let width = state.layout.mapCells
    isByBytes = !state.mapByBlock
    if state.mapByBlock {
      count = min(width, map.entries.count)
      start = min(max(0, state.mapCursor - width / 2), max(0, map.entries.count - width))
      cells = MapCells(lengths: [], cells: 0)
    } else {
      count = width
      start = 0
      cells = MapCells(lengths: map.entries.map { Int($0.length) }, cells: width)
    }
  }

  /// A map by bytes, whatever the Session screen shows.
  init(map: PromptMap, glyphs: Glyphs, cells width: Int) {
    self.map = map
    self.glyphs = glyphs
    isByBytes = true
    start = 0
    count = width
    cells = MapCells(lengths: map.entries.map { Int($0.length) }, cells: width)
  }

  private func entries(_ cell: Int) -> ArraySlice<PromptMap.Entry> {
    if isByBytes {
      guard cells.blocks.indices.contains(cell) else { return [] }
      return map.entries[cells.blocks[cell]]
    }
    return map.entries[(start + cell)..<(start + cell + 1)]
  }

  func worst(_ cell: Int, _ lane: KeyPath<PromptMap.Entry, BlockState>) -> BlockState {
    var worst = BlockState.kept
    for entry in entries(cell) { worst = max(worst, entry[keyPath: lane]) }
    return worst
  }

  /// Letter of the block with the worst state, of the longest one among equals.
  func letter(_ cell: Int) -> Character {
    let entry = entries(cell).max {
      ($0.agent.rawValue, $0.length) < ($1.agent.rawValue, $1.length)
    }
    return entry?.kind.letter ?? " "
  }

  func glyph(_ state: BlockState) -> (Character, Role) {
    switch state {
    case .kept: (glyphs.kept, .good)
    case .new: (glyphs.new, .new)
    case .lost: (glyphs.lost, .warn)
    case .dropped: (glyphs.dropped, .dropped)
    case .changed: (glyphs.changed, .bad)
    }
  }

  func firstChanged() -> Int? {
    (0..<count).first { worst($0, \.agent) >= .dropped }
  }

  /// How many cells stand for the leading `share` of the prompt's bytes.
  func cellCount(ofShare share: Double) -> Int {
    let bounded = min(max(share, 0), 1)
    if isByBytes { return Int((bounded * Double(count)).rounded()) }
    let limit = bounded * Double(map.totalLength)
    var sum = 0.0
    var blocks = 0
    for entry in map.entries {
      sum += Double(entry.length)
      if sum > limit + 0.5 { break }
      blocks += 1
    }
    return max(0, blocks - start)
  }

  static func name(_ entry: PromptMap.Entry) -> String {
    switch entry.group {
    case .knobs: "setting"
    case .tools: "tools[\(entry.index)]"
    case .system: "system[\(entry.index)]"
    case .messages: "msg[\(entry.index)]"
    }
  }

  static func word(_ state: BlockState) -> String {
    switch state {
    case .kept: "kept"
    case .new: "new"
    case .lost: "unchanged but lost"
    case .dropped: "dropped"
    case .changed: "changed"
    }
  }
}
