/// OpenAI Responses -> `ModelRequest`. An assistant message and the function calls behind it become
/// one turn, so that what was generated together is rendered together.
enum ResponsesReader {
  /// `earlier` is the stored conversation that `previous_response_id` named, without its
  /// instructions: those are not carried over (OpenAI API reference, `instructions`).
  static func read(
    _ body: JSONTree, defaultModel: String, earlier: [Turn]
  ) throws(RequestError) -> ModelRequest {
    let fields = try RequestFields(body)
    var request = ModelRequest(
      dialect: .responses, model: try fields.string("model") ?? defaultModel)
    try fields.readCommon(into: &request)
    request.maxTokens = try fields.integer("max_output_tokens")
    request.isStored = body["store"]?.flag ?? true
    request.toolChoice = try RequestFields.toolChoice(body["tool_choice"])
    for tool in try fields.array("tools") ?? [] where tool["type"]?.text == "function" {
      request.tools.append(
        ToolOffer(
          name: tool["name"]?.text ?? "", description: tool["description"]?.text ?? "",
          parameters: tool["parameters"] ?? .object([])))
    }
    if let instructions = try fields.string("instructions") {
      request.turns.append(Turn(role: .system, text: instructions))
      request.ownTurns = 1
    }
    request.turns += earlier
    guard let input = body["input"], !input.isNull else { throw .invalid("'input' is required") }
    if let text = input.text {
      request.turns.append(Turn(role: .user, text: text))
    } else if let items = input.elements {
      for item in items { try append(item, to: &request.turns) }
    } else {
      throw .invalid("'input' must be a string or array of objects")
    }
    return request
  }

  private static func append(_ item: JSONTree, to turns: inout [Turn]) throws(RequestError) {
    let followsReply = turns.last?.role == .assistant
    switch item["type"]?.text ?? "message" {
    case "message":
      guard let name = item["role"]?.text,
        let role = Turn.Role(rawValue: name == "developer" ? "system" : name), role != .tool
      else { throw .invalid("Cannot determine type of 'item'") }
      let text = try RequestFields.text(
        of: item["content"], types: ["input_text", "output_text", "text"])
      if role == .assistant, followsReply {
        let earlier = turns[turns.count - 1].text
        turns[turns.count - 1].text = earlier.isEmpty ? text : earlier + "\n" + text
      } else {
        turns.append(Turn(role: role, text: text))
      }
    case "function_call":
      guard let name = item["name"]?.text, item["call_id"]?.text != nil,
        item["arguments"]?.text != nil
      else { throw .invalid("Cannot determine type of 'item'") }
      let call = Turn.Call(
        name: name, arguments: try RequestFields.arguments(item["arguments"]))
      if followsReply {
        turns[turns.count - 1].calls.append(call)
      } else {
        turns.append(Turn(role: .assistant, text: "", calls: [call]))
      }
    case "function_call_output":
      guard item["call_id"]?.text != nil else { throw .invalid("Cannot determine type of 'item'") }
      let text = try RequestFields.text(of: item["output"], types: ["input_text"])
      turns.append(Turn(role: .tool, text: text))
    case "reasoning":
      // The template does not render reasoning; the item only has to be well formed.
      break
    default: throw .invalid("Cannot determine type of 'item'")
    }
  }
}
