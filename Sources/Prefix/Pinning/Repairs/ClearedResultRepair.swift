import Bytes

/// An old tool result that was cleared, pruned or truncated. The marker that stands there instead
/// tells the model that something is gone, which is not so; but one that says where the text went is
/// told.
enum ClearedResultRepair: BlockRepair {
  static let repairClass = RepairClass.clearedResult
  static let causes: [Cause] = [.toolResultCleared]

  static func action(_ change: BlockChange) -> BlockRepairAction {
    change.newLines.allSatisfy { isMarker($0, change.was) } ? .keep : .keepAndTell
  }

  /// A short line without a path or an address, or the beginning of a line that was cut.
  private static func isMarker(_ line: Substring, _ was: String) -> Bool {
    if ClearedResultDetector.isMarker(line) {
      return line.utf8.count <= 160 && !line.contains("/") && !line.contains("\\")
    }
    return line.utf8.count >= 8 && was.containsText(String(line))
  }
}
