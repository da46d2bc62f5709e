import Bytes

/// The arguments of a tool call, where they stand as an object. Their members are the tool's own: an
/// `id`, `type` or `strict` among them is content, and nothing of it is masked or left out.
enum CallArguments {
  static func are(_ member: JSONValue.Member) -> Bool {
    guard member.key == "input" || member.key == "arguments", case .object = member.value else {
      return false
    }
    return true
  }

  /// All values, each behind the path of its name: `filter.id: 3`.
  static func lines(_ value: JSONValue, _ path: String = "") -> [String] {
    let name = path.isEmpty ? "" : path + ": "
    switch value {
    case .string(let text): return [name + text]
    case .number(let text): return [name + text]
    case .bool(let flag): return [name + (flag ? "true" : "false")]
    case .null: return [name + "null"]
    case .array(let elements):
      return elements.isEmpty ? [name + "[]"] : elements.flatMap { lines($0, path) }
    case .object(let members):
      if members.isEmpty { return [name + "{}"] }
      return members.flatMap { lines($0.value, path.isEmpty ? $0.key : "\(path).\($0.key)") }
    }
  }
}
