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
    let (before, after) = changed(before, after)
    let old = before.lowercased()
    let new = after.lowercased()
    if marks.contains(where: { new.countText($0) > old.countText($0) }) { return true }
    return maskRuns(after) > maskRuns(before)
  }

  /// More bytes than any mark has.
  private static let margin = 64

  /// The parts by which two texts differ, with a margin. What stands in front of them and behind them
  /// is the same in both, so that it has as many marks in both.
  private static func changed(_ before: String, _ after: String) -> (String, String) {
    var before = before
    var after = after
    return before.withUTF8 { old in
      after.withUTF8 { new in
        let a = UnsafeRawBufferPointer(old)
        let b = UnsafeRawBufferPointer(new)
        let front = commonPrefixLength(a, b)
        let back = commonSuffixLength(
          UnsafeRawBufferPointer(rebasing: a.dropFirst(front)),
          UnsafeRawBufferPointer(rebasing: b.dropFirst(front)))
        let start = max(0, front - margin)
        let end = max(0, back - margin)
        return (
          String(decoding: a[start..<(a.count - end)], as: UTF8.self),
          String(decoding: b[start..<(b.count - end)], as: UTF8.self)
        )
      }
    }
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
