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

  /// Runs of four or more of one masking character, eight of a letter; three asterisks are Markdown's
  /// rule.
  private static func maskRuns(_ text: String) -> Int {
    var text = text
    var runs = ["••••", "████", "▇▇▇▇"].reduce(0) { $0 + text.countText($1) }
    text.withUTF8 { bytes in
      var length = 0
      var previous: UInt8 = 0
      for byte in bytes {
        length = byte == previous ? length + 1 : 1
        previous = byte
        if byte == UInt8(ascii: "*"), length == 4 { runs += 1 }
        if byte == UInt8(ascii: "x") || byte == UInt8(ascii: "X"), length == 8 { runs += 1 }
      }
    }
    return runs
  }
}
