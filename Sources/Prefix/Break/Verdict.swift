public import Prompt

/// How much a repair would have to assume.
public enum RepairTier: UInt8, Sendable {
  /// Loses nothing: same meaning, the server's own bytes.
  case lossless
  /// The information is kept but moved to the tail.
  case moved
  /// Brings back what the agent dropped.
  case restored
  /// Must not be repaired.
  case never
}

/// Where a request stopped matching the one before it.
public struct Position: Sendable, Equatable {
  public var group: BlockGroup
  public var kind: BlockKind
  /// Index within the group, as the agent numbers it: `messages[3]`.
  public var index: Int
  /// Path inside the body: `messages[3].content[0].text`.
  public var path: String
  /// The innermost member name, `content` in most cases.
  public var field: String
  /// Offset of the first differing byte in the received body.
  public var bodyOffset: Int
  /// The same, from the start of the block.
  public var blockOffset: Int

  public init(
    group: BlockGroup, kind: BlockKind, index: Int, path: String, field: String, bodyOffset: Int,
    blockOffset: Int
  ) {
    self.group = group
    self.kind = kind
    self.index = index
    self.path = path
    self.field = field
    self.bodyOffset = bodyOffset
    self.blockOffset = blockOffset
  }

  /// `msg[3]`, `tools[2]`, `system[0]`, or the name of a setting.
  public var shortPath: String {
    switch group {
    case .knobs: field
    case .tools: "tools[\(index)]"
    case .system: "system[\(index)]"
    case .messages: "msg[\(index)]"
    }
  }
}

/// The one judgement every turn gets.
public struct Verdict: Sendable, Equatable {
  public var cause: Cause
  public var tier: RepairTier
  /// Where it broke; nil if nothing in the request changed.
  public var position: Position?
  /// Short excerpts around the difference, secrets masked.
  public var was: String
  public var now: String
  /// One sentence about this very case; empty if the cause says it all.
  public var detail: String

  public init(
    cause: Cause, tier: RepairTier = .never, position: Position? = nil, was: String = "",
    now: String = "", detail: String = ""
  ) {
    self.cause = cause
    self.tier = tier
    self.position = position
    self.was = was
    self.now = now
    self.detail = detail
  }

  public static let clean = Verdict(cause: .none)
}
