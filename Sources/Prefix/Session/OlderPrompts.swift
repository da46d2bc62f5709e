import Bytes
public import Prompt

/// Earlier prompts of a session that a break has displaced. A server may still hold them (llama.cpp in
/// its prompt cache, others in blocks that nobody claimed yet), so a request that turns back to one
/// of them is reused from there. Only digests are kept.
public struct OlderPrompts: Sendable {
  /// As many variants as agents were seen to alternate between, and some more.
  static let limit = 4

  private struct Entry: Sendable, Equatable {
    var chain: [UInt64]
    var tokens: Int
  }

  private var entries: [Entry] = []

  public init() {}

  /// The prompt was displaced. It takes the place of what it continues.
  public mutating func note(_ index: RequestIndex, _ order: RenderingOrder, tokens: Int) {
    let chain = Self.chain(index, order)
    entries.removeAll { chain.starts(with: $0.chain) }
    entries.append(Entry(chain: chain, tokens: tokens))
    if entries.count > Self.limit { entries.removeFirst() }
  }

  /// Tokens of the longest of these prompts that `index` continues, block by block; nil if none.
  public func longest(continuedBy index: RequestIndex, _ order: RenderingOrder) -> Int? {
    if entries.isEmpty { return nil }
    let chain = Self.chain(index, order)
    return entries.filter { chain.starts(with: $0.chain) }.map(\.tokens).max()
  }

  private static func chain(_ index: RequestIndex, _ order: RenderingOrder) -> [UInt64] {
    index.segments(order).flatMap { segment in index.blocks[segment].map(\.digest.low) }
  }
}
