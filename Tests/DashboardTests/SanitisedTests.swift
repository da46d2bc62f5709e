import Dashboard
import Glibc
import Testing

struct SanitisedTests {
  @Test(arguments: [
    ("a\u{1b}]52;c;aGk=\u{7}b", "a\\x1b]52;c;aGk=\\x07b"),
    ("\u{1b}[2J", "\\x1b[2J"),
    ("line\r\nnext\t.", "line\\r\\nnext\\t."),
    ("\u{202e}evil\u{2066}", "\\u{202e}evil\\u{2066}"),
    ("\u{9b}31m", "\\u{9b}31m"),
    ("\u{7f}", "\\x7f"),
    ("zero\u{200b}width\u{feff}", "zero\\u{200b}width\\u{feff}"),
    ("\u{2028}", "\\u{2028}"),
    ("e\u{301}\u{302}", "e\u{301}\\u{302}"),
    ("\u{301}alone", "\\u{301}alone"),
    ("日本 é", "日本 é"),
  ])
  func `what a terminal would obey becomes visible`(_ source: String, _ shown: String) {
    #expect(Sanitised(source).text == shown)
  }

  @Test func `bytes that are no UTF-8 are shown one by one`() {
    #expect(Sanitised(bytes: [0x61, 0xFF, 0x62]).text == "a\\xffb")
    #expect(Sanitised(bytes: [0xC0, 0x80]).text == "\\xc0\\x80")
    #expect(Sanitised(bytes: [0xED, 0xA0, 0x80]).text == "\\xed\\xa0\\x80")
    #expect(Sanitised(bytes: [0xE6, 0x97]).text == "\\xe6\\x97")
    #expect(Sanitised(bytes: Array("日".utf8)).width == 2)
  }

  @Test func `in ASCII mode every other scalar is an escape`() {
    #expect(Sanitised("é日", ascii: true).text == "\\u{e9}\\u{65e5}")
  }

  @Test func `any bytes come out printable`() {
    var seed: UInt64 = 88_172_645_463_325_252
    for _ in 0..<2_000 {
      let bytes = (0..<24).map { _ -> UInt8 in
        seed ^= seed << 13
        seed ^= seed >> 7
        seed ^= seed << 17
        return UInt8(truncatingIfNeeded: seed)
      }
      let clean = Sanitised(bytes: bytes)
      #expect(clean.width == TextWidth.columns(of: clean.text))
      let isPrintable = clean.text.unicodeScalars.allSatisfy {
        TextWidth.classify($0) != .unprintable
      }
      #expect(isPrintable)
      #expect(Sanitised(clean.text).text == clean.text)
    }
  }

  @Test func `no cell can hold a control character`() {
    var frame = Frame(size: Size(columns: 20, rows: 1))
    frame.put("a\u{1b}\u{7}\nb", row: 0, column: 0)
    #expect(frame.text == "a???b")
  }
}
