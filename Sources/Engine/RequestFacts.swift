import Bytes
import Prompt

/// What the engine takes from a request's head. Everything else of the head is left alone.
struct RequestFacts {
  var dialect: Dialect
  /// Keyed hash of the credential, 0 without one.
  var credential: Int
  /// Short name of the agent program; empty if unknown.
  var agent: String
  /// Hash of an explicit session id among the headers; nil without one.
  var hint: UInt64?
  /// Hash of the field that switches beta features of the Messages API on; 0 without one.
  var betaFeatures: UInt64 = 0
  /// Whether the credential is a subscription's, which vendors accept for their own programs only.
  var isSubscription = false
  var connection: UInt64
  var upstream: Int
  var upstreamName: String
  /// Milliseconds since 1970.
  var wallMillis: Int64
  /// Monotonic milliseconds.
  var nowMillis: UInt64
}

/// Names the agent program from its User-Agent.
enum AgentName {
  /// First matching part of the header, in lower case, and what people call that program.
  private static let known: [(part: String, name: String)] = [
    ("claude-cli", "claude-code"), ("claude-code", "claude-code"), ("opencode", "opencode"),
    ("codex", "codex"), ("aider", "aider"), ("cline", "cline"), ("roo-code", "roo"),
    ("kilo-code", "kilo"), ("continue", "continue"), ("openhands", "openhands"),
    ("goose", "goose"), ("crush", "crush"), ("qwen-code", "qwen-code"),
    ("geminicli", "gemini-cli"), ("litellm", "litellm"), ("openai/python", "openai-python"),
    ("asyncopenai/python", "openai-python"), ("anthropic/python", "anthropic-python"),
    ("asyncanthropic/python", "anthropic-python"), ("openai/js", "openai-js"),
    ("anthropic/js", "anthropic-js"),
  ]

  static func from(userAgent: String?) -> String {
    guard let userAgent, !userAgent.isEmpty else { return "" }
    let text = userAgent.lowercased()
    if let entry = known.first(where: { text.containsText($0.part) }) { return entry.name }
    return String(text.prefix { $0 != "/" && $0 != " " }.prefix(24))
  }
}
