import Bytes
import Prompt

/// Where the new request stops continuing the old one, and how much lies in front of that place.
public struct Boundary: Sendable, Equatable {
  /// Block of the new request, in rendering order; one past the last block if old blocks are missing
  /// at the end.
  public var block: Int
  /// The old block that stood there; nil if the new one stands where there was none.
  public var oldBlock: Int?
  /// Bytes of the old prompt (tools, system, messages in rendering order) in front of the difference.
  public var keptBytes: Int
  /// Offset of the first differing byte in the block and in the body.
  public var blockOffset: Int
  public var bodyOffset: Int

  /// nil if everything that was there is still there.
  public init?(_ alignment: Alignment, old: History, new: History) {
    guard let block = alignment.boundary else { return nil }
    self.block = block
    let group = Self.group(of: block, old.index, new.index)
    let slot =
      old.index.indices(of: group).lowerBound
      + max(0, block - new.index.indices(of: group).lowerBound)
    oldBlock = slot < old.index.indices(of: group).upperBound ? slot : nil
    var common = 0
    if let oldBlock, block < new.index.blocks.count,
      new.index.blocks[block].group == group,
      let before = old.bytes(of: oldBlock), let after = new.bytes(of: block)
    {
      common = commonPrefixLength(before, after)
    }
    blockOffset = common
    if block < new.index.blocks.count {
      bodyOffset = Int(new.index.blocks[block].offset) + common
    } else {
      bodyOffset = new.index.tip ?? 0
    }
    keptBytes = Self.promptBytes(old.index, before: slot) + (group == .knobs ? 0 : common)
  }

  /// The group in which the comparison stopped. A block number behind the last block of a group
  /// belongs to that group if old blocks are missing there.
  static func group(of block: Int, _ old: RequestIndex, _ new: RequestIndex) -> BlockGroup {
    for group in BlockGroup.allCases {
      let news = new.indices(of: group)
      if news.contains(block) { return group }
      if block == news.upperBound, old.indices(of: group).count > news.count { return group }
    }
    return .messages
  }

  /// Bytes of prompt in front of a block. A setting may change how everything is rendered; on the
  /// Anthropic API settings leave tools and system prompt alone.
  static func promptBytes(_ index: RequestIndex, before block: Int) -> Int {
    let first = index.indices(of: .tools).lowerBound
    if block < first {
      guard index.dialect == .anthropicMessages else { return 0 }
      return promptBytes(index, before: index.indices(of: .messages).lowerBound)
    }
    return index.blocks[first..<block].reduce(0) { $0 + Int($1.length) }
  }
}
