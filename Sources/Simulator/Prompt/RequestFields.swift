/// Reads the fields that dialects share, with the errors that the real server gives.
struct RequestFields {
  let body: JSONTree

  init(_ body: JSONTree) throws(RequestError) {
    guard body.members != nil else { throw .invalid("request body must be an object") }
    self.body = body
  }

  func flag(_ key: String) throws(RequestError) -> Bool {
    guard let value = body[key], !value.isNull else { return false }
    guard let flag = value.flag else { throw .invalid("Field '\(key)': must be a boolean") }
    return flag
  }

  func integer(_ key: String) throws(RequestError) -> Int? {
    guard let value = body[key], !value.isNull else { return nil }
    guard let number = value.integer else { throw .invalid("Field '\(key)': must be an integer") }
    return number
  }

  func string(_ key: String) throws(RequestError) -> String? {
    guard let value = body[key], !value.isNull else { return nil }
    guard let text = value.text else { throw .invalid("Field '\(key)': must be a string") }
    return text
  }

  func array(_ key: String) throws(RequestError) -> [JSONTree]? {
    guard let value = body[key], !value.isNull else { return nil }
    guard let elements = value.elements else { throw .invalid("Field '\(key)': must be an array") }
    return elements
  }

  /// Sets what all dialects spell alike.
  func readCommon(into request: inout ModelRequest) throws(RequestError) {
    request.streams = try flag("stream")
    request.returnsProgress = try flag("return_progress")
    if let wanted = try integer("id_slot"), wanted >= 0 { request.slot = wanted }
    if let value = body["cache_prompt"]?.flag { request.usesCache = value }
    if let seconds = try integer("sse_ping_interval"), (1...86_400).contains(seconds) {
      request.pingMillis = UInt64(seconds) * 1000
    }
    if let n = try integer("n"), n != 1 {
      throw .invalid("Field 'n': Value must be between 1 <= value <= 1, but got \(n)")
    }
  }

  /// Text of a `content` value: a string, null, or parts of one of the given types joined by a
  /// line feed.
  static func text(
    of content: JSONTree?, types: [String], separator: String = "\n"
  ) throws(RequestError) -> String {
    guard let content, !content.isNull else { return "" }
    if let text = content.text { return text }
    guard let parts = content.elements else {
      throw .invalid("'content' must be a string or an array")
    }
    var texts: [String] = []
    for part in parts {
      let type = part["type"]?.text ?? ""
      if types.contains(type), let text = part["text"]?.text {
        texts.append(text)
      } else if type == "refusal", let text = part["refusal"]?.text {
        texts.append(text)
      } else if type.contains("image") {
        throw .server(
          "image input is not supported - hint: if this is unexpected, "
            + "you may need to provide the mmproj")
      } else {
        throw .invalid("unsupported content[].type")
      }
    }
    return texts.joined(separator: separator)
  }

  /// Arguments of a call in history: JSON inside a string, or an object where a client sends one.
  static func arguments(_ value: JSONTree?) throws(RequestError) -> JSONTree {
    guard let value, !value.isNull else { return .object([]) }
    guard let text = value.text else { return value }
    do throws(JSONError) {
      return try JSONReader.read(text)
    } catch {
      throw .server("Failed to parse tool call arguments as JSON: \(error.reason.rawValue)")
    }
  }

  static func toolChoice(_ value: JSONTree?) throws(RequestError) -> ModelRequest.ToolChoice {
    guard let value, !value.isNull else { return .auto }
    // An object that names a function is treated like "auto" by the real server.
    guard let word = value.text else { return .auto }
    switch word {
    case "auto": return .auto
    case "none": return .none
    case "required": return .required
    default: throw .invalid("Invalid tool_choice: \(word)")
    }
  }
}
