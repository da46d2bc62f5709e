public import Prefix
import Prompt
public import Upstream

/// Names a session across runs: session ids repeat between runs by chance.
public struct SessionKey: Hashable, Sendable {
  /// Drawn at random when a process starts.
  public var run: Int64
  public var session: SessionID

  public init(run: Int64, session: SessionID) {
    self.run = run
    self.session = session
  }
}

/// A finished turn as the ledger keeps it. The record has neither map, detail nor excerpts: prompt
/// text is not stored.
public struct StoredTurn: Sendable {
  public var run: Int64
  public var record: TurnRecord
  public var server: ServerKind
  /// Whether the upstream is a machine of one's own, paid in seconds instead of money.
  public var isLocal: Bool
  public var workspace: String?
  /// Nil if the turn had no prompt map.
  public var sections: PromptSections?

  public init(
    run: Int64, record: TurnRecord, server: ServerKind = .unknown, isLocal: Bool = false,
    workspace: String? = nil, sections: PromptSections? = nil
  ) {
    self.run = run
    self.record = record
    self.server = server
    self.isLocal = isLocal
    self.workspace = workspace
    self.sections = sections
  }

  public var key: SessionKey { SessionKey(run: run, session: record.session) }

  /// What pricing has to know about this turn.
  public var costInput: CostInput { record.costInput(isLocal: isLocal) }
}

/// Bytes of a prompt by section, as the agent sent it.
public struct PromptSections: Sendable, Equatable {
  /// Settings that change how the prompt is rendered; nil where they were not counted.
  public var knobs: Int?
  public var tools = 0
  public var system = 0
  public var messages = 0
  /// Bytes of blocks that the previous request did not have, in any section.
  public var new = 0

  public init(
    knobs: Int? = nil, tools: Int = 0, system: Int = 0, messages: Int = 0, new: Int = 0
  ) {
    self.knobs = knobs
    self.tools = tools
    self.system = system
    self.messages = messages
    self.new = new
  }

  public init(_ map: PromptMap) {
    self.init(knobs: map.knobBytes)
    // Messages of the system that lead the conversation are the system prompt.
    var isLeading = true
    for entry in map.entries where entry.agent != .dropped {
      let length = Int(entry.length)
      if entry.group == .messages, entry.kind != .system { isLeading = false }
      switch entry.group {
      case .knobs: break
      case .tools: tools += length
      case .system: system += length
      case .messages where isLeading: system += length
      case .messages: messages += length
      }
      if entry.agent == .new { new += length }
    }
  }
}

extension TurnRecord {
  /// What pricing has to know about this turn.
  public func costInput(isLocal: Bool) -> CostInput {
    var input = CostInput(model: model, upstream: upstream, isLocal: isLocal, usage: usage)
    input.startedAt = startedAt
    input.savedTokens = savedTokens
    input.receivedBytes = receivedBytes
    input.forwardedBytes = forwardedBytes
    return input
  }
}
