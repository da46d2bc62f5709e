public import Prompt

/// What became of one block, against the request before. Ordered by severity: when several blocks
/// share a cell, the highest one is shown.
public enum BlockState: UInt8, Sendable, Comparable, CaseIterable {
  case kept
  /// Not in the previous request.
  case new
  /// Unchanged, but behind a change, so the server computes it again.
  case lost
  /// In the previous request, missing in this one.
  case dropped
  case changed

  public static func < (a: BlockState, b: BlockState) -> Bool { a.rawValue < b.rawValue }
}

/// The blocks of one prompt in rendering order, with what happened to each. Immutable and shared.
public final class PromptMap: Sendable {
  public struct Entry: Sendable, Equatable {
    public var kind: BlockKind
    /// As the agent sent it, and as it was forwarded.
    public var agent: BlockState
    public var forwarded: BlockState
    /// Bytes of the block; for a dropped one, of what was dropped.
    public var length: UInt32
    /// Index within its group, for naming it.
    public var group: BlockGroup
    public var index: UInt32

    public init(
      kind: BlockKind, agent: BlockState, forwarded: BlockState, length: UInt32, group: BlockGroup,
      index: UInt32
    ) {
      self.kind = kind
      self.agent = agent
      self.forwarded = forwarded
      self.length = length
      self.group = group
      self.index = index
    }
  }

  /// All blocks but knobs that were kept: there are many, and they show nothing.
  public let entries: [Entry]
  /// Bytes of all knobs of the request; nil where they were not counted.
  public let knobBytes: Int?

  public init(entries: [Entry], knobBytes: Int? = nil) {
    self.entries = entries
    self.knobBytes = knobBytes
  }

  public var totalLength: Int { entries.reduce(0) { $0 + Int($1.length) } }
}
