/// Spells requests as the scripted agents do, field order included.
struct RequestBody {
  var agent: ScriptedAgent
  var model: String
  var system: [String]
  var tools: [ToolOffer]
  var transcript: Transcript
  var maxTokens: Int
  /// The conversation's own id, which agents send along in a field of the body.
  var session: String

  func bytes() -> [UInt8] {
    var text = JSONText()
    switch agent.dialect {
    case .messages: writeMessages(into: &text)
    case .chat: writeChat(into: &text)
    case .responses: writeResponses(into: &text)
    }
    return text.bytes
  }

  private func reminder(at entry: Int) -> String? {
    guard let reminder = transcript.reminder, reminder.entry == entry else { return nil }
    return "<system-reminder>\n\(reminder.text)\n</system-reminder>"
  }

  // MARK: Anthropic messages

  private func writeMessages(into text: inout JSONText) {
    text.raw("{\"model\":")
    text.quoted(model)
    text.raw(",\"messages\":[")
    for index in transcript.entries.indices {
      if index > 0 { text.raw(",") }
      // The marker moves with the newest message.
      writeMessage(index, isMarked: index == transcript.entries.count - 1, into: &text)
    }
    text.raw("],\"system\":[")
    for (index, block) in system.enumerated() {
      text.raw(index > 0 ? ",{" : "{")
      text.raw("\"type\":\"text\",\"text\":")
      text.quoted(block)
      if index == system.count - 1 { text.raw(",\"cache_control\":{\"type\":\"ephemeral\"}") }
      text.raw("}")
    }
    text.raw("]")
    if !tools.isEmpty {
      text.raw(",\"tools\":[")
      for (index, tool) in tools.enumerated() {
        text.raw(index > 0 ? ",{\"name\":" : "{\"name\":")
        text.quoted(tool.name)
        text.raw(",\"description\":")
        text.quoted(tool.description)
        text.raw(",\"input_schema\":")
        text.value(tool.parameters, .compact)
        text.raw("}")
      }
      text.raw("]")
    }
    text.raw(",\"metadata\":{\"user_id\":")
    text.quoted("user_demo_account__session_\(session)")
    text.raw("},\"max_tokens\":")
    text.integer(maxTokens)
    text.raw(",\"stream\":true}")
  }

  private func writeMessage(_ index: Int, isMarked: Bool, into text: inout JSONText) {
    var blocks: [JSONText] = []
    var role: StaticString = "user"
    switch transcript.entries[index] {
    case .user(let texts):
      blocks = texts.map { Self.block("text", "text", $0) }
    case .reply(let reply):
      role = "assistant"
      if !reply.text.isEmpty { blocks.append(Self.block("text", "text", reply.text)) }
      for call in reply.calls {
        var block = JSONText()
        block.raw("{\"type\":\"tool_use\",\"id\":")
        block.quoted(call.id)
        block.raw(",\"name\":")
        block.quoted(call.name)
        block.raw(",\"input\":")
        block.value((try? JSONReader.read(call.arguments)) ?? .object([]), .compact)
        block.raw("}")
        blocks.append(block)
      }
    case .results(let results):
      for result in results {
        var block = JSONText()
        block.raw("{\"type\":\"tool_result\",\"tool_use_id\":")
        block.quoted(result.id)
        block.raw(",\"content\":")
        block.quoted(result.text)
        block.raw("}")
        blocks.append(block)
      }
    }
    if let reminder = reminder(at: index) { blocks.append(Self.block("text", "text", reminder)) }
    text.raw("{\"role\":\"")
    text.raw(role)
    text.raw("\",\"content\":[")
    for (position, block) in blocks.enumerated() {
      if position > 0 { text.raw(",") }
      if isMarked, position == blocks.count - 1 {
        text.raw(block.bytes.dropLast())
        text.raw(",\"cache_control\":{\"type\":\"ephemeral\"}}")
      } else {
        text.raw(block.bytes)
      }
    }
    text.raw("]}")
  }

  private static func block(_ type: StaticString, _ key: StaticString, _ value: String) -> JSONText
  {
    var text = JSONText()
    text.raw("{\"type\":\"")
    text.raw(type)
    text.raw("\",\"")
    text.raw(key)
    text.raw("\":")
    text.quoted(value)
    text.raw("}")
    return text
  }

  // MARK: OpenAI chat completions

  private func writeChat(into text: inout JSONText) {
    text.raw("{\"model\":")
    text.quoted(model)
    if agent == .aider {
      text.raw(",\"temperature\":0")
    } else {
      text.raw(",\"max_tokens\":")
      text.integer(maxTokens)
    }
    text.raw(",\"messages\":[")
    writeChatMessage("system", system.joined(separator: "\n"), isFirst: true, into: &text)
    for index in transcript.entries.indices {
      switch transcript.entries[index] {
      case .user(let texts):
        writeChatMessage("user", texts.joined(separator: "\n"), into: &text)
      case .reply(let reply): writeChatReply(reply, into: &text)
      case .results(let results):
        for result in results {
          text.raw(",{\"role\":\"tool\",\"tool_call_id\":")
          text.quoted(result.id)
          text.raw(",\"content\":")
          text.quoted(result.text)
          text.raw("}")
        }
      }
      if let reminder = reminder(at: index) { writeChatMessage("user", reminder, into: &text) }
    }
    text.raw("]")
    if !tools.isEmpty {
      text.raw(",\"tools\":[")
      for (index, tool) in tools.enumerated() {
        text.raw(index > 0 ? "," : "")
        text.raw("{\"type\":\"function\",\"function\":{\"name\":")
        text.quoted(tool.name)
        text.raw(",\"description\":")
        text.quoted(tool.description)
        text.raw(",\"parameters\":")
        text.value(tool.parameters, .compact)
        text.raw("}}")
      }
      text.raw("],\"tool_choice\":\"auto\"")
    }
    text.raw(",\"stream\":true")
    if agent != .aider { text.raw(",\"stream_options\":{\"include_usage\":true}") }
    text.raw("}")
  }

  private func writeChatMessage(
    _ role: StaticString, _ content: String, isFirst: Bool = false, into text: inout JSONText
  ) {
    text.raw(isFirst ? "{\"role\":\"" : ",{\"role\":\"")
    text.raw(role)
    text.raw("\",\"content\":")
    text.quoted(content)
    text.raw("}")
  }

  private func writeChatReply(_ reply: AgentReply, into text: inout JSONText) {
    text.raw(",{\"role\":\"assistant\",\"content\":")
    text.quoted(reply.text)
    if !reply.calls.isEmpty {
      text.raw(",\"tool_calls\":[")
      for (index, call) in reply.calls.enumerated() {
        text.raw(index > 0 ? ",{\"id\":" : "{\"id\":")
        text.quoted(call.id)
        text.raw(",\"type\":\"function\",\"function\":{\"name\":")
        text.quoted(call.name)
        text.raw(",\"arguments\":")
        text.quoted(call.arguments)
        text.raw("}}")
      }
      text.raw("]")
    }
    text.raw("}")
  }

  // MARK: OpenAI Responses

  private func writeResponses(into text: inout JSONText) {
    text.raw("{\"model\":")
    text.quoted(model)
    text.raw(",\"instructions\":")
    text.quoted(system.joined(separator: "\n"))
    text.raw(",\"input\":[")
    var isFirst = true
    for index in transcript.entries.indices {
      switch transcript.entries[index] {
      case .user(let texts):
        for part in texts {
          writeItem("user", "input_text", part, isFirst: isFirst, into: &text)
          isFirst = false
        }
      case .reply(let reply):
        if !reply.text.isEmpty {
          writeItem("assistant", "output_text", reply.text, isFirst: isFirst, into: &text)
        }
        for call in reply.calls {
          text.raw(",{\"type\":\"function_call\",\"name\":")
          text.quoted(call.name)
          text.raw(",\"arguments\":")
          text.quoted(call.arguments)
          text.raw(",\"call_id\":")
          text.quoted(call.id)
          text.raw("}")
        }
      case .results(let results):
        for result in results {
          text.raw(",{\"type\":\"function_call_output\",\"call_id\":")
          text.quoted(result.id)
          text.raw(",\"output\":")
          text.quoted(result.text)
          text.raw("}")
        }
      }
      if let reminder = reminder(at: index) {
        writeItem("user", "input_text", reminder, isFirst: false, into: &text)
      }
    }
    text.raw("],\"tools\":[")
    for (index, tool) in tools.enumerated() {
      text.raw(index > 0 ? "," : "")
      text.raw("{\"type\":\"function\",\"name\":")
      text.quoted(tool.name)
      text.raw(",\"description\":")
      text.quoted(tool.description)
      text.raw(",\"strict\":false,\"parameters\":")
      text.value(tool.parameters, .compact)
      text.raw("}")
    }
    text.raw("],\"tool_choice\":\"auto\",\"parallel_tool_calls\":false,\"store\":false")
    text.raw(",\"stream\":true,\"include\":[],\"prompt_cache_key\":")
    text.quoted(session)
    text.raw("}")
  }

  private func writeItem(
    _ role: StaticString, _ type: StaticString, _ content: String, isFirst: Bool,
    into text: inout JSONText
  ) {
    text.raw(isFirst ? "{\"type\":\"message\",\"role\":\"" : ",{\"type\":\"message\",\"role\":\"")
    text.raw(role)
    text.raw("\",\"content\":[{\"type\":\"")
    text.raw(type)
    text.raw("\",\"text\":")
    text.quoted(content)
    text.raw("}]}")
  }
}
