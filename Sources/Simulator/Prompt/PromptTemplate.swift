/// Renders a request into the one text the model continues: ChatML with the tools in front, then
/// the system text, then the conversation, then the opening of the reply.
///
/// What two requests render equal is what counts as the same for the cache. White space and escapes
/// of the body, the order of the fields around a tool's schema, the spelling of tool-call arguments,
/// one text part instead of a string, `developer` instead of `system`, cache markers, the model's
/// name and sampling settings vanish here. The order of keys inside a schema or inside arguments,
/// the order of tools and every byte of text do not.
enum PromptTemplate {
  static func render(_ request: ModelRequest) -> [UInt8] {
    var text = JSONText()
    var turns = request.turns[...]
    let tools = request.offeredTools
    let leads = turns.first?.role == .system
    if !tools.isEmpty || leads {
      text.raw("<|im_start|>system\n")
      if !tools.isEmpty { render(tools, into: &text) }
      if leads, let first = turns.popFirst() {
        if !tools.isEmpty { text.raw("\n\n") }
        text.raw(first.text)
      }
      text.raw("<|im_end|>\n")
    }
    var isInToolResults = false
    for turn in turns {
      if isInToolResults, turn.role != .tool {
        text.raw("<|im_end|>\n")
        isInToolResults = false
      }
      switch turn.role {
      case .system, .user:
        text.raw("<|im_start|>")
        text.raw(turn.role.rawValue)
        text.raw("\n")
        text.raw(turn.text)
        text.raw("<|im_end|>\n")
      case .assistant:
        text.raw("<|im_start|>assistant\n")
        text.raw(reply(text: turn.text, calls: turn.calls))
        text.raw("<|im_end|>\n")
      case .tool:
        if !isInToolResults { text.raw("<|im_start|>user") }
        isInToolResults = true
        text.raw("\n<tool_response>\n")
        text.raw(turn.text)
        text.raw("\n</tool_response>")
      }
    }
    if isInToolResults { text.raw("<|im_end|>\n") }
    text.raw("<|im_start|>assistant\n")
    return text.bytes
  }

  private static func render(_ tools: [ToolOffer], into text: inout JSONText) {
    text.raw("# Tools\n\nYou may call one or more functions. ")
    text.raw("Signatures within <tools></tools> XML tags:\n<tools>")
    for tool in tools {
      text.raw("\n{\"type\": \"function\", \"function\": {\"name\": ")
      text.quoted(tool.name)
      text.raw(", \"description\": ")
      text.quoted(tool.description)
      text.raw(", \"parameters\": ")
      text.value(tool.parameters, .spaced)
      text.raw("}}")
    }
    text.raw("\n</tools>\n\nFor each call return a json object with name and arguments within ")
    text.raw("<tool_call></tool_call> XML tags:\n<tool_call>\n")
    text.raw("{\"name\": <function-name>, \"arguments\": <args-json-object>}\n</tool_call>")
  }

  /// An assistant turn without its frame, as it is rendered back from history.
  static func reply(text: String, calls: [Turn.Call]) -> [UInt8] {
    var reply = JSONText()
    reply.raw(text)
    for (index, call) in calls.enumerated() {
      if index > 0 || !text.isEmpty { reply.raw("\n") }
      reply.raw(opening(of: call.name))
      reply.value(call.arguments, .spaced)
      reply.raw(closing)
    }
    return reply.bytes
  }

  /// What stands before the arguments of a call.
  static func opening(of name: String) -> String {
    "<tool_call>\n{\"name\": \"\(name)\", \"arguments\": "
  }

  /// What stands behind the arguments of a call.
  static let closing = "}\n</tool_call>"
}
