/// OpenAI Responses: one object, or events.
///
/// The usage with the cached count is in the response object; in a stream that is
/// `response.completed`, where llama.cpp puts its timings beside the object. The fields that
/// llama.cpp leaves out and the official SDK's stream helper needs (`sequence_number`,
/// `output_index`, `content_index`, the settings of the response) are here.
struct ResponsesAnswer: Answer {
  private let head: AnswerHead
  private var sequence = 0
  /// Output items that are finished; the open one has this index.
  private var items = 0
  private var isTextOpen = false
  private var openCall: Int?

  init(head: AnswerHead) {
    self.head = head
  }

  /// The id by which a later request names this answer.
  var responseID: String { "resp_" + head.id }

  mutating func begin(_ figures: Figures) -> [UInt8] {
    var bytes: [UInt8] = []
    for name in ["response.created", "response.in_progress"] {
      bytes += event(name) { [self] text in
        text.raw(",\"response\":")
        writeResponse(nil, figures: nil, into: &text)
      }
    }
    return bytes
  }

  mutating func add(_ step: Reply.Step, of reply: Reply) -> [UInt8] {
    switch step {
    case .silent: return []
    case .text(let part):
      var bytes: [UInt8] = []
      if !isTextOpen {
        isTextOpen = true
        bytes += itemEvent("response.output_item.added") { [self] text in
          writeMessage(nil, into: &text)
        }
        bytes += partEvent("response.content_part.added") { text in
          text.raw(",\"part\":")
          Self.writePart("", into: &text)
        }
      }
      return bytes
        + partEvent("response.output_text.delta") { text in
          text.raw(",\"delta\":")
          text.quoted(part)
          text.raw(",\"logprobs\":[]")
        }
    case .call(let index):
      let bytes = closeItem(reply)
      openCall = index
      return bytes
        + itemEvent("response.output_item.added") { [self] text in
          writeCall(reply.calls[index], arguments: "", status: "in_progress", into: &text)
        }
    case .arguments(let index, let part):
      return callEvent("response.function_call_arguments.delta", reply.calls[index]) { text in
        text.raw(",\"delta\":")
        text.quoted(part)
      }
    }
  }

  mutating func end(_ reply: Reply, _ figures: Figures) -> [UInt8] {
    var bytes = closeItem(reply)
    bytes += event("response.completed") { [self] text in
      text.raw(",\"response\":")
      writeResponse(reply, figures: figures, into: &text)
      if head.reportsTimings {
        text.raw(",\"timings\":")
        figures.writeTimings(into: &text)
      }
    }
    return bytes
  }

  func whole(_ reply: Reply, _ figures: Figures) -> [UInt8] {
    var text = JSONText()
    writeResponse(reply, figures: figures, into: &text)
    return text.bytes
  }

  /// Ends the output item that is open, if any.
  private mutating func closeItem(_ reply: Reply) -> [UInt8] {
    var bytes: [UInt8] = []
    if isTextOpen {
      bytes += partEvent("response.output_text.done") { text in
        text.raw(",\"text\":")
        text.quoted(reply.text)
        text.raw(",\"logprobs\":[]")
      }
      bytes += partEvent("response.content_part.done") { text in
        text.raw(",\"part\":")
        Self.writePart(reply.text, into: &text)
      }
      bytes += itemEvent("response.output_item.done") { [self] text in
        writeMessage(reply.text, into: &text)
      }
      isTextOpen = false
      items += 1
    } else if let index = openCall {
      let call = reply.calls[index]
      bytes += callEvent("response.function_call_arguments.done", call) { text in
        text.raw(",\"name\":")
        text.quoted(call.name)
        text.raw(",\"arguments\":")
        text.quoted(call.spelled)
      }
      bytes += itemEvent("response.output_item.done") { [self] text in
        writeCall(call, arguments: call.spelled, status: "completed", into: &text)
      }
      openCall = nil
      items += 1
    }
    return bytes
  }

  private mutating func event(
    _ name: String, _ content: (inout JSONText) -> Void
  ) -> [UInt8] {
    var text = JSONText()
    text.raw("{\"type\":\"")
    text.raw(name)
    text.raw("\",\"sequence_number\":")
    text.integer(sequence)
    content(&text)
    text.raw("}")
    sequence += 1
    return EventFrame.named(name, text)
  }

  private mutating func itemEvent(
    _ name: String, _ item: (inout JSONText) -> Void
  ) -> [UInt8] {
    event(name) { [items] text in
      text.raw(",\"output_index\":")
      text.integer(items)
      text.raw(",\"item\":")
      item(&text)
    }
  }

  private mutating func partEvent(
    _ name: String, _ content: (inout JSONText) -> Void
  ) -> [UInt8] {
    event(name) { [items, head] text in
      text.raw(",\"item_id\":\"msg_")
      text.raw(head.id)
      text.raw("\",\"output_index\":")
      text.integer(items)
      text.raw(",\"content_index\":0")
      content(&text)
    }
  }

  private mutating func callEvent(
    _ name: String, _ call: Reply.Call, _ content: (inout JSONText) -> Void
  ) -> [UInt8] {
    event(name) { [items] text in
      text.raw(",\"item_id\":\"fc_")
      text.raw(call.id)
      text.raw("\",\"output_index\":")
      text.integer(items)
      content(&text)
    }
  }

  private static func writePart(_ content: String, into text: inout JSONText) {
    text.raw("{\"type\":\"output_text\",\"annotations\":[],\"logprobs\":[],\"text\":")
    text.quoted(content)
    text.raw("}")
  }

  /// The message item; nil while its text is still coming.
  private func writeMessage(_ content: String?, into text: inout JSONText) {
    text.raw("{\"type\":\"message\",\"status\":\"")
    text.raw(content == nil ? "in_progress" : "completed")
    text.raw("\",\"id\":\"msg_")
    text.raw(head.id)
    text.raw("\",\"content\":[")
    if let content { Self.writePart(content, into: &text) }
    text.raw("],\"role\":\"assistant\"}")
  }

  private func writeCall(
    _ call: Reply.Call, arguments: String, status: StaticString, into text: inout JSONText
  ) {
    text.raw("{\"id\":\"fc_")
    text.raw(call.id)
    text.raw("\",\"type\":\"function_call\",\"status\":\"")
    text.raw(status)
    text.raw("\",\"arguments\":")
    text.quoted(arguments)
    text.raw(",\"call_id\":\"call_")
    text.raw(call.id)
    text.raw("\",\"name\":")
    text.quoted(call.name)
    text.raw("}")
  }

  /// The response object; nil while it is in progress.
  private func writeResponse(_ reply: Reply?, figures: Figures?, into text: inout JSONText) {
    text.raw("{\"id\":\"")
    text.raw(responseID)
    text.raw("\",\"object\":\"response\",\"created_at\":")
    text.integer(head.created)
    if reply == nil {
      text.raw(",\"status\":\"in_progress\"")
    } else {
      // Also for a reply that was cut at its limit: the real server says nothing else.
      text.raw(",\"status\":\"completed\",\"completed_at\":")
      text.integer(head.created)
    }
    text.raw(",\"model\":")
    text.quoted(head.model)
    text.raw(
      ",\"error\":null,\"incomplete_details\":null,\"instructions\":null,\"metadata\":{},\"tools\":[]"
    )
    text.raw(",\"tool_choice\":\"auto\",\"parallel_tool_calls\":true,\"output\":[")
    if let reply {
      var needsComma = false
      if !reply.text.isEmpty || reply.calls.isEmpty {
        writeMessage(reply.text, into: &text)
        needsComma = true
      }
      for call in reply.calls {
        if needsComma { text.raw(",") }
        needsComma = true
        writeCall(call, arguments: call.spelled, status: "completed", into: &text)
      }
    }
    text.raw("]")
    if let figures {
      text.raw(",\"usage\":{\"input_tokens\":")
      text.integer(figures.promptTokens)
      text.raw(",\"output_tokens\":")
      text.integer(figures.outputTokens)
      text.raw(",\"total_tokens\":")
      text.integer(figures.promptTokens + figures.outputTokens)
      if head.reportsCache {
        text.raw(",\"input_tokens_details\":{\"cached_tokens\":")
        text.integer(figures.cachedTokens)
        text.raw("}")
      }
      text.raw(",\"output_tokens_details\":{\"reasoning_tokens\":0}}")
    } else {
      text.raw(",\"usage\":null")
    }
    text.raw("}")
  }
}
