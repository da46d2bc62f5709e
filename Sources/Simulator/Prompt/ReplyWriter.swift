import Bytes

/// Plays the model: an answer that depends on nothing but the prompt and the tools on offer.
struct ReplyWriter: Sendable {
  /// How the arguments of a call are spelled. The template spells them with spaces; a model that
  /// does not loses its own call from the cache when the agent sends it back.
  var spelling = JSONText.Style.spaced
  /// Part of the answers, in percent, that call a tool when tools are offered and not required.
  var toolCallPercent = 70

  func reply(to request: ModelRequest, prompt: [UInt8]) -> Reply {
    var numbers = SeededNumbers(seed: prompt.withUnsafeBytes { hash64($0) })
    let tools = request.offeredTools
    let wantsCall =
      request.toolChoice == .required || numbers.below(100) < toolCallPercent
    var calls: [Reply.Call] = []
    if !tools.isEmpty, wantsCall {
      let count = numbers.below(5) == 0 ? 2 : 1
      for _ in 0..<count {
        guard let tool = numbers.pick(tools) else { break }
        let arguments = Self.arguments(for: tool.parameters, &numbers)
        var spelled = JSONText()
        spelled.value(arguments, spelling)
        calls.append(
          Reply.Call(
            id: numbers.identifier(24), name: tool.name, arguments: arguments,
            spelled: spelled.string))
      }
    }
    let sentences = calls.isEmpty ? 2 + numbers.below(5) : numbers.below(3)
    let text = Self.prose(sentences: sentences, &numbers)
    return Reply(
      text: text.isEmpty && calls.isEmpty ? "Done." : text, calls: calls, limit: request.maxTokens)
  }

  private static let subjects = [
    "The parser", "The scanner", "This branch", "The retry loop", "The test", "The cache key",
    "The connection pool", "The handler", "The last change", "The error path",
  ]
  private static let verbs = [
    "keeps", "drops", "reads", "compares", "rewrites", "owns", "leaks", "ignores", "copies",
    "counts",
  ]
  private static let objects = [
    "the pending bytes", "every header field", "the first chunk", "an empty range",
    "the remaining budget", "one reference too many", "the previous prefix", "the closing bracket",
    "a stale descriptor", "the original order",
  ]
  private static let endings = [
    "before the next read", "when the body is short", "on the second attempt", "without a bound",
    "after the reset", "in both cases", "as the comment says", "until the timer fires",
  ]

  private static func prose(sentences: Int, _ numbers: inout SeededNumbers) -> String {
    var parts: [String] = []
    for _ in 0..<sentences {
      let words = [subjects, verbs, objects, endings].map { numbers.pick($0) ?? "" }
      parts.append(words.joined(separator: " ") + ".")
    }
    return parts.joined(separator: " ")
  }

  /// Arguments that fit an object schema: its required properties, and some of the others.
  private static func arguments(
    for schema: JSONTree, _ numbers: inout SeededNumbers
  ) -> JSONTree {
    let required = Set((schema["required"]?.elements ?? []).compactMap(\.text))
    var members: [JSONTree.Member] = []
    for property in (schema["properties"]?.members ?? []).prefix(16) {
      guard required.contains(property.key) || numbers.below(3) == 0 else { continue }
      members.append(
        .init(key: property.key, value: value(of: property.value, named: property.key, &numbers)))
    }
    return .object(members)
  }

  private static func value(
    of schema: JSONTree, named name: String, _ numbers: inout SeededNumbers
  ) -> JSONTree {
    if let choices = schema["enum"]?.elements, let choice = numbers.pick(choices) { return choice }
    switch schema["type"]?.text {
    case "integer", "number": return .number(String(1 + numbers.below(200)))
    case "boolean": return .bool(numbers.below(2) == 0)
    case "array": return .array([])
    case "object": return .object([])
    default: return .string(text(named: name, &numbers))
    }
  }

  private static let files = [
    "Sources/Core/Parser.swift", "Sources/Core/Scanner.swift", "Sources/Net/Connection.swift",
    "Sources/Net/Pool.swift", "Tests/CoreTests/ParserTests.swift", "README.md", "Package.swift",
  ]
  private static let commands = [
    "swift build", "swift test --filter ParserTests", "git status --short", "git diff HEAD~1",
    "ls -la Sources", "rg -n \"TODO\" Sources",
  ]

  private static func text(named name: String, _ numbers: inout SeededNumbers) -> String {
    let lower = name.lowercased()
    if lower.contains("path") || lower.contains("file") { return numbers.pick(files) ?? "" }
    if lower.contains("command") || lower.contains("cmd") { return numbers.pick(commands) ?? "" }
    if lower.contains("pattern") || lower.contains("query") {
      return numbers.pick(["func parse", "struct Range", "TODO", "deinit"]) ?? ""
    }
    return prose(sentences: 1, &numbers)
  }
}
