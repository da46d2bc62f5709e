import Bytes

/// Tells which kind of volatile text the changed lines of a prompt are.
enum VolatileText {
  /// The first line and word by which two texts differ is a date, a time or both.
  static func isClock(_ before: String, _ after: String) -> Bool {
    let a = lines(before)
    let b = lines(after)
    guard a.count == b.count else { return false }
    var sawTime = false
    // Most texts that differ do so by a word that is no time, and soon: nothing is done in advance.
    for (old, new) in zip(a, b) where old != new {
      var left = old.utf8
      var right = new.utf8
      while true {
        let x = nextWord(&left)
        let y = nextWord(&right)
        guard let x, let y else {
          if x == nil, y == nil { break }
          return false
        }
        if x.elementsEqual(y) { continue }
        guard isTimeWord(Substring(x)), isTimeWord(Substring(y)) else { return false }
        sawTime =
          sawTime || hasTimeShape(Substring(x)) || isNameOfTime(Substring(x)) || mentionsTime(old)
      }
    }
    return sawTime
  }

  /// The changed lines belong to a report on the workspace: git, directory, file lists.
  static func isEnvironment(_ before: String, _ after: String) -> Bool {
    isInSection(
      before, after,
      [
        "<env>", "working directory", "cwd", "current directory", "git status", "gitstatus",
        "git branch", "current branch", "recent commits", "directory structure", "file tree",
        "repository map", "repo map", "project structure", "workspace", "open files",
        "summaries of some files",
        "recently viewed", "<environment", "tokens left", "context window", "tokens remaining",
        "token budget",
      ])
  }

  /// The changed lines belong to text that is injected: memories, retrieved passages, rules.
  static func isMemory(_ before: String, _ after: String) -> Bool {
    isInSection(
      before, after,
      [
        "<memory", "# memory", "memories", "<recall", "recalled", "retrieved", "<context",
        "relevant passages", "knowledge base", "<rules", "# rules", "user preferences", "<skills",
        "available skills", "available agents",
      ])
  }

  // MARK: Lines

  private static func lines(_ text: String) -> [Substring] {
    text.utf8.split(separator: 0x0A, omittingEmptySubsequences: false).map { Substring($0) }
  }

  /// The range of lines by which the texts differ, as line numbers of `before`.
  private static func firstChangedLine(_ a: [Substring], _ b: [Substring]) -> Int? {
    var front = 0
    while front < a.count, front < b.count, a[front] == b[front] { front += 1 }
    return front == a.count && front == b.count ? nil : front
  }

  private static func isInSection(_ before: String, _ after: String, _ marks: [String]) -> Bool {
    let a = lines(before)
    let b = lines(after)
    guard let line = firstChangedLine(a, b) else { return false }
    let shown = a.isEmpty ? b : a
    // The heading of the section stands above its lines, not far away.
    var at = min(line, shown.count - 1)
    let farthest = max(0, at - 60)
    while at >= farthest {
      let text = heading(shown[at])
      if marks.contains(where: { text.containsText($0) }) { return true }
      // Another heading ends the section.
      if at < line, text.hasPrefix("# ") || text.hasPrefix("## ") { return false }
      at -= 1
    }
    guard line < b.count else { return false }
    let text = heading(b[line])
    return marks.contains { text.containsText($0) }
  }

  /// The start of a line, which is where it says what it is about.
  private static func heading(_ line: Substring) -> String {
    String(decoding: line.utf8.prefix(512), as: UTF8.self).lowercased()
  }

  // MARK: Words

  private static func isSeparator(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: ","), UInt8(ascii: ";"),
      UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: "["), UInt8(ascii: "]"),
      UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "\""), UInt8(ascii: "'"),
      UInt8(ascii: "`"), UInt8(ascii: "|"), UInt8(ascii: "="):
      true
    default: false
    }
  }

  /// Takes the next word off the line.
  private static func nextWord(_ rest: inout Substring.UTF8View) -> Substring.UTF8View? {
    let begin = rest.drop { isSeparator($0) }
    let word = begin.prefix { !isSeparator($0) }
    rest = begin[word.endIndex...]
    return word.isEmpty ? nil : word
  }

  /// Longer than any date or time.
  private static let longestTime = 64

  private static func mentionsTime(_ line: Substring) -> Bool {
    let text = line.lowercased()
    return ["date", "time", "today", "clock", " now", "utc", "timestamp"].contains {
      text.containsText($0)
    }
  }

  private static func isTimeWord(_ word: Substring) -> Bool {
    guard word.utf8.count <= longestTime else { return false }
    return isNameOfTime(word) || hasTimeShape(word)
      || (word.contains { $0.isNumber } && word.allSatisfy { $0.isNumber || ".:".contains($0) })
  }

  /// Digits joined by separators that dates and times use: 2026-11-21T14:03:22.5Z, 14:03, 11/21/26.
  private static func hasTimeShape(_ word: Substring) -> Bool {
    let core = word.drop { !$0.isNumber }
    guard core.contains(where: { $0.isNumber }), word.count - core.count <= 1 else { return false }
    guard core.contains(where: { ":-/".contains($0) }) else { return false }
    return core.allSatisfy { $0.isNumber || ":-/.TZ+apmAPM".contains($0) }
  }

  private static func isNameOfTime(_ word: Substring) -> Bool {
    let text = word.lowercased().filter { $0.isLetter }
    guard text.count >= 2 else { return false }
    if ["am", "pm", "utc", "gmt", "cet", "cest", "pst", "pdt", "est", "edt"].contains(text) {
      return true
    }
    let names = [
      "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "january",
      "february", "march", "april", "may", "june", "july", "august", "september", "october",
      "november", "december",
    ]
    return text.count >= 3
      && names.contains { $0 == text || ($0.hasPrefix(text) && text.count <= 4) }
  }
}
