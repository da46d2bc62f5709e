import Bytes

/// Whether a changed text blanks what the old one had.
///
/// Redaction overrides everything else: nothing may bring the old text back. It is recognised by
/// marks that the new text has and the old one did not, so that old marks do not count, and by
/// credentials that the old text had and the new one has no more.
enum RedactionDetector {
  /// In lower case. Words and runs of masking characters are counted apart (`MaskRuns`).
  private static let marks = [
    "redacted_", "[masked", "<masked", "[filtered", "[removed by", "[removed]", "(removed)",
    "[deleted]", "[secret", "<secret", "[hidden]", "<hidden>", "[censored", "[blocked]", "[pii",
    "[private]", "<private>", "[sanitized", "<sanitized", "[sensitive", "<sensitive", "[api_key]",
    "<api_key>",
  ]

  static func isRedaction(_ before: String, _ after: String) -> Bool {
    let (was, now) = changed(before, after)
    let old = was.lowercased()
    let new = now.lowercased()
    if marks.contains(where: { new.countText($0) > old.countText($0) }) { return true }
    if MaskRuns.count(now) > MaskRuns.count(was) { return true }
    return CredentialWords.isOneGone(was, now) {
      // Text that is left out to save room takes its credentials with it.
      ClearedResultDetector.isCleared(before, after)
    }
  }

  /// More bytes than any mark has, or the name in front of a credential.
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
}
