import Bytes
import Prompt
import Upstream

/// Reads an agent's echo of an answer out of a request, in the terms in which answers are recorded.
enum EchoReader {
  /// The blocks that stand where the answer belongs: assistant messages (Responses: also calls and
  /// reasoning) right behind the last block that was there before.
  static func place(
    _ alignment: Alignment, _ old: RequestIndex, _ new: RequestIndex
  ) -> Range<Int> {
    let messages = new.indices(of: .messages)
    let behind = messages.last { alignment.matches[$0].old != nil }.map { $0 + 1 }
    let start = behind ?? messages.lowerBound
    var end = start
    while end < messages.upperBound {
      let kind = new.blocks[end].kind
      guard kind == .assistant || (kind == .reasoning && new.dialect == .openAIResponses) else {
        break
      }
      end += 1
      // Only the Responses dialect writes one answer as several items.
      if new.dialect != .openAIResponses { break }
    }
    return start..<end
  }

  /// nil if the blocks cannot be read, or hold what is not recorded.
  static func read(_ blocks: Range<Int>, of history: History) -> GeneratedMessage? {
    var message = GeneratedMessage()
    for block in blocks {
      guard let bytes = history.bytes(of: block), let value = JSONValue(bytes) else { return nil }
      switch history.index.dialect {
      case .openAIChat: readChat(value, &message)
      case .anthropicMessages: readMessages(value, bytes, &message)
      case .openAIResponses: readItem(value, &message)
      case .openAICompletions: return nil
      }
    }
    return message
  }

  private static func readChat(_ value: JSONValue, _ message: inout GeneratedMessage) {
    message.text += text(value["content"])
    message.reasoning +=
      value["reasoning_content"]?.string ?? value["reasoning"]?.string ?? ""
    for call in value["tool_calls"]?.array ?? [] {
      message.toolCalls.append(
        .init(
          id: call["id"]?.string ?? "", name: call["function"]?["name"]?.string ?? "",
          arguments: call["function"]?["arguments"]?.string ?? ""))
    }
  }

  private static func readMessages(
    _ value: JSONValue, _ bytes: UnsafeRawBufferPointer, _ message: inout GeneratedMessage
  ) {
    guard let parts = value["content"]?.array else {
      message.text += text(value["content"])
      return
    }
    let inputs = rawInputs(bytes)
    for (place, part) in parts.enumerated() {
      switch part["type"]?.string {
      case "text": message.text += part["text"]?.string ?? ""
      case "thinking": message.reasoning += part["thinking"]?.string ?? ""
      case "tool_use":
        message.toolCalls.append(
          .init(
            id: part["id"]?.string ?? "", name: part["name"]?.string ?? "",
            arguments: place < inputs.count ? inputs[place] : ""))
      default: break
      }
    }
  }

  /// The bytes of `input` of each content part; empty where there is none.
  private static func rawInputs(_ bytes: UnsafeRawBufferPointer) -> [String] {
    var scanner = JSONScanner(bytes)
    guard let content = scanner.member("content") else { return [] }
    var inputs: [String] = []
    var list = JSONScanner(bytes, at: content.lowerBound)
    _ = list.elements { part in
      var inner = JSONScanner(bytes, at: part.lowerBound)
      let input = inner.member("input")
      inputs.append(input.map { String(decoding: bytes[$0], as: UTF8.self) } ?? "")
      return true
    }
    return inputs
  }

  private static func readItem(_ value: JSONValue, _ message: inout GeneratedMessage) {
    switch value["type"]?.string {
    case "function_call":
      message.toolCalls.append(
        .init(
          id: value["call_id"]?.string ?? "", name: value["name"]?.string ?? "",
          arguments: value["arguments"]?.string ?? ""))
    case "reasoning": message.reasoning += text(value["content"])
    default: message.text += text(value["content"])
    }
  }

  /// A string, or the texts of its parts in one.
  private static func text(_ content: JSONValue?) -> String {
    if let text = content?.string { return text }
    return (content?.array ?? []).reduce(into: "") { $0 += $1["text"]?.string ?? "" }
  }
}
