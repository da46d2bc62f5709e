import Wire

/// Puts a streamed answer together as an agent does. Events that it does not know mean nothing.
struct ReplyReader {
  private let dialect: ScriptedAgent.Dialect
  private var scanner = SSEScanner(maxEventBytes: 4 << 20)
  private(set) var text = ""
  private var calls: [AgentReply.Call] = []
  /// Whether the event that ends an answer was seen.
  private(set) var isComplete = false
  /// Prompt tokens that the server reported as cached and as processed; nil if it said nothing.
  private(set) var cachedTokens: Int?
  private(set) var processedTokens: Int?

  init(dialect: ScriptedAgent.Dialect) {
    self.dialect = dialect
  }

  var reply: AgentReply { AgentReply(text: text, calls: calls) }

  mutating func feed(_ bytes: UnsafeRawBufferPointer) {
    var events: [JSONTree] = []
    var isDone = false
    scanner.feed(bytes) { _, data in
      if data.elementsEqual("[DONE]".utf8) {
        isDone = true
      } else if let event = try? JSONReader.read(data) {
        events.append(event)
      }
    }
    for event in events { take(event) }
    if isDone { isComplete = true }
  }

  private mutating func take(_ event: JSONTree) {
    switch dialect {
    case .chat: takeChunk(event)
    case .messages: takeMessageEvent(event)
    case .responses: takeResponseEvent(event)
    }
    if let timings = event["timings"] {
      cachedTokens = timings["cache_n"]?.integer
      processedTokens = timings["prompt_n"]?.integer
    }
  }

  private mutating func takeChunk(_ event: JSONTree) {
    guard let delta = event["choices"]?.elements?.first?["delta"] else { return }
    text += delta["content"]?.text ?? ""
    for part in delta["tool_calls"]?.elements ?? [] {
      if let id = part["id"]?.text {
        calls.append(
          .init(id: id, name: part["function"]?["name"]?.text ?? "", arguments: ""))
      }
      append(part["function"]?["arguments"]?.text ?? "")
    }
  }

  private mutating func takeMessageEvent(_ event: JSONTree) {
    switch event["type"]?.text {
    case "message_start":
      let usage = event["message"]?["usage"]
      cachedTokens = usage?["cache_read_input_tokens"]?.integer
      processedTokens = usage?["input_tokens"]?.integer
    case "content_block_start":
      if event["content_block"]?["type"]?.text == "tool_use" {
        calls.append(
          .init(
            id: event["content_block"]?["id"]?.text ?? "",
            name: event["content_block"]?["name"]?.text ?? "", arguments: ""))
      }
    case "content_block_delta":
      text += event["delta"]?["text"]?.text ?? ""
      append(event["delta"]?["partial_json"]?.text ?? "")
    case "message_stop": isComplete = true
    default: break
    }
  }

  private mutating func takeResponseEvent(_ event: JSONTree) {
    switch event["type"]?.text {
    case "response.output_text.delta": text += event["delta"]?.text ?? ""
    case "response.output_item.added":
      if event["item"]?["type"]?.text == "function_call" {
        calls.append(
          .init(
            id: event["item"]?["call_id"]?.text ?? "", name: event["item"]?["name"]?.text ?? "",
            arguments: ""))
      }
    case "response.function_call_arguments.delta": append(event["delta"]?.text ?? "")
    case "response.completed": isComplete = true
    default: break
    }
  }

  /// Arguments belong to the call that was announced last.
  private mutating func append(_ arguments: String) {
    if let last = calls.indices.last { calls[last].arguments += arguments }
  }
}
