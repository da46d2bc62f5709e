/// Short was/now excerpts around the first difference of two texts, secrets masked.
enum Excerpt {
  static let before = 24
  static let after = 48

  static func pair(_ was: String, _ now: String) -> (was: String, now: String) {
    let a = Array(was.utf8)
    let b = Array(now.utf8)
    var at = 0
    while at < a.count, at < b.count, a[at] == b[at] { at += 1 }
    return (cut(a, at), cut(b, at))
  }

  private static func cut(_ text: [UInt8], _ at: Int) -> String {
    // A secret is recognised only as a whole word, so the text is cut between words and the mask
    // sees more than is shown.
    var word = min(at, text.count)
    while word > 0, at - word < 64, !isSpace(text[word - 1]) { word -= 1 }
    let left = SecretMask.masked(decoded(text[max(0, word - 200)..<word]))
    let right = SecretMask.masked(decoded(text[word..<min(text.count, at + 200)]))
    return String(left.suffix(before)) + String(right.prefix(after + at - word))
  }

  private static func isSpace(_ byte: UInt8) -> Bool {
    byte == 0x20 || byte == 0x0A || byte == 0x09 || byte == 0x0D
  }

  private static func decoded(_ bytes: ArraySlice<UInt8>) -> String {
    String(decoding: bytes, as: UTF8.self)
  }
}
