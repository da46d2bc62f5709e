/// Anthropic messages: one object, or events.
///
/// `input_tokens` counts the uncached part only; in a stream the cache figures are in
/// `message_start` and nowhere else.
struct MessagesAnswer: Answer {
  private let head: AnswerHead
  /// Content block that is open, if any, and the index of the next one.
  private var isOpen = false
  private var blocks = 0

  init(head: AnswerHead) {
    self.head = head
  }

  mutating func begin(_ figures: Figures) -> [UInt8] {
    event("message_start") { text in
      text.raw(",\"message\":{")
      writeHead(into: &text)
      text.raw(",\"content\":[]")
      writeEnd(nil, into: &text)
      text.raw(",\"usage\":")
      writeUsage(figures, output: 0, into: &text)
      text.raw("}")
    }
  }

  mutating func add(_ step: Reply.Step, of reply: Reply) -> [UInt8] {
    switch step {
    case .silent: return []
    case .text(let part):
      var bytes: [UInt8] = []
      if !isOpen { bytes += open { $0.raw("{\"type\":\"text\",\"text\":\"\"}") } }
      return bytes
        + delta { text in
          text.raw("{\"type\":\"text_delta\",\"text\":")
          text.quoted(part)
          text.raw("}")
        }
    case .call(let index):
      let call = reply.calls[index]
      return close()
        + open { text in
          text.raw("{\"type\":\"tool_use\",\"id\":\"toolu_")
          text.raw(call.id)
          text.raw("\",\"name\":")
          text.quoted(call.name)
          text.raw(",\"input\":{}}")
        }
    case .arguments(_, let part):
      return delta { text in
        text.raw("{\"type\":\"input_json_delta\",\"partial_json\":")
        text.quoted(part)
        text.raw("}")
      }
    }
  }

  mutating func end(_ reply: Reply, _ figures: Figures) -> [UInt8] {
    close()
      + event("message_delta") { text in
        text.raw(",\"delta\":{\"stop_reason\":")
        text.quoted(Self.stopReason(reply.end))
        text.raw(",\"stop_sequence\":null},\"usage\":{\"output_tokens\":")
        text.integer(figures.outputTokens)
        text.raw("}")
      } + event("message_stop") { _ in }
  }

  func whole(_ reply: Reply, _ figures: Figures) -> [UInt8] {
    var text = JSONText()
    text.raw("{")
    writeHead(into: &text)
    text.raw(",\"content\":[")
    if !reply.text.isEmpty || reply.calls.isEmpty {
      text.raw("{\"type\":\"text\",\"text\":")
      text.quoted(reply.text)
      text.raw("}")
    }
    for (index, call) in reply.calls.enumerated() {
      if index > 0 || !reply.text.isEmpty { text.raw(",") }
      text.raw("{\"type\":\"tool_use\",\"id\":\"toolu_")
      text.raw(call.id)
      text.raw("\",\"name\":")
      text.quoted(call.name)
      text.raw(",\"input\":")
      text.value(call.arguments, .compact)
      text.raw("}")
    }
    text.raw("]")
    writeEnd(reply.end, into: &text)
    text.raw(",\"usage\":")
    writeUsage(figures, output: figures.outputTokens, into: &text)
    text.raw("}")
    return text.bytes
  }

  private static func stopReason(_ end: Reply.End) -> String {
    switch end {
    case .stop: "end_turn"
    case .length: "max_tokens"
    case .toolCalls: "tool_use"
    }
  }

  private func writeHead(into text: inout JSONText) {
    text.raw("\"id\":\"msg_")
    text.raw(head.id)
    text.raw("\",\"type\":\"message\",\"role\":\"assistant\",\"model\":")
    text.quoted(head.model)
  }

  private func writeEnd(_ end: Reply.End?, into text: inout JSONText) {
    text.raw(",\"stop_reason\":")
    if let end { text.quoted(Self.stopReason(end)) } else { text.raw("null") }
    text.raw(",\"stop_sequence\":null")
  }

  private func writeUsage(_ figures: Figures, output: Int, into text: inout JSONText) {
    text.raw("{")
    if head.reportsCache {
      text.raw("\"cache_read_input_tokens\":")
      text.integer(figures.cachedTokens)
      text.raw(",")
    }
    text.raw("\"input_tokens\":")
    text.integer(head.reportsCache ? figures.processedTokens : figures.promptTokens)
    text.raw(",\"output_tokens\":")
    text.integer(output)
    text.raw("}")
  }

  private mutating func open(_ block: (inout JSONText) -> Void) -> [UInt8] {
    isOpen = true
    return event("content_block_start") { text in
      writeIndex(into: &text)
      text.raw(",\"content_block\":")
      block(&text)
    }
  }

  private mutating func close() -> [UInt8] {
    guard isOpen else { return [] }
    let bytes = event("content_block_stop") { writeIndex(into: &$0) }
    isOpen = false
    blocks += 1
    return bytes
  }

  private func delta(_ content: (inout JSONText) -> Void) -> [UInt8] {
    event("content_block_delta") { text in
      writeIndex(into: &text)
      text.raw(",\"delta\":")
      content(&text)
    }
  }

  private func writeIndex(into text: inout JSONText) {
    text.raw(",\"index\":")
    text.integer(blocks)
  }

  private func event(_ name: String, _ content: (inout JSONText) -> Void) -> [UInt8] {
    var text = JSONText()
    text.raw("{\"type\":\"")
    text.raw(name)
    text.raw("\"")
    content(&text)
    text.raw("}")
    return EventFrame.named(name, text)
  }
}
