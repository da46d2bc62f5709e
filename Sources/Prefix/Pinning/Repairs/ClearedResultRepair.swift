import Bytes

/// An old tool result that was cleared, pruned or truncated. The marker that stands there instead
/// tells the model that something is gone, which is not so; but one that says where the text went is
/// told.
enum ClearedResultRepair: BlockRepair {
  static let repairClass = RepairClass.clearedResult
  static let causes: [Cause] = [.toolResultCleared]
  static let tellsGone = false

  private static let plainWords: Set<String> = [
    "old", "older", "earlier", "previous", "tool", "result", "results", "environment", "output",
    "outputs", "content", "contents", "text", "line", "lines", "character", "characters", "chars",
    "byte", "bytes", "token", "tokens", "cleared", "omitted", "hidden", "truncated", "removed",
    "elided", "pruned", "more", "of", "the", "this", "a", "from", "turn", "in", "and", "to", "for",
    "save", "space", "context", "brevity", "was", "were", "is", "are", "has", "have", "been",
  ]

  static func action(_ change: BlockChange) -> BlockRepairAction {
    change.newLines.allSatisfy { isMarker($0, change.was) } ? .keep : .keepAndTell
  }

  /// A line of words that only say that something is gone, or the beginning of a line that was cut.
  private static func isMarker(_ line: Substring, _ was: String) -> Bool {
    if ClearedResultDetector.isMarker(line) {
      return line.split { !$0.isLetter && !$0.isNumber }.allSatisfy { word in
        word.allSatisfy(\.isNumber) || plainWords.contains(word.lowercased())
      } && !line.contains("/") && !line.contains("\\")
    }
    return line.utf8.count >= 8 && was.containsText(String(line))
  }
}
