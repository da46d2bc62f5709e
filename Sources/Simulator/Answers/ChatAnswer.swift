/// OpenAI chat completions: one object, or chunks.
///
/// Without `include_usage` the chunk with the finish reason carries the timings; with it they are
/// in an extra chunk without choices, beside the usage.
struct ChatAnswer: Answer {
  private let head: AnswerHead

  init(head: AnswerHead) {
    self.head = head
  }

  /// A chunk that tells how far the prompt is (llama.cpp: `return_progress`).
  func progress(total: Int, cached: Int, processed: Int, millis: Int) -> [UInt8] {
    chunk { text in
      text.raw("[{\"finish_reason\":null,\"index\":0,")
      text.raw("\"delta\":{\"role\":\"assistant\",\"content\":null}}]")
    } tail: { text in
      text.raw(",\"prompt_progress\":{\"total\":")
      text.integer(total)
      text.raw(",\"cache\":")
      text.integer(cached)
      text.raw(",\"processed\":")
      text.integer(processed)
      text.raw(",\"time_ms\":")
      text.integer(millis)
      text.raw("}")
    }
  }

  mutating func begin(_ figures: Figures) -> [UInt8] {
    chunk { text in
      text.raw("[{\"finish_reason\":null,\"index\":0,")
      text.raw("\"delta\":{\"role\":\"assistant\",\"content\":null}}]")
    }
  }

  mutating func add(_ step: Reply.Step, of reply: Reply) -> [UInt8] {
    switch step {
    case .silent: return []
    case .text(let part):
      return delta { text in
        text.raw("\"content\":")
        text.quoted(part)
      }
    case .call(let index):
      return delta { text in
        text.raw("\"tool_calls\":[{\"index\":")
        text.integer(index)
        text.raw(",")
        writeIdentity(of: reply.calls[index], into: &text)
        text.raw("\"arguments\":\"\"}}]")
      }
    case .arguments(let index, let part):
      return delta { text in
        text.raw("\"tool_calls\":[{\"index\":")
        text.integer(index)
        text.raw(",\"function\":{\"arguments\":")
        text.quoted(part)
        text.raw("}}]")
      }
    }
  }

  mutating func end(_ reply: Reply, _ figures: Figures) -> [UInt8] {
    var bytes = chunk { text in
      text.raw("[{\"finish_reason\":")
      text.quoted(Self.finishReason(reply.end))
      text.raw(",\"index\":0,\"delta\":{}}]")
    } tail: { text in
      if !head.includesUsage { writeTimings(figures, into: &text) }
    }
    if head.includesUsage {
      bytes += chunk {
        $0.raw("[]")
      } tail: { text in
        text.raw(",\"usage\":")
        writeUsage(figures, into: &text)
        writeTimings(figures, into: &text)
      }
    }
    return bytes + EventFrame.done
  }

  func whole(_ reply: Reply, _ figures: Figures) -> [UInt8] {
    var text = JSONText()
    text.raw("{\"choices\":[{\"finish_reason\":")
    text.quoted(Self.finishReason(reply.end))
    text.raw(",\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":")
    text.quoted(reply.text)
    if !reply.calls.isEmpty {
      text.raw(",\"tool_calls\":[")
      for (index, call) in reply.calls.enumerated() {
        text.raw(index > 0 ? ",{" : "{")
        writeIdentity(of: call, into: &text)
        text.raw("\"arguments\":")
        text.quoted(call.spelled)
        text.raw("}}")
      }
      text.raw("]")
    }
    text.raw("}}]")
    writeHead("chat.completion", into: &text)
    text.raw(",\"usage\":")
    writeUsage(figures, into: &text)
    writeTimings(figures, into: &text)
    text.raw("}")
    return text.bytes
  }

  private static func finishReason(_ end: Reply.End) -> String {
    switch end {
    case .stop: "stop"
    case .length: "length"
    case .toolCalls: "tool_calls"
    }
  }

  private func delta(_ content: (inout JSONText) -> Void) -> [UInt8] {
    chunk { text in
      text.raw("[{\"finish_reason\":null,\"index\":0,\"delta\":{")
      content(&text)
      text.raw("}}]")
    }
  }

  private func chunk(
    _ choices: (inout JSONText) -> Void, tail: (inout JSONText) -> Void = { _ in }
  ) -> [UInt8] {
    var text = JSONText()
    text.raw("{\"choices\":")
    choices(&text)
    writeHead("chat.completion.chunk", into: &text)
    tail(&text)
    text.raw("}")
    return EventFrame.data(text)
  }

  private func writeHead(_ object: StaticString, into text: inout JSONText) {
    text.raw(",\"created\":")
    text.integer(head.created)
    text.raw(",\"id\":\"chatcmpl-")
    text.raw(head.id)
    text.raw("\",\"model\":")
    text.quoted(head.model)
    text.raw(",\"system_fingerprint\":\"simulated\",\"object\":\"")
    text.raw(object)
    text.raw("\"")
  }

  /// Up to the arguments: `"id":…,"type":"function","function":{"name":…,`.
  private func writeIdentity(of call: Reply.Call, into text: inout JSONText) {
    text.raw("\"id\":\"")
    text.raw(call.id)
    text.raw("\",\"type\":\"function\",\"function\":{\"name\":")
    text.quoted(call.name)
    text.raw(",")
  }

  private func writeUsage(_ figures: Figures, into text: inout JSONText) {
    text.raw("{\"completion_tokens\":")
    text.integer(figures.outputTokens)
    text.raw(",\"prompt_tokens\":")
    text.integer(figures.promptTokens)
    text.raw(",\"total_tokens\":")
    text.integer(figures.promptTokens + figures.outputTokens)
    if head.reportsCache {
      text.raw(",\"prompt_tokens_details\":{\"cached_tokens\":")
      text.integer(figures.cachedTokens)
      text.raw("}")
    }
    text.raw("}")
  }

  private func writeTimings(_ figures: Figures, into text: inout JSONText) {
    guard head.reportsTimings else { return }
    text.raw(",\"timings\":")
    figures.writeTimings(into: &text)
  }
}
