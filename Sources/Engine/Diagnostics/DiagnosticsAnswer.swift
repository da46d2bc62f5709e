import Prompt
import Proxy
import Wire

/// The answer to a `DiagnosticsQuestion` as the API that was called documents it.
struct DiagnosticsAnswer: Equatable {
  enum Finding: Equatable {
    /// There was nothing to compare with, and nobody asked for it.
    case first
    case notFound
    /// - Parameter missedTokens: prompt tokens behind the divergence, estimated.
    case compared(PromptDivergence, missedTokens: Int)
  }

  var dialect: Dialect
  var finding: Finding

  /// Name and value of the member; nil if this API has no form for it.
  var member: String? {
    switch dialect {
    case .anthropicMessages: "\"diagnostics\":" + anthropic
    case .openAIResponses: openAI.map { "\"prompt_cache_diagnostics\":" + $0 }
    case .openAIChat, .openAICompletions: nil
    }
  }

  private var anthropic: String {
    switch finding {
    case .first, .compared(.none, _): "null"
    case .notFound: Self.reason("previous_message_not_found")
    case .compared(.model, let tokens): Self.reason("model_changed", tokens)
    case .compared(.tools, let tokens): Self.reason("tools_changed", tokens)
    case .compared(.system, let tokens): Self.reason("system_changed", tokens)
    case .compared(.messages, let tokens): Self.reason("messages_changed", tokens)
    case .compared(.setting, _), .compared(.unknown, _): Self.reason("unavailable")
    }
  }

  private static func reason(_ type: String, _ tokens: Int? = nil) -> String {
    let count = tokens.map { ",\"cache_missed_input_tokens\":\($0)" } ?? ""
    return "{\"cache_miss_reason\":{\"type\":\"\(type)\"\(count)}}"
  }

  private var openAI: String? {
    switch finding {
    case .first: nil
    case .notFound: "{\"type\":\"comparison_response_not_found\"}"
    case .compared(.none, _): "{\"type\":\"cache_hit\"}"
    case .compared(.model, let tokens): Self.miss("model_changed", tokens)
    case .compared(.tools, let tokens): Self.miss("tools_changed", tokens)
    // Instructions are the front of the input; the API names no reason of their own.
    case .compared(.system, let tokens), .compared(.messages, let tokens):
      Self.miss("input_changed", tokens)
    case .compared(.setting("text.format"), let tokens): Self.miss("text_format_changed", tokens)
    case .compared(.setting("text.verbosity"), let tokens): Self.miss("verbosity_changed", tokens)
    case .compared(.setting("reasoning.effort"), let tokens):
      Self.miss("reasoning_effort_changed", tokens)
    case .compared(.setting, _), .compared(.unknown, _): "{\"type\":\"unavailable\"}"
    }
  }

  private static func miss(_ reason: String, _ tokens: Int) -> String {
    "{\"type\":\"cache_miss\",\"reason\":\"\(reason)\",\"cache_missed_tokens\":\(tokens)}"
  }

  /// What puts the answer into a response; nil for responses that cannot take it.
  func editor(for head: ResponseHead) -> (any ResponseEditor)? {
    guard (200..<300).contains(head.status), let member,
      head.fields.first("content-encoding").map({ $0.lowercased() == "identity" }) ?? true,
      let type = head.fields.first("content-type")?.lowercased()
    else { return nil }
    if type.hasPrefix("application/json") { return JSONMemberInserter(member) }
    guard type.hasPrefix("text/event-stream") else { return nil }
    return dialect == .anthropicMessages
      ? EventMemberInserter(events: ["message_start"], object: "message", member: member)
      : EventMemberInserter(
        events: ["response.completed", "response.incomplete"], object: "response", member: member)
  }
}
