/// What one scripted change does to a conversation that was sent before.
enum ScriptedMutation: String, Sendable {
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
struct AgentRequest: Sendable {
  enum Purpose: String, Sendable {
    /// A turn of the main conversation.
    case turn
    case title
    case subagent
    /// The request that asks for a summary of the conversation.
    case summary
  }

  var purpose: Purpose
  /// Number of the main turn this belongs to, from 1 in every conversation.
  var turn: Int
  /// Number of the conversation, from 1.
  var conversation: Int
  /// What was changed on purpose since the turn before.
  var mutation: ScriptedMutation?
  var target: String
  var fields: [Field]
  var body: [UInt8]

  struct Field: Sendable, Equatable {
    var name: String
    var value: String
  }
}

/// What an agent understood of an answer.
struct AgentReply: Sendable, Equatable {
  struct Call: Sendable, Equatable {
    var id: String
    var name: String
    /// JSON as it was received.
    var arguments: String

    init(id: String, name: String, arguments: String) {
      self.id = id
      self.name = name
      self.arguments = arguments
    }
  }

  var text: String
  var calls: [Call]

  init(text: String, calls: [Call] = []) {
    self.text = text
    self.calls = calls
  }
}

/// The agents that the demonstration plays.
enum ScriptedAgent: String, Sendable, CaseIterable {
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
