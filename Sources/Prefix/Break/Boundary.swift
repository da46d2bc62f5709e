import Bytes
public import Prompt

/// Where the new request stops continuing the old one, and how much lies in front of that place.
public struct Boundary: Sendable, Equatable {
  /// Block of the new request; one past the end of its run if old blocks are missing there.
  public let block: Int
  let group: BlockGroup
  /// The old block that stood there; nil if the new one stands where there was none.
  public let oldBlock: Int?
  /// Bytes of the old prompt (all blocks but knobs, in rendering order) in front of the difference.
  public let keptBytes: Int
  /// Offset of the first differing byte in the block and in the body.
  let blockOffset: Int
  let bodyOffset: Int
  /// Blocks of the new request in front of the difference.
  private let kept: [Range<Int>]

  /// nil if everything that was there is still there, in place.
  public init?(_ alignment: Alignment, old: History, new: History, order: RenderingOrder) {
    guard let place = Self.place(alignment, old.index, new.index, order) else { return nil }
    let olds = old.index.segments(order)
    let news = new.index.segments(order)
    block = place.block
    group = Self.group(old.index, new.index, olds[place.segment], place.block)
    oldBlock = place.slot < olds[place.segment].upperBound ? place.slot : nil
    var common = 0
    if let oldBlock, news[place.segment].contains(block), let before = old.bytes(of: oldBlock),
      let after = new.bytes(of: block)
    {
      common = commonPrefixLength(before, after)
    }
    blockOffset = common
    bodyOffset =
      news[place.segment].contains(block)
      ? Int(new.index.blocks[block].offset) + common : new.index.tip ?? 0
    let isKnob = place.segment == 0
    var front = olds[1..<max(1, place.segment)].reduce(0) { $0 + Self.bytes(old.index, $1) }
    if isKnob {
      // A setting may change how everything is rendered; on the Anthropic API it leaves tools and
      // system prompt alone.
      front =
        old.index.dialect == .anthropicMessages
        ? Self.bytes(old.index, old.index.indices(of: .tools))
          + Self.bytes(old.index, old.index.indices(of: .system)) : 0
    } else {
      front += Self.bytes(old.index, olds[place.segment].lowerBound..<place.slot) + common
    }
    keptBytes = front
    kept = news[..<place.segment] + [news[place.segment].lowerBound..<block]
  }

  /// For pointing at a block that is no break.
  init(neutral block: Int, _ alignment: Alignment, old: History, new: History) {
    self.block = block
    group = new.index.blocks[block].group
    oldBlock = alignment.matches[block].old
    var common = 0
    if let oldBlock, let a = old.bytes(of: oldBlock), let b = new.bytes(of: block) {
      common = commonPrefixLength(a, b)
    }
    keptBytes = old.promptBytes
    blockOffset = common
    bodyOffset = Int(new.index.blocks[block].offset) + common
    kept = [0..<new.index.blocks.count]
  }

  /// Whether a block of the new request stands in front of the difference.
  public func keeps(_ block: Int) -> Bool { kept.contains { $0.contains(block) } }

  private struct Place {
    var segment: Int
    var block: Int
    /// The old block's number if it stood there.
    var slot: Int
  }

  private static func place(
    _ alignment: Alignment, _ old: RequestIndex, _ new: RequestIndex, _ order: RenderingOrder
  ) -> Place? {
    let olds = old.segments(order)
    let news = new.segments(order)
    for segment in olds.indices {
      let before = olds[segment]
      let after = news[segment]
      let isMessages = segment == olds.count - 1
      if isMessages && alignment.isChained { continue }
      if segment == 0 {
        if let changed = after.first(where: { !alignment.matches[$0].isUnchanged }) {
          return Place(
            segment: 0, block: changed, slot: alignment.matches[changed].old ?? before.upperBound)
        }
        if before.count != after.count {
          return Place(segment: 0, block: after.upperBound, slot: before.upperBound)
        }
        continue
      }
      for step in 0..<before.count {
        let at = after.lowerBound + step
        guard at < after.upperBound, alignment.matches[at].isUnchanged,
          alignment.matches[at].old == before.lowerBound + step
        else {
          return Place(
            segment: segment, block: min(at, after.upperBound), slot: before.lowerBound + step)
        }
      }
      // More tools or system blocks than before stand in front of the messages.
      if !isMessages, after.count > before.count {
        return Place(
          segment: segment, block: after.lowerBound + before.count, slot: before.upperBound)
      }
    }
    return nil
  }

  /// The group of the place: that of the new block there, or of the old ones if none is left.
  private static func group(
    _ old: RequestIndex, _ new: RequestIndex, _ segment: Range<Int>, _ block: Int
  ) -> BlockGroup {
    if let first = segment.first { return old.blocks[first].group }
    return block < new.blocks.count ? new.blocks[block].group : .messages
  }

  private static func bytes(_ index: RequestIndex, _ range: Range<Int>) -> Int {
    index.blocks[range].reduce(0) { $0 + Int($1.length) }
  }
}
