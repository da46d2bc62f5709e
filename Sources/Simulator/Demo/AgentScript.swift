/// What one scripted change does to a conversation that was sent before.
public enum ScriptedMutation: String, Sendable {
  /// The digits of the billing line in the first system block change.
  case billingLine
  /// The time in the system prompt moves on.
  case clock
  /// The map of the repository is rendered anew.
  case repositoryMap
  case toolsReordered
  /// The keys inside a tool's schema change places.
  case schemaReordered
  /// A reminder leaves the message it was sent in and turns up in the newest one.
  case reminderMoved
  /// An old tool result comes back with line numbers.
  case resultNumbered
  /// Old tool results are replaced by a sentinel.
  case resultsCleared
  /// Arguments of an old tool call are spelled with other white space.
  case argumentsRespelled
  /// White space at the end of an old text is gone.
  case whitespaceTrimmed
  /// The last user message is written anew and its reply forgotten.
  case userEdited
  /// The conversation is replaced by a summary.
  case compaction
}

/// One request of a scripted session.
public struct AgentRequest: Sendable {
  public enum Purpose: String, Sendable {
    /// A turn of the main conversation.
    case turn
    case title
    case subagent
    /// The request that asks for a summary of the conversation.
    case summary
  }

  public var purpose: Purpose
  /// Number of the main turn this belongs to, from 1 in every conversation.
  public var turn: Int
  /// Number of the conversation, from 1.
  public var conversation: Int
  /// What was changed on purpose since the turn before.
  public var mutation: ScriptedMutation?
  public var target: String
  public var fields: [Field]
  public var body: [UInt8]

  public struct Field: Sendable, Equatable {
    public var name: String
    public var value: String
  }
}

/// What an agent understood of an answer.
public struct AgentReply: Sendable, Equatable {
  public struct Call: Sendable, Equatable {
    public var id: String
    public var name: String
    /// JSON as it was received.
    public var arguments: String

    public init(id: String, name: String, arguments: String) {
      self.id = id
      self.name = name
      self.arguments = arguments
    }
  }

  public var text: String
  public var calls: [Call]

  public init(text: String, calls: [Call] = []) {
    self.text = text
    self.calls = calls
  }
}

/// The agents that the demonstration plays.
public enum ScriptedAgent: String, Sendable, CaseIterable {
  case claudeCode = "claude-code"
  case opencode
  case codex
  case aider

  enum Dialect { case chat, messages, responses }

  var dialect: Dialect {
    switch self {
    case .claudeCode: .messages
    case .codex: .responses
    case .opencode, .aider: .chat
    }
  }

  /// What changes at which turn of a conversation.
  var mutations: [Int: ScriptedMutation] {
    switch self {
    case .claudeCode:
      [
        4: .billingLine, 7: .reminderMoved, 11: .resultsCleared, 14: .toolsReordered,
        17: .userEdited, 20: .billingLine, 23: .compaction,
      ]
    case .opencode:
      [
        4: .clock, 6: .resultNumbered, 8: .clock, 11: .schemaReordered, 13: .clock,
        16: .whitespaceTrimmed, 18: .clock, 22: .resultsCleared,
      ]
    case .codex:
      [5: .argumentsRespelled, 9: .toolsReordered, 13: .whitespaceTrimmed, 18: .resultNumbered]
    case .aider:
      [
        3: .repositoryMap, 6: .repositoryMap, 8: .whitespaceTrimmed, 10: .repositoryMap,
        13: .userEdited, 15: .repositoryMap,
      ]
    }
  }

  /// Turns of a conversation before the next one begins.
  var turnsPerConversation: Int {
    switch self {
    case .claudeCode: 27
    case .opencode: 24
    case .codex: 22
    case .aider: 18
    }
  }

  var userAgent: String {
    switch self {
    case .claudeCode: "claude-cli/2.1.101 (external, cli)"
    case .opencode: "opencode/1.4.2 ai-sdk/openai-compatible/1.0.29 runtime/bun/1.3.9"
    case .codex: "codex_cli_rs/0.98.0 (Debian 12.0.0; x86_64) xterm-256color"
    case .aider: "aider/0.86.2 litellm/1.82.0"
    }
  }

  var model: String {
    switch self {
    case .claudeCode: "claude-sonnet-5"
    case .opencode: "qwen3-coder-30b"
    case .codex: "gpt-oss-120b"
    case .aider: "openai/qwen3-coder-30b"
    }
  }
}
