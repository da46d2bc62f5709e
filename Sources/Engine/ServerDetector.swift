import Bytes
import Upstream
import Wire

/// Recognises the kind of server from what it sends, never from its port.
enum ServerDetector {
  /// The vendors' own addresses.
  static func kind(host: String) -> ServerKind {
    switch host.lowercased() {
    case "api.openai.com": .openAI
    case "api.anthropic.com": .anthropic
    case "api.deepseek.com": .deepSeek
    default: .unknown
    }
  }

  static func kind(_ fields: HeaderFields) -> ServerKind {
    if let server = fields.first("server")?.lowercased() {
      if server.containsText("llama.cpp") { return .llamaCpp }
      if server.containsText("ollama") { return .ollama }
    }
    if fields.contains("anthropic-organization-id")
      || fields.contains("anthropic-ratelimit-requests-limit")
    {
      return .anthropic
    }
    if fields.contains("openai-organization") || fields.contains("openai-version") {
      return .openAI
    }
    return .unknown
  }

  static func kind(_ hints: ServerHints) -> ServerKind {
    if hints.sawTimings { return .llamaCpp }
    if hints.sawDeepSeekUsage { return .deepSeek }
    return .unknown
  }
}
