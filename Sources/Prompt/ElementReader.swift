import Bytes

/// What one array element is: found while its end is looked for, in the same pass.
struct Element {
  var range: Range<Int>
  var kind: BlockKind
  var identity: UInt64
}

extension JSONScanner {
  /// Reads one tool definition, system block or message at the position.
  mutating func element(_ group: BlockGroup, _ dialect: Dialect) -> Element? {
    skipWhitespace()
    let start = position
    guard current == UInt8(ascii: "{") else {
      guard let range = value() else { return nil }
      return Element(range: range, kind: group == .system ? .system : .user, identity: 0)
    }
    let text = bytes
    var reader = ElementReader(bytes: text)
    guard
      members({ key, value in
        reader.note(text[key], value)
        return true
      })
    else { return nil }
    let range = start..<position
    switch group {
    case .tools: return Element(range: range, kind: .tool, identity: reader.toolName())
    case .system: return Element(range: range, kind: .system, identity: 0)
    case .knobs: return Element(range: range, kind: .knob, identity: 0)
    case .messages:
      let (kind, identity) = reader.message(dialect)
      return Element(range: range, kind: kind, identity: identity)
    }
  }
}

/// Collects the members that tell what an element is.
private struct ElementReader {
  let bytes: UnsafeRawBufferPointer
  var role: Range<Int>?
  var type: Range<Int>?
  var name: Range<Int>?
  var function: Range<Int>?
  var content: Range<Int>?
  var toolCalls: Range<Int>?
  var callID: Range<Int>?

  mutating func note(_ key: Slice<UnsafeRawBufferPointer>, _ value: Range<Int>) {
    if equal(key, "role") {
      role = value
    } else if equal(key, "type") {
      type = value
    } else if equal(key, "content") {
      content = value
    } else if equal(key, "tool_calls") {
      toolCalls = value
    } else if equal(key, "tool_call_id") || equal(key, "call_id") {
      callID = value
    } else if equal(key, "name") {
      name = value
    } else if equal(key, "function") {
      function = value
    }
  }

  func toolName() -> UInt64 {
    if let name { return hash(name) }
    guard let function else { return type.map(hash) ?? 0 }
    var scanner = JSONScanner(bytes, at: function.lowerBound)
    return scanner.member("name").map(hash) ?? 0
  }

  func message(_ dialect: Dialect) -> (BlockKind, UInt64) {
    if dialect == .openAIResponses, let type, !isString(type, "\"message\"") {
      let identity = callID.map(hash) ?? 0
      if isString(type, "\"function_call_output\"") || isString(type, "\"custom_tool_call_output\"")
      {
        return (.toolResult, identity)
      }
      if isString(type, "\"function_call\"") || isString(type, "\"custom_tool_call\"") {
        return (.assistant, identity)
      }
      return (isString(type, "\"reasoning\"") ? .reasoning : .other, 0)
    }
    guard let role else { return (.other, 0) }
    if isString(role, "\"tool\"") || isString(role, "\"function\"") {
      return (.toolResult, callID.map(hash) ?? 0)
    }
    if isString(role, "\"system\"") || isString(role, "\"developer\"") { return (.system, 0) }
    if isString(role, "\"assistant\"") {
      return (.assistant, firstToolCall() ?? firstPart("\"tool_use\"", "id") ?? 0)
    }
    if let result = firstPart("\"tool_result\"", "tool_use_id") { return (.toolResult, result) }
    return (.user, 0)
  }

  private func firstToolCall() -> UInt64? {
    guard let toolCalls else { return nil }
    var scanner = JSONScanner(bytes, at: toolCalls.lowerBound)
    guard scanner.accept(UInt8(ascii: "[")) else { return nil }
    scanner.skipWhitespace()
    return scanner.member("id").map(hash)
  }

  /// Hash of member `id` of the first content part of `type`.
  private func firstPart(_ wanted: StaticString, _ id: StaticString) -> UInt64? {
    guard let content, bytes[content.lowerBound] == UInt8(ascii: "[") else { return nil }
    var found: UInt64?
    var scanner = JSONScanner(bytes, at: content.lowerBound)
    _ = scanner.elements { part in
      var members = JSONScanner(bytes, at: part.lowerBound)
      var isWanted = false
      var name: Range<Int>?
      _ = members.members { key, value in
        if equal(bytes[key], "type") { isWanted = isString(value, wanted) }
        if equal(bytes[key], id) { name = value }
        return true
      }
      if isWanted { found = name.map(hash) ?? 0 }
      return found == nil
    }
    return found
  }

  private func isString(_ range: Range<Int>, _ quoted: StaticString) -> Bool {
    equal(bytes[range], quoted)
  }

  private func hash(_ range: Range<Int>) -> UInt64 {
    hash64(UnsafeRawBufferPointer(rebasing: bytes[range]))
  }
}
