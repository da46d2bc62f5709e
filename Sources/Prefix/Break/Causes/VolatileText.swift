import Bytes

/// Tells which kind of volatile text the changed lines of a prompt are.
enum VolatileText {
  /// The first line and word by which two texts differ is a date, a time or both.
  static func isClock(_ before: String, _ after: String) -> Bool {
    guard let pairs = changedLines(before, after), !pairs.isEmpty else { return false }
    var sawTime = false
    for (old, new) in pairs {
      let a = words(old)
      let b = words(new)
      guard a.count == b.count else { return false }
      let named = mentionsTime(old)
      for (x, y) in zip(a, b) where x != y {
        guard isTimeWord(x), isTimeWord(y) else { return false }
        sawTime = sawTime || named || hasTimeShape(x) || isNameOfTime(x)
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

  /// Pairs of lines that differ; nil if the number of lines differs.
  private static func changedLines(_ before: String, _ after: String) -> [(String, String)]? {
    let a = before.split(separator: "\n", omittingEmptySubsequences: false)
    let b = after.split(separator: "\n", omittingEmptySubsequences: false)
    guard a.count == b.count else { return nil }
    return zip(a, b).filter { $0 != $1 }.map { (String($0), String($1)) }
  }

  /// The range of lines by which the texts differ, as line numbers of `before`.
  private static func firstChangedLine(_ a: [Substring], _ b: [Substring]) -> Int? {
    var front = 0
    while front < a.count, front < b.count, a[front] == b[front] { front += 1 }
    return front == a.count && front == b.count ? nil : front
  }

  private static func isInSection(_ before: String, _ after: String, _ marks: [String]) -> Bool {
    let a = before.split(separator: "\n", omittingEmptySubsequences: false)
    let b = after.split(separator: "\n", omittingEmptySubsequences: false)
    guard let line = firstChangedLine(a, b) else { return false }
    let shown = a.isEmpty ? b : a
    // The heading of the section stands above its lines, not far away.
    var at = min(line, shown.count - 1)
    let farthest = max(0, at - 60)
    while at >= farthest {
      let text = shown[at].lowercased()
      if marks.contains(where: { text.containsText($0) }) { return true }
      // Another heading ends the section.
      if at < line, text.hasPrefix("# ") || text.hasPrefix("## ") { return false }
      at -= 1
    }
    return line < b.count && marks.contains { b[line].lowercased().containsText($0) }
  }

  // MARK: Words

  private static func words(_ line: String) -> [Substring] {
    line.split { " \t,;()[]<>\"'`|=".contains($0) }
  }

  private static func mentionsTime(_ line: String) -> Bool {
    let text = line.lowercased()
    return ["date", "time", "today", "clock", " now", "utc", "timestamp"].contains {
      text.containsText($0)
    }
  }

  private static func isTimeWord(_ word: Substring) -> Bool {
    isNameOfTime(word) || hasTimeShape(word)
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
