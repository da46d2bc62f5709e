import Bytes

/// The first pair of strings that differ between two JSON values, and the text of the whole.
struct LeafDifference {
  /// The differing strings; empty where one side has none.
  var before: String
  var after: String
  /// Name of the member that holds them.
  var field: String
  /// Whether this pair is the only difference.
  var isOnlyDifference: Bool
  /// Whether both are strings, and not texts of other values.
  private var areStrings: Bool

  init?(_ before: JSONValue, _ after: JSONValue) {
    var walk = Walk()
    walk.compare(before, after, "")
    guard let first = walk.first else { return nil }
    self.before = first.before
    self.after = first.after
    field = first.field
    isOnlyDifference = walk.count == 1
    areStrings = first.areStrings
  }

  /// Whether no canonical form makes the two values equal, as far as this tells: one text differs, in
  /// more than white space, and it is none that a form leaves out or reads in another way.
  var isInWords: Bool {
    isOnlyDifference && areStrings && !before.isEmpty && !after.isEmpty
      && ["content", "text", "thinking", "output"].contains(field)
      && before.trimmingEnd != after.trimmingEnd
  }

  private struct Walk {
    var first: (before: String, after: String, field: String, areStrings: Bool)?
    var count = 0

    mutating func compare(_ a: JSONValue, _ b: JSONValue, _ field: String) {
      switch (a, b) {
      case (.string(let x), .string(let y)):
        if x != y { note(x, y, field, areStrings: true) }
      case (.array(let x), .array(let y)):
        for (left, right) in zip(x, y) { compare(left, right, field) }
        for left in x.dropFirst(y.count) { note(Text.all(left), "", field) }
        for right in y.dropFirst(x.count) { note("", Text.all(right), field) }
      case (.object(let x), .object(let y)):
        for member in x where member.key != "cache_control" {
          if let other = b[member.key] {
            compare(member.value, other, member.key)
          } else {
            note(Text.all(member.value), "", member.key)
          }
        }
        for member in y where a[member.key] == nil && member.key != "cache_control" {
          note("", Text.all(member.value), member.key)
        }
      default:
        if a != b { note(Text.all(a), Text.all(b), field) }
      }
    }

    private mutating func note(
      _ before: String, _ after: String, _ field: String, areStrings: Bool = false
    ) {
      count += 1
      if first == nil { first = (before, after, field, areStrings) }
    }
  }
}

extension String {
  fileprivate var trimmingEnd: Substring {
    var text = self[...]
    while let last = text.last, last.isWhitespace { text.removeLast() }
    return text
  }
}

/// Reads the text out of JSON values.
enum Text {
  /// All strings of the value's content, joined by line ends; keys and short tags are left out.
  static func all(_ value: JSONValue) -> String {
    var parts: [String] = []
    collect(value, "", &parts)
    return parts.joined(separator: "\n")
  }

  private static func collect(_ value: JSONValue, _ key: String, _ parts: inout [String]) {
    switch value {
    case .string(let text):
      if !["type", "role", "id", "tool_use_id", "tool_call_id", "call_id"].contains(key) {
        parts.append(text)
      }
    case .array(let elements): for element in elements { collect(element, key, &parts) }
    case .object(let members):
      for member in members where member.key != "cache_control" {
        collect(member.value, member.key, &parts)
      }
    case .number(let text): parts.append(text)
    case .bool(let flag): parts.append(flag ? "true" : "false")
    case .null: break
    }
  }
}
