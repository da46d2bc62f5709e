import Testing

@testable import Prefix

/// Only the part by which two texts differ is looked at; that must not hide a mark.
@Suite struct RedactionTests {
  private static let front = String(repeating: "words in front of it, ", count: 40)
  private static let back = String(repeating: ", words behind it", count: 40)

  @Test(arguments: [
    ("the key abc", "the key [REDACTED]"), ("[redact this", "[redacted this"),
    ("redact me]", "[redact me]ed"), ("***", "****"), ("xxxxxxx", "xxxxxxxx"), ("", "████"),
    ("••• one", "•••• one"),
  ])
  func `a mark at or across the border of a change is seen`(_ was: String, _ now: String) {
    let isMarked = RedactionDetector.isRedaction(was, now)
    #expect(isMarked == (now != "[redact me]ed"))
    #expect(
      RedactionDetector.isRedaction(
        Self.front + was + Self.back, Self.front + now + Self.back) == isMarked)
  }

  @Test func `marks that were there before do not count, wherever the change is`() {
    for mark in ["[redacted]", "********", "xxxxxxxxxx", "████"] {
      let whole = Self.front + mark + " a " + mark + Self.back
      for step in stride(from: 0, to: whole.count, by: 7) {
        var changed = whole
        changed.insert("+", at: changed.index(changed.startIndex, offsetBy: step))
        let isSplit = changed.contains(mark) && !changed.contains(mark + " a " + mark)
        if isSplit { continue }
        #expect(!RedactionDetector.isRedaction(whole, changed))
      }
    }
  }
}
