import Bytes

/// The first pair of strings that differ between two JSON values, and the text of the whole.
struct LeafDifference {
  /// The differing strings; empty where one side has none.
  let before: String
  let after: String
  /// Whether no canonical form makes the two values equal, but for the one without reasoning: one text
  /// of words differs, in more than white space. False also where that cannot be told from one pair.
  let isInWords: Bool

  init?(_ before: JSONValue, _ after: JSONValue) {
    var walk = Walk()
    walk.compare(before, after, "")
    guard let first = walk.first else { return nil }
    self.before = first.before
    self.after = first.after
    isInWords =
      walk.count == 1 && walk.isInStrings && !first.before.isEmpty && !first.after.isEmpty
      && ["content", "text", "thinking", "output"].contains(first.field)
      && first.before.trimmingEnd != first.after.trimmingEnd
  }

  private struct Walk {
    var first: (before: String, after: String, field: String)?
    var count = 0
    /// Whether all differences are between two strings that every form shows.
    var isInStrings = true
    /// Whether this is inside of a call's arguments, where every member counts.
    private var isInCall = false

    /// Members that some form leaves out, or leaves out in some places.
    private static let leftOut = ["annotations", "strict"]

    mutating func compare(_ a: JSONValue, _ b: JSONValue, _ field: String) {
      switch (a, b) {
      case (.string(let x), .string(let y)):
        if x != y { note(x, y, field) }
      case (.array(let x), .array(let y)):
        for (left, right) in zip(x, y) { compare(left, right, field) }
        for left in x.dropFirst(y.count) { note(Text.all(left), "", field) }
        for right in y.dropFirst(x.count) { note("", Text.all(right), field) }
      case (.object(let x), .object(let y)):
        if x.count == y.count, zip(x, y).allSatisfy({ $0.key == $1.key }) {
          let before = count
          for (left, right) in zip(x, y) { compare(left.value, right, left.key) }
          // Of members of one name some forms read the first only.
          if count > before, hasRepeatedName(x) { isInStrings = false }
        } else {
          compareByName(a, x, b, y)
        }
      default:
        guard a != b else { return }
        isInStrings = false
        note(Text.all(a), Text.all(b), field)
      }
    }

    private mutating func compare(_ a: JSONValue, _ member: JSONValue.Member, _ key: String) {
      guard isShown(member) else { return }
      let before = count
      let wasInCall = isInCall
      isInCall = wasInCall || CallArguments.are(member)
      compare(a, member.value, key)
      isInCall = wasInCall
      if count > before, Self.leftOut.contains(key) { isInStrings = false }
    }

    private func isShown(_ member: JSONValue.Member) -> Bool {
      isInCall || member.key != "cache_control"
    }

    /// Members in another order or number; where a name stands twice, this looks at the first only.
    private mutating func compareByName(
      _ a: JSONValue, _ x: [JSONValue.Member], _ b: JSONValue, _ y: [JSONValue.Member]
    ) {
      isInStrings = false
      for member in x where isShown(member) {
        if let other = b[member.key] {
          compare(member.value, .init(member.key, other), member.key)
        } else {
          note(Text.all(member.value), "", member.key)
        }
      }
      for member in y where a[member.key] == nil && isShown(member) {
        note("", Text.all(member.value), member.key)
      }
    }

    private func hasRepeatedName(_ members: [JSONValue.Member]) -> Bool {
      members.indices.contains { at in members[..<at].contains { $0.key == members[at].key } }
    }

    private mutating func note(_ before: String, _ after: String, _ field: String) {
      count += 1
      if first == nil { first = (before, after, field) }
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
  /// All strings of the value's content, joined by line ends; keys and short tags are left out, but
  /// in the arguments of a call.
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
        if CallArguments.are(member) {
          parts += CallArguments.lines(member.value)
          continue
        }
        collect(member.value, member.key, &parts)
      }
    case .number(let text): parts.append(text)
    case .bool(let flag): parts.append(flag ? "true" : "false")
    case .null: break
    }
  }
}
