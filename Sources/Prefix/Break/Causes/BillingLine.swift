import Bytes

/// The attribution line that Claude Code puts first in its system prompt:
/// `x-anthropic-billing-header: cc_version=2.1.36.a1b; cch=00f1e;`. It may be a block of its own or
/// the first line of one that says more.
enum BillingLine {
  private static let name = "x-anthropic-billing-header:"

  /// What stands behind the line; nil if the text does not begin with one.
  static func rest(_ text: String) -> Substring? {
    guard text.hasPrefix(name) else { return nil }
    let end = text.utf8.firstIndex(of: 0x0A) ?? text.endIndex
    // A line with anything but fields says something to a model.
    let fields = text[..<end].dropFirst(name.count).split(separator: ";")
    guard fields.allSatisfy({ isField($0) }) else { return nil }
    return text[end...].dropFirst()
  }

  private static func isField(_ field: Substring) -> Bool {
    let words = field.split { $0 == " " || $0 == "\t" || $0 == "\r" }
    return words.isEmpty || (words.count == 1 && words[0].contains("="))
  }

  /// The value without the line; nil if its first text does not begin with one.
  static func cut(_ value: JSONValue) -> JSONValue? {
    switch value {
    case .string(let text): return rest(text).map { .string(String($0)) }
    case .array(var elements):
      guard let first = elements.first, let shorter = cut(first) else { return nil }
      elements[0] = shorter
      return .array(elements)
    case .object(var members):
      guard let at = members.firstIndex(where: { ["content", "text"].contains($0.key) }),
        let shorter = cut(members[at].value)
      else { return nil }
      members[at] = .init(members[at].key, shorter)
      return .object(members)
    default: return nil
    }
  }

  /// Whether both begin with the line and mean the same behind it.
  static func isAllThatDiffers(_ old: JSONValue, _ new: JSONValue) -> Bool {
    guard let old = cut(old), let new = cut(new) else { return false }
    return CanonicalForm.meaning.digest(old) == CanonicalForm.meaning.digest(new)
  }

  /// Whether both begin with the line, and it is not the same one.
  static func isOther(_ old: JSONValue, _ new: JSONValue) -> Bool {
    guard let was = line(old), let now = line(new) else { return false }
    return was != now
  }

  private static func line(_ value: JSONValue) -> Substring? {
    let text = Text.all(value)
    return rest(text).map { text[..<$0.startIndex] }
  }
}
