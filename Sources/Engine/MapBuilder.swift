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
    for at in index.blocks.indices {
      // A dropped block is shown where it stood: in front of what used to follow it.
      if let before = alignment.matches[at].old {
        while let first = dropped.first, first < before {
          entries.append(entry(old, first, .dropped))
          dropped.removeFirst()
        }
      }
      entries.append(entry(index, at, state(reception, alignment, at)))
    }
    for rest in dropped { entries.append(entry(old, rest, .dropped)) }
    return PromptMap(
      entries: entries.filter { $0.kind != .knob || $0.agent != .kept }, knobBytes: knobBytes)
  }

  private static func state(
    _ reception: Reception, _ alignment: Alignment, _ at: Int
  ) -> BlockState {
    switch alignment.matches[at] {
    case .same, .neutral: reception.boundary?.keeps(at) ?? true ? .kept : .lost
    case .changed: .changed
    case .new: .new
    }
  }

  private static func entry(
    _ index: RequestIndex, _ block: Int, _ state: BlockState
  ) -> PromptMap.Entry {
    PromptMap.Entry(
      kind: index.blocks[block].kind, agent: state, forwarded: state,
      length: index.blocks[block].length, group: index.blocks[block].group,
      index: UInt32(index.indexInGroup(block)))
  }
}
