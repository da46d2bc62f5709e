import Bytes

/// Whether an old tool result was cleared, pruned or truncated to save room.
enum ClearedResultDetector {
  private static let marks = [
    "content cleared", "old tool result", "[truncated", "truncated]", "output truncated",
    "lines omitted", "lines hidden", "output omitted", "old environment output",
    "elided", "content omitted", "result pruned", "output pruned", "[cleared", "removed to save",
    "removed from this turn",
  ]

  /// Whether the shorter text says that something was taken out of it, and the longer one did not.
  static func isMarked(_ before: String, _ after: String) -> Bool {
    guard after.utf8.count < before.utf8.count else { return false }
    let text = after.lowercased()
    let was = before.lowercased()
    return marks.contains { text.containsText($0) && !was.containsText($0) }
  }

  /// Whether a line is what stands in place of text that was taken out.
  static func isMarker(_ line: Substring) -> Bool {
    let text = line.lowercased()
    return marks.contains { text.containsText($0) }
  }

  static func isCleared(_ before: String, _ after: String) -> Bool {
    let old = before.utf8.count
    let new = after.utf8.count
    guard new < old else { return false }
    if isMarked(before, after) { return true }
    // Nothing, or a stub, in place of something long; or the beginning of it.
    return (new * 4 < old && new < 200)
      || (new * 2 < old && before.hasPrefix(after.prefix(new / 2)))
  }
}
