import Bytes
public import Prompt
import Upstream

/// A prompt as it is forwarded, for comparing it with what a slot holds of others (`HeldPrompt`).
public struct PromptChain: Sendable {
  /// Names the agent's request, in whatever order it is rendered.
  public let key: UInt64
  /// One for each block in rendering order, as far as blocks are compared.
  public private(set) var hashes: [UInt64] = []
  /// Where each block ends, in bytes of the prompt.
  public private(set) var ends: [Int] = []
  /// Bytes of the prompt, all blocks but knobs.
  public private(set) var promptBytes: Int

  /// - Parameter view: what is forwarded instead of the agent's own bytes; nil for those.
  public init(_ history: History, _ view: ServerView?, _ order: RenderingOrder) {
    let index = history.index
    key = Self.key(index)
    promptBytes = history.inheritedBytes
    var hash: UInt64 = 0
    for segment in index.segments(order).dropFirst() {
      if let view {
        for element in view.elements(index, segment, own: { index.blocks[$0].digest }) {
          append(element.digest.low, element.length, &hash)
        }
      } else {
        for block in index.blocks[segment] {
          append(block.digest.low, Int(block.length), &hash)
        }
      }
    }
  }

  public static func key(_ index: RequestIndex) -> UInt64 {
    index.blocks.reduce(UInt64(index.blocks.count)) { HeldPrompt.join($0, $1.digest.low) }
  }

  /// The number in `index.blocks` of a block that a chain counts; nil if there is no such block.
  public static func block(
    _ number: Int, of index: RequestIndex, _ order: RenderingOrder
  ) -> Int? {
    var rest = number
    for segment in index.segments(order).dropFirst() {
      if rest < segment.count { return segment.lowerBound + rest }
      rest -= segment.count
    }
    return nil
  }

  private mutating func append(_ digest: UInt64, _ length: Int, _ hash: inout UInt64) {
    promptBytes += length
    guard hashes.count < HeldPrompt.maxBlocks else { return }
    hash = HeldPrompt.join(hash, digest)
    hashes.append(hash)
    ends.append(promptBytes)
  }
}
