import Bytes

extension Dialect {
  /// The dialect spoken at `path` (without query), or nil if the endpoint is not measured. Only the
  /// end of the path counts, so that base paths and gateway prefixes do not matter.
  public init?(path: String) {
    if path.hasSuffix("/chat/completions") {
      self = .openAIChat
    } else if path.hasSuffix("/responses") {
      self = .openAIResponses
    } else if path.hasSuffix("/v1/messages") {
      self = .anthropicMessages
    } else if path.hasSuffix("/completions") {
      self = .openAICompletions
    } else {
      return nil
    }
  }

  /// What a top-level member of the body is to the prompt.
  enum Member: UInt8 {
    case model, tools, system, messages, knob, stream, previousResponse, conversationKey, metadata
    case ignored
  }

  /// Knobs are the members that change how a prompt is rendered. Sampling settings do not, and a
  /// member that is not known is assumed not to: a false alarm on every turn would be worse than a
  /// miss that the server's own count shows.
  func member(_ key: Slice<UnsafeRawBufferPointer>) -> Member {
    if equal(key, "model") { return .model }
    if equal(key, "stream") { return .stream }
    if equal(key, "tools") { return .tools }
    if equal(key, "prompt_cache_key") { return .conversationKey }
    if equal(key, "tool_choice") || equal(key, "parallel_tool_calls") { return .knob }
    switch self {
    case .openAIChat:
      if equal(key, "messages") { return .messages }
      if equal(key, "functions") { return .tools }
      return isOneOf(
        key, "response_format", "reasoning_effort", "reasoning", "thinking", "enable_thinking",
        "chat_template_kwargs", "chat_template", "documents", "function_call", "verbosity",
        "modalities", "mm_processor_kwargs", "grammar", "json_schema") ? .knob : .ignored
    case .openAIResponses:
      if equal(key, "input") { return .messages }
      if equal(key, "instructions") { return .system }
      if equal(key, "previous_response_id") { return .previousResponse }
      return isOneOf(key, "reasoning", "text", "truncation") ? .knob : .ignored
    case .anthropicMessages:
      if equal(key, "messages") { return .messages }
      if equal(key, "system") { return .system }
      if equal(key, "metadata") { return .metadata }
      return isOneOf(
        key, "thinking", "output_config", "output_format", "mcp_servers", "container",
        "context_management") ? .knob : .ignored
    case .openAICompletions:
      return equal(key, "prompt") ? .messages : .ignored
    }
  }
}

private func isOneOf(_ key: Slice<UnsafeRawBufferPointer>, _ names: StaticString...) -> Bool {
  names.contains { equal(key, $0) }
}
