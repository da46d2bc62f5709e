/// Anthropic messages -> `ModelRequest`, by the conversion of the real server: system blocks are
/// put together without a separator, thinking blocks do not reach the template, and the tool
/// results of a message are rendered behind its text.
enum MessagesReader {
  static func read(
    _ body: JSONTree, defaultModel: String, masksBillingLine: Bool
  ) throws(RequestError) -> ModelRequest {
    let fields = try RequestFields(body)
    var request = ModelRequest(
      dialect: .messages, model: try fields.string("model") ?? defaultModel)
    try fields.readCommon(into: &request)
    request.maxTokens = try fields.integer("max_tokens") ?? 4096
    switch body["tool_choice"]?["type"]?.text {
    case "any", "tool": request.toolChoice = .required
    case "none": request.toolChoice = .none
    default: break
    }
    for tool in try fields.array("tools") ?? [] {
      request.tools.append(
        ToolOffer(
          name: tool["name"]?.text ?? "", description: tool["description"]?.text ?? "",
          parameters: tool["input_schema"] ?? .object([])))
    }
    if let system = body["system"], !system.isNull {
      let blocks =
        system.text.map { [$0] } ?? (system.elements ?? []).compactMap { $0["text"]?.text }
      let texts = masksBillingLine ? blocks.map(maskingBillingLine) : blocks
      request.turns.append(Turn(role: .system, text: texts.joined()))
    }
    guard let messages = body["messages"] else { throw .server("'messages' is required") }
    guard let list = messages.elements else { throw .invalid("'messages' must be an array") }
    for message in list { try append(message, to: &request.turns) }
    guard !request.turns.isEmpty else { throw .invalid("'messages' must not be empty") }
    return request
  }

  private static func append(
    _ message: JSONTree, to turns: inout [Turn]
  ) throws(RequestError) {
    guard let role = Turn.Role(rawValue: message["role"]?.text ?? ""), role != .tool else {
      throw .invalid("Unknown role in message")
    }
    guard let blocks = message["content"]?.elements else {
      let text = try RequestFields.text(of: message["content"], types: [])
      turns.append(Turn(role: role, text: text))
      return
    }
    var texts: [String] = []
    var calls: [Turn.Call] = []
    var results: [Turn] = []
    for block in blocks {
      switch block["type"]?.text {
      case "text": texts.append(block["text"]?.text ?? "")
      case "tool_use":
        calls.append(
          .init(name: block["name"]?.text ?? "", arguments: block["input"] ?? .object([])))
      case "tool_result":
        let text = try RequestFields.text(of: block["content"], types: ["text"], separator: "")
        results.append(Turn(role: .tool, text: text))
      case "image": throw .server("image input is not supported")
      default: break
      }
    }
    if !texts.isEmpty || !calls.isEmpty {
      turns.append(Turn(role: role, text: texts.joined(separator: "\n"), calls: calls))
    }
    turns += results
  }

  /// Newer llama.cpp overwrites the five digits behind `cch=` so that they do not end the prefix.
  static func maskingBillingLine(_ text: String) -> String {
    guard text.hasPrefix("x-anthropic-billing-header:") else { return text }
    var bytes = Array(text.utf8)
    let mark = Array("cch=".utf8)
    guard
      let start = bytes.indices.first(where: {
        $0 + mark.count + 5 < bytes.count && bytes[$0] == mark[0]
          && bytes[$0..<$0 + mark.count].elementsEqual(mark)
      }), bytes[start + 9] == UInt8(ascii: ";")
    else { return text }
    for index in start + 4..<start + 9 { bytes[index] = UInt8(ascii: "f") }
    return String(decoding: bytes, as: UTF8.self)
  }
}
