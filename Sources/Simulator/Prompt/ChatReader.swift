/// OpenAI chat completions -> `ModelRequest`.
enum ChatReader {
  static func read(_ body: JSONTree, defaultModel: String) throws(RequestError) -> ModelRequest {
    let fields = try RequestFields(body)
    var request = ModelRequest(dialect: .chat, model: try fields.string("model") ?? defaultModel)
    try fields.readCommon(into: &request)
    request.includesUsage = body["stream_options"]?["include_usage"]?.flag ?? false
    request.maxTokens = try fields.integer("max_tokens")
    if let limit = try fields.integer("max_completion_tokens") { request.maxTokens = limit }
    request.toolChoice = try RequestFields.toolChoice(body["tool_choice"])
    for tool in try fields.array("tools") ?? [] {
      guard tool["type"]?.text == "function", let function = tool["function"],
        let name = function["name"]?.text
      else { throw .invalid("Unsupported tool: a function with a name is expected") }
      request.tools.append(
        ToolOffer(
          name: name, description: function["description"]?.text ?? "",
          parameters: function["parameters"] ?? .object([])))
    }
    guard let messages = body["messages"] else { throw .invalid("'messages' is required") }
    guard let list = messages.elements else { throw .invalid("'messages' must be an array") }
    guard !list.isEmpty else { throw .invalid("'messages' must not be empty") }
    for message in list { request.turns.append(try turn(message)) }
    return request
  }

  private static func turn(_ message: JSONTree) throws(RequestError) -> Turn {
    guard let name = message["role"]?.text else { throw .invalid("Missing 'role' in message") }
    // `developer` is another word for `system`.
    guard let role = Turn.Role(rawValue: name == "developer" ? "system" : name) else {
      throw .invalid("Unknown role: \(name)")
    }
    let calls = message["tool_calls"]?.elements ?? []
    guard message["content"] != nil || !calls.isEmpty else {
      throw .invalid("Expected 'content' or 'tool_calls' in message")
    }
    var turn = Turn(
      role: role, text: try RequestFields.text(of: message["content"], types: ["text"]))
    for call in calls {
      guard let function = call["function"], let name = function["name"]?.text else {
        throw .invalid("Missing tool call function name")
      }
      turn.calls.append(
        .init(name: name, arguments: try RequestFields.arguments(function["arguments"])))
    }
    return turn
  }
}
