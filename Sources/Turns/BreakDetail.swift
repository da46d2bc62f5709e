/// Before and after of the block at a break, for people. Immutable and shared; secrets are masked
/// before it is made.
public final class BreakDetail: Sendable {
  public struct Hunk: Sendable, Equatable {
    /// Offsets of the first differing byte in the two bodies.
    public var beforeOffset: Int
    public var afterOffset: Int
    /// The differing bytes with a little context on both sides.
    public var before: [UInt8]
    public var after: [UInt8]
    /// Bytes of leading context within `before` and `after`: the difference begins behind them.
    public var context: Int

    public init(
      beforeOffset: Int, afterOffset: Int, before: [UInt8], after: [UInt8], context: Int
    ) {
      self.beforeOffset = beforeOffset
      self.afterOffset = afterOffset
      self.before = before
      self.after = after
      self.context = context
    }
  }

  public let hunks: [Hunk]
  /// How many hunks the comparison found; more than `hunks.count` if the rest was left out.
  public let hunkCount: Int
  public let beforeBlockBytes: Int
  public let afterBlockBytes: Int
  public let previousTurn: Int
  /// The two blocks themselves, as far as they are kept; nil where they are not.
  public let before: BlockText?
  public let after: BlockText?

  public init(
    hunks: [Hunk], hunkCount: Int, beforeBlockBytes: Int, afterBlockBytes: Int, previousTurn: Int,
    before: BlockText? = nil, after: BlockText? = nil
  ) {
    self.hunks = hunks
    self.hunkCount = hunkCount
    self.beforeBlockBytes = beforeBlockBytes
    self.afterBlockBytes = afterBlockBytes
    self.previousTurn = previousTurn
    self.before = before
    self.after = after
  }

  /// Memory that the two blocks take.
  public var textBytes: Int { (before?.bytes.count ?? 0) + (after?.bytes.count ?? 0) }

  /// The same without the two blocks.
  public var withoutTexts: BreakDetail {
    BreakDetail(
      hunks: hunks, hunkCount: hunkCount, beforeBlockBytes: beforeBlockBytes,
      afterBlockBytes: afterBlockBytes, previousTurn: previousTurn)
  }
}
