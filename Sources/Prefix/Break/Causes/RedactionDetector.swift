import Bytes

/// Whether a changed text blanks what the old one had.
///
/// Redaction overrides everything else: nothing may bring the old text back. It is recognised by
/// marks that the new text has and the old one did not, so that old marks do not count.
enum RedactionDetector {
  private static let marks = [
    "[redacted", "<redacted", "(redacted", "{redacted", "redacted_", "[masked", "<masked",
    "[filtered", "[removed by", "[secret", "<secret", "[hidden]", "[censored",
  ]

  static func isRedaction(_ before: String, _ after: String) -> Bool {
    let old = before.lowercased()
    let new = after.lowercased()
    if marks.contains(where: { new.countText($0) > old.countText($0) }) { return true }
    return maskRuns(after) > maskRuns(before)
  }

  /// Runs of four or more of one masking character; three asterisks are Markdown's rule.
  private static func maskRuns(_ text: String) -> Int {
    var runs = 0
    var length = 0
    var previous: Character = " "
    for character in text {
      if character == previous, "*•█▇xX".contains(character) {
        length += 1
        let needed = character == "x" || character == "X" ? 8 : 4
        if length == needed { runs += 1 }
      } else {
        length = 1
      }
      previous = character
    }
    return runs
  }
}
