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
    var start = max(0, at - before)
    var end = min(text.count, at + after)
    while start > 0, start < text.count, text[start] & 0xC0 == 0x80 { start -= 1 }
    while end < text.count, text[end] & 0xC0 == 0x80 { end += 1 }
    // A secret is recognised only as a whole word, so the mask sees more than is shown.
    let wideStart = max(0, start - 200)
    let wideEnd = min(text.count, end + 200)
    let wide = SecretMask.masked(String(decoding: text[wideStart..<wideEnd], as: UTF8.self))
    let plain = String(decoding: text[wideStart..<wideEnd], as: UTF8.self)
    guard wide == plain else {
      return String(wide.dropFirst(max(0, (start - wideStart) / 2)).prefix(before + after))
    }
    return String(decoding: text[start..<end], as: UTF8.self)
  }
}
