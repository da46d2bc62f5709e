import Bytes
import Testing

private func value(_ text: String) -> String? {
  let buffer = ByteBuffer(copying: Array(text.utf8))
  var scanner = JSONScanner(buffer.bytes)
  return scanner.value().map { String(decoding: buffer.bytes[$0], as: UTF8.self) }
}

@Suite struct JSONScannerTests {
  @Test(
    arguments: [
      (#""a" ,"#, #""a""#), (#""a\"b\\" "#, #""a\"b\\""#),
      (#"{"a":[1,{"b":"]}"}]}x"#, #"{"a":[1,{"b":"]}"}]}"#),
      ("-1.5e+3,", "-1.5e+3"), ("null]", "null"), (#""\\""#, #""\\""#), ("[]", "[]"),
    ])
  func `a value ends where it ends`(_ text: String, _ expected: String) {
    #expect(value(text) == expected)
  }

  @Test(arguments: ["", "\"", "\"a\\\"", "{", "[1,", "{\"a\":\"", ",", "]"])
  func `a value that does not end is none`(_ text: String) {
    #expect(value(text) == nil)
  }

  @Test func `every truncation of a value is refused or shorter, never out of bounds`() {
    let text = #"{"a":"x\\\"y","b":[{"c":null},[],"\u00e9"],"d":-1.5e3}"#
    for length in 0..<text.utf8.count {
      let cut = ByteBuffer(copying: Array(text.utf8.prefix(length)))
      var scanner = JSONScanner(cut.bytes)
      #expect(scanner.value() == nil)
      #expect(JSONValue(cut.bytes) == nil)
    }
  }

  @Test func `decoding reads escapes, surrogate pairs and lone surrogates`() {
    #expect(JSONValue(#""a\n\t\"\\\/\u0041\ud83d\ude00""#) == .string("a\n\t\"\\/A😀"))
    #expect(JSONValue(#""\ud83d""#) == .string("\u{FFFD}"))
  }

  @Test func `nesting beyond the bound is not decoded`() {
    #expect(JSONValue(String(repeating: "[", count: 60) + String(repeating: "]", count: 60)) != nil)
    #expect(JSONValue(String(repeating: "[", count: 65) + String(repeating: "]", count: 65)) == nil)
  }

  @Test func `common prefix and suffix are exact at every length`() {
    for length in [0, 1, 7, 8, 9, 4095, 4096, 4097, 9000] {
      let same = Array(repeating: UInt8(ascii: "a"), count: length)
      let a = ByteBuffer(copying: same + [1, 2, 3])
      let b = ByteBuffer(copying: same + [9, 2, 3])
      #expect(commonPrefixLength(a.bytes, b.bytes) == length)
      #expect(commonSuffixLength(a.bytes, b.bytes) == 2)
      #expect(commonPrefixLength(a.bytes, a.bytes) == length + 3)
      let c = ByteBuffer(copying: [1, 2, 3] + same)
      let d = ByteBuffer(copying: [7, 1, 2, 9] + same)
      #expect(commonSuffixLength(c.bytes, d.bytes) == length)
      #expect(commonSuffixLength(c.bytes, c.bytes) == length + 3)
    }
  }

  @Test func `an escape is decoded wherever it stands, and what is none stays`() {
    let escapes = [
      (#"\n"#, "\n"), (#"\t\r\b\f"#, "\t\r\u{8}\u{c}"), (#"\"\\\/"#, "\"\\/"),
      (#"\u00e9"#, "é"), (#"\uD83D\uDE00"#, "😀"), (#"\uD83D"#, "\u{FFFD}"),
      (#"\uDE00\u0041"#, "\u{FFFD}A"), (#"\uZZZZ"#, #"\uZZZZ"#),
    ]
    for (escape, meant) in escapes {
      for (front, back) in [
        ("", ""), ("plain ", ""), ("", " plain"), ("é ", " 12"), (#"\n"#, #"\n"#),
      ] {
        let text = Array((front + escape + back).utf8)
        let ends = (front, back) == (#"\n"#, #"\n"#) ? ("\n", "\n") : (front, back)
        #expect(text.withUnsafeBytes { decodeJSONString($0[...]) } == ends.0 + meant + ends.1)
      }
    }
    for (bytes, meant): ([UInt8], String) in [
      ([0x5C], #"\"#), ([0x61, 0x5C], #"a\"#), ([0x5C, 0x75, 0x30], #"\u0"#),
      ([0x5C, 0x6E, 0xFF, 0x61], "\n\u{FFFD}a"),
    ] {
      #expect(bytes.withUnsafeBytes { decodeJSONString($0[...]) } == meant)
    }
  }
}
