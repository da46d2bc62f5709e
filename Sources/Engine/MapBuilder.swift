import Prefix
import Prompt
import Turns

/// Makes the prompt map of a turn: every block in rendering order, with what became of it.
enum MapBuilder {
  static func map(_ reception: Reception) -> PromptMap {
    let index = reception.history.index
    let knobBytes = index.blocks(of: .knobs).reduce(0) { $0 + Int($1.length) }
    guard let old = reception.previous?.index, let alignment = reception.alignment else {
      return PromptMap(
        entries: index.blocks.indices.map { entry(index, $0, .new) }, knobBytes: knobBytes)
    }
    var entries: [PromptMap.Entry] = []
    entries.reserveCapacity(index.blocks.count + alignment.dropped.count)
    var dropped = alignment.dropped[...]
    for group in BlockGroup.allCases {
      let range = index.indices(of: group)
      for at in range {
        let match = alignment.matches[at]
        // A dropped block is shown where it stood: in front of the blocks behind it that are still there.
        if let before = match.old {
          while let first = dropped.first, first < before {
            entries.append(entry(old, first, .dropped))
            dropped.removeFirst()
          }
        }
        let state = state(reception, match, at)
        if group == .knobs, state == .kept { continue }
        entries.append(entry(index.blocks[at], at - range.lowerBound, state))
      }
    }
    for rest in dropped { entries.append(entry(old, rest, .dropped)) }
    return PromptMap(entries: entries, knobBytes: knobBytes)
  }

  private static func state(_ reception: Reception, _ match: Match, _ at: Int) -> BlockState {
    switch match {
    case .same, .neutral: reception.boundary?.keeps(at) ?? true ? .kept : .lost
    case .changed: .changed
    case .new: .new
    }
  }

  private static func entry(
    _ index: RequestIndex, _ block: Int, _ state: BlockState
  ) -> PromptMap.Entry {
    entry(index.blocks[block], index.indexInGroup(block), state)
  }

  private static func entry(_ block: Block, _ place: Int, _ state: BlockState) -> PromptMap.Entry {
    PromptMap.Entry(
      kind: block.kind, agent: state, forwarded: state, length: block.length, group: block.group,
      index: UInt32(place))
  }
}
