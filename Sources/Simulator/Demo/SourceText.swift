/// Text that looks like what coding agents carry around: source files, listings, test output,
/// instructions. The same seed gives the same text.
enum SourceText {
  private static let nouns = [
    "buffer", "cursor", "session", "record", "header", "frame", "window", "token", "range",
    "packet",
    "digest", "queue", "reader", "writer", "socket", "entry", "batch", "ledger", "prefix", "region",
  ]
  private static let verbs = [
    "advance", "append", "collect", "decode", "drain", "encode", "flush", "insert", "merge",
    "parse",
    "release", "reserve", "resume", "split", "store", "trim", "update", "validate", "visit",
    "write",
  ]

  /// `lines` lines of source code, each ended by a line feed.
  static func code(lines: Int, seed: UInt64) -> String {
    var numbers = SeededNumbers(seed: seed)
    var text = "import Core\n\n"
    var written = 2
    while written < lines {
      let noun = numbers.pick(nouns) ?? "value"
      let verb = numbers.pick(verbs) ?? "read"
      let other = numbers.pick(nouns) ?? "item"
      let size = numbers.below(4096)
      text += "  /// Returns the \(noun) after the \(other) at `offset`, or nil when it is short.\n"
      text +=
        "  mutating func \(verb)\(other.capitalizedFirst)(_ \(noun): Int, limit: Int) -> Int? {\n"
      text += "    guard \(noun) + \(size) <= limit, !\(other)s.isEmpty else { return nil }\n"
      text += "    let \(verb)ed = \(other)s[\(noun) % \(other)s.count].\(verb)(upTo: limit)\n"
      text += "    total += \(verb)ed &* \(numbers.below(97))\n"
      text += "    return \(verb)ed\n  }\n\n"
      written += 8
    }
    return text
  }

  /// The same text as a viewer shows it, with a number in front of each line.
  static func numbered(_ text: String) -> String {
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    if lines.last?.isEmpty == true { lines.removeLast() }
    return lines.enumerated().map { index, line in
      let number = String(index + 1)
      return String(repeating: " ", count: max(0, 6 - number.utf8.count)) + number + "\t" + line
    }.joined(separator: "\n") + "\n"
  }

  /// What a test run prints.
  static func testLog(lines: Int, seed: UInt64) -> String {
    var numbers = SeededNumbers(seed: seed)
    var text = "Building for debugging...\n"
    for _ in 0..<lines {
      let verb = numbers.pick(verbs) ?? "read"
      let noun = numbers.pick(nouns) ?? "value"
      text +=
        "Test \"a \(noun) can \(verb) twice\" passed after 0.\(100 + numbers.below(900)) seconds.\n"
    }
    return text + "Test run with \(lines) tests passed.\n"
  }

  /// A map of a repository as it depends on what was last talked about.
  static func repositoryMap(files: Int, seed: UInt64) -> String {
    var numbers = SeededNumbers(seed: seed)
    var text = "Here are summaries of some files present in my git repository.\n\n"
    for _ in 0..<files {
      let noun = (numbers.pick(nouns) ?? "value").capitalizedFirst
      text += "Sources/Core/\(noun)\(numbers.below(40)).swift:\n⋮\n│struct \(noun) {\n"
      for _ in 0..<3 {
        text +=
          "│  func \(numbers.pick(verbs) ?? "read")(_ \(numbers.pick(nouns) ?? "value"): Int)\n"
      }
      text += "⋮\n\n"
    }
    return text
  }

  /// `sentences` sentences of instructions, as system prompts and tool descriptions have them.
  static func instructions(sentences: Int, seed: UInt64) -> String {
    var numbers = SeededNumbers(seed: seed)
    let starts = [
      "Always", "Never", "Prefer to", "Before you finish,", "When asked,", "If in doubt,",
      "For long tasks,", "After each change,",
    ]
    let actions = [
      "read the file before you edit it", "keep the answer short and to the point",
      "run the tests that cover the change", "follow the conventions of the code around you",
      "ask before you delete anything", "explain what a command does before it runs",
      "use absolute paths", "leave unrelated code alone", "look for an existing function first",
    ]
    return (0..<sentences).map { _ in
      "\(numbers.pick(starts) ?? "Always") \(numbers.pick(actions) ?? "be careful")."
    }.joined(separator: " ")
  }

  /// What a person types.
  static func task(seed: UInt64) -> String {
    var numbers = SeededNumbers(seed: seed)
    let noun = numbers.pick(nouns) ?? "value"
    let verb = numbers.pick(verbs) ?? "read"
    return
      (numbers.pick([
        "Please find out why the \(noun) does not \(verb) when the input is empty, and fix it.",
        "Add a test that shows how the \(noun) can \(verb) twice without losing bytes.",
        "The \(noun) should \(verb) in one pass. Refactor it and keep the public interface.",
        "Something in the \(noun) is slow. Measure it, then make \(verb) linear.",
      ]) ?? "Please look at the \(noun).")
  }
}

extension String {
  fileprivate var capitalizedFirst: String { prefix(1).uppercased() + dropFirst() }
}
