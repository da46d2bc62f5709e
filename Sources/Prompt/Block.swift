public import Bytes

/// Which request dialect a body is written in.
public enum Dialect: UInt8, Sendable, CaseIterable {
  case openAIChat
  case openAIResponses
  case anthropicMessages
  /// Legacy `/completions`: one text prompt, measured as a single block.
  case openAICompletions
}

/// The part of a request a block belongs to. The order of the cases is the one in which most
/// servers render them; `RenderingOrder` has the others.
public enum BlockGroup: UInt8, Sendable, CaseIterable, Comparable {
  case knobs, tools, system, messages

  public static func < (a: BlockGroup, b: BlockGroup) -> Bool { a.rawValue < b.rawValue }
}

/// What a block is to a reader.
public enum BlockKind: UInt8, Sendable, CaseIterable {
  case knob, tool, system, user, assistant, toolResult, reasoning, other

  /// One letter for the prompt map: K T S u a r g o.
  public var letter: Character {
    switch self {
    case .knob: "K"
    case .tool: "T"
    case .system: "S"
    case .user: "u"
    case .assistant: "a"
    case .toolResult: "r"
    case .reasoning: "g"
    case .other: "o"
    }
  }

  /// The word shown next to a position: `msg[3] tool_result`.
  public var word: String {
    switch self {
    case .knob: "setting"
    case .tool: "tool"
    case .system: "system"
    case .user: "user"
    case .assistant: "assistant"
    case .toolResult: "tool_result"
    case .reasoning: "reasoning"
    case .other: "item"
    }
  }
}

/// The unit of comparison: one rendering knob, one tool definition, one system block, one message.
public struct Block: Sendable, Equatable {
  public var group: BlockGroup
  public var kind: BlockKind
  /// Where the block's JSON value stands in the body; at most 4 GiB.
  public var offset: UInt32
  public var length: UInt32
  /// Digest of the block's raw bytes.
  public var digest: Digest
  /// Hash of what names the block across re-renderings: a tool's name, the id of the call that a
  /// tool result answers, the knob's key. 0 if it has no name.
  public var identity: UInt64

  init(
    group: BlockGroup, kind: BlockKind, offset: UInt32, length: UInt32, digest: Digest,
    identity: UInt64
  ) {
    self.group = group
    self.kind = kind
    self.offset = offset
    self.length = length
    self.digest = digest
    self.identity = identity
  }

  public var range: Range<Int> { Int(offset)..<(Int(offset) + Int(length)) }
}
