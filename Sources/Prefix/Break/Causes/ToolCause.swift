import Bytes
import Prompt

/// Names a change of the tool definitions. The comparison is sensitive to order: the same tools in
/// another order are another prompt.
enum ToolCause {
  static func verdict(_ place: BreakPlace) -> Verdict {
    let olds = place.old.index.blocks(of: .tools)
    let news = place.new.index.blocks(of: .tools)
    if olds.count == news.count, olds.map(\.digest.low).sorted() == news.map(\.digest.low).sorted()
    {
      return place.verdict(.toolOrder, .lossless, was: names(place.old), now: names(place.new))
    }
    let before = Set(olds.map(\.identity))
    let after = Set(news.map(\.identity))
    if before == after, olds.map(\.identity) != news.map(\.identity) {
      return place.verdict(
        .toolOrder, .lossless, was: names(place.old), now: names(place.new),
        detail: "and some definitions are written differently")
    }
    if after.isStrictSuperset(of: before) {
      let added = news.filter { !before.contains($0.identity) }.count
      return place.verdict(
        .toolAdded, was: names(place.old), now: names(place.new),
        detail: added == 1 ? "one tool was added" : "\(added) tools were added")
    }
    if after.isStrictSubset(of: before) {
      let removed = olds.filter { !after.contains($0.identity) }.count
      return place.verdict(
        .toolRemoved, .restored, was: names(place.old), now: names(place.new),
        detail: removed == 1 ? "one tool is missing" : "\(removed) tools are missing")
    }
    guard let old = place.before, let new = place.after, before == after else {
      return place.verdict(
        .toolAdded, was: names(place.old), now: names(place.new),
        detail: "some tools were added, others are missing")
    }
    return definition(place, old, new)
  }

  private static func definition(
    _ place: BreakPlace, _ old: JSONValue, _ new: JSONValue
  ) -> Verdict {
    let texts = (Text.all(old), Text.all(new))
    if RedactionDetector.isRedaction(texts.0, texts.1) { return place.redaction() }
    if CanonicalForm.meaning.digest(old) == CanonicalForm.meaning.digest(new)
      || (isSameWithoutOrder(old, new))
    {
      return place.verdict(.schemaOrder, .lossless)
    }
    if isSameButDescription(old, new) {
      return place.verdict(.toolDescription, .moved)
    }
    return place.verdict(.inPlaceEdit, .moved, detail: "the definition of a tool changed")
  }

  /// Equal but for the order of keys and of the names in `required`.
  static func isSameWithoutOrder(_ a: JSONValue, _ b: JSONValue) -> Bool {
    CanonicalForm.meaning.digest(sortedRequired(a))
      == CanonicalForm.meaning.digest(sortedRequired(b))
  }

  private static func sortedRequired(_ value: JSONValue) -> JSONValue {
    switch value {
    case .object(let members):
      return .object(
        members.map { member in
          if ["required", "enum"].contains(member.key), case .array(let names) = member.value {
            return .init(
              member.key, .array(names.sorted { ($0.string ?? "") < ($1.string ?? "") }))
          }
          return .init(member.key, sortedRequired(member.value))
        })
    case .array(let elements): return .array(elements.map(sortedRequired))
    default: return value
    }
  }

  static func isSameButDescription(_ a: JSONValue, _ b: JSONValue) -> Bool {
    withoutDescription(a) == withoutDescription(b)
  }

  private static func withoutDescription(_ tool: JSONValue) -> Digest {
    func strip(_ value: JSONValue) -> JSONValue {
      guard case .object(let members) = value else { return value }
      return .object(
        members.filter { $0.key != "description" }.map { member in
          member.key == "function" ? .init(member.key, strip(member.value)) : member
        })
    }
    return CanonicalForm.meaning.digest(strip(tool))
  }

  private static func names(_ history: History) -> String {
    history.index.indices(of: .tools).compactMap { at -> String? in
      guard let bytes = history.bytes(of: at), let value = JSONValue(bytes) else { return nil }
      return value["name"]?.string ?? value["function"]?["name"]?.string
    }.joined(separator: " ")
  }
}
