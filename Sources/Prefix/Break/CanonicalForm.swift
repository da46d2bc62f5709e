import Bytes

/// The canonical twins of a block: forms in which two writings of the same content are equal.
/// Computed only where raw bytes differ; nothing that is forwarded is made from them.
enum CanonicalForm {
  /// What a chat template sees: escapes decoded, white space between tokens gone, cache markers
  /// masked, one text part like a string, argument strings parsed. The order of keys counts only
  /// where templates print objects: schemas and arguments.
  case rendered
  /// `rendered`, and key order counts nowhere.
  case sorted
  /// `sorted`, and trailing white space of text does not count.
  case meaning
  /// `meaning` without the ids that pair calls and results.
  case withoutIDs
  /// `meaning` without reasoning.
  case withoutReasoning
}

extension CanonicalForm {
  /// Digest of `value` in this form.
  func digest(_ value: JSONValue) -> Digest {
    var writer = CanonicalWriter(form: self)
    writer.write(value, key: "", in: .init())
    return writer.out.withUnsafeBytes { Digest(of: $0) }
  }

  func digest(_ bytes: UnsafeRawBufferPointer) -> Digest? { JSONValue(bytes).map(digest) }
}

private struct CanonicalWriter {
  let form: CanonicalForm
  var out: [UInt8] = []

  /// What a value is part of.
  struct Place {
    /// Whether the order of keys is visible to a template.
    var isOrdered = false
    /// Whether the members are a tool's own (`CallArguments`): all of them count, as they are.
    var isCall = false
  }

  /// - Parameter key: the member this value belongs to.
  mutating func write(_ value: JSONValue, key: String, in place: Place) {
    switch value {
    case .null: out.append(UInt8(ascii: "n"))
    case .bool(let flag): out.append(flag ? UInt8(ascii: "t") : UInt8(ascii: "f"))
    case .number(let text): out.append(contentsOf: normalised(text).utf8)
    case .string(let text): write(text, key: key, in: place)
    case .array(let elements): write(elements, key: key, in: place)
    case .object(let members): write(members, in: place)
    }
  }

  private mutating func write(_ text: String, key: String, in place: Place) {
    // Arguments travel as a string of JSON; servers parse it before rendering.
    if key == "arguments", !place.isCall, let parsed = JSONValue(text) {
      write(parsed, key: "", in: Place(isOrdered: true, isCall: true))
      return
    }
    var text = Substring(text)
    if form != .rendered && form != .sorted && !place.isCall {
      while let last = text.last, last.isWhitespace { text.removeLast() }
    }
    out.append(UInt8(ascii: "\""))
    // In one piece: byte by byte this is what a comparison of two long messages takes longest for.
    text.withUTF8 { out.append(contentsOf: $0) }
    out.append(0)
  }

  private mutating func write(_ elements: [JSONValue], key: String, in place: Place) {
    var elements = elements
    if !place.isCall {
      if form == .withoutReasoning { elements.removeAll(where: Self.isReasoning) }
      if key == "content" || key == "system" || key == "output",
        elements.count == 1, let text = Self.plainText(elements[0])
      {
        write(text, key: key, in: place)
        return
      }
    }
    out.append(UInt8(ascii: "["))
    for element in elements {
      write(element, key: "", in: place)
      out.append(UInt8(ascii: ","))
    }
    out.append(UInt8(ascii: "]"))
  }

  private mutating func write(_ members: [JSONValue.Member], in place: Place) {
    out.append(UInt8(ascii: "{"))
    var shown = place.isCall ? members : members.filter { !isMasked($0) }
    if !place.isOrdered || form != .rendered { shown.sort { $0.key < $1.key } }
    for member in shown {
      out.append(contentsOf: member.key.utf8)
      out.append(UInt8(ascii: ":"))
      var inner = place
      inner.isOrdered = place.isOrdered || Self.printsObjects(member.key)
      inner.isCall = place.isCall || CallArguments.are(member)
      write(member.value, key: member.key, in: inner)
      out.append(UInt8(ascii: ","))
    }
    out.append(UInt8(ascii: "}"))
  }

  private func isMasked(_ member: JSONValue.Member) -> Bool {
    switch member.key {
    case "cache_control", "strict": return true
    case "id", "tool_call_id", "tool_use_id", "call_id": return form == .withoutIDs
    case "reasoning_content", "reasoning", "thinking_blocks":
      return form == .withoutReasoning || member.value == .null || member.value == .string("")
    // An absent content, null and "" render alike beside tool calls.
    case "content": return member.value == .null || member.value == .string("")
    case "tool_calls", "refusal", "annotations", "audio", "function_call":
      return member.value == .null || member.value == .array([])
    default: return false
    }
  }

  private static func plainText(_ part: JSONValue) -> String? {
    guard let type = part["type"]?.string, ["text", "input_text", "output_text"].contains(type),
      let members = part.members,
      members.allSatisfy({ ["type", "text", "cache_control", "annotations"].contains($0.key) })
    else { return nil }
    return part["text"]?.string
  }

  private static func isReasoning(_ part: JSONValue) -> Bool {
    guard let type = part["type"]?.string else { return false }
    return ["thinking", "redacted_thinking", "reasoning"].contains(type)
  }

  private static func printsObjects(_ key: String) -> Bool {
    ["parameters", "input_schema", "arguments", "input", "schema", "json_schema"].contains(key)
  }

  private func normalised(_ number: String) -> String {
    guard let value = Double(number), value == value.rounded(), abs(value) < 9e15 else {
      return number
    }
    return String(Int(value))
  }
}
