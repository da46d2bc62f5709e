import Bytes
import CSIMD
import Testing
import TestSupport

private func value(_ text: String) -> String? {
  let buffer = ByteBuffer(copying: Array(text.utf8))
  var scanner = JSONScanner(buffer.bytes)
  return scanner.value().map { String(decoding: buffer.bytes[$0], as: UTF8.self) }
}

/// Where the string that begins the text has its content, looked for byte by byte.
private func closedString(_ text: [UInt8]) -> Range<Int>? {
  var at = 1
  while at < text.count {
    if text[at] == 0x22 { return 1..<at }
    at += text[at] == 0x5C ? 2 : 1
  }
  return nil
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

  @Test func `a string ends at its first quote that is not escaped, wherever blocks begin`() {
    var random = SplitMix(seed: 11)
    for _ in 0..<4000 {
      // From nearly all backslashes to nearly none.
      let letters = Int.random(in: 0...40, using: &random)
      let alphabet = Array(repeating: UInt8(ascii: "a"), count: letters) + [0x5C, 0x5C, 0x5C, 0x22]
      let length = Int.random(in: 0..<280, using: &random)
      let text = [0x22] + (0..<length).map { _ in alphabet.randomElement(using: &random) ?? 0 }
      let buffer = ByteBuffer(copying: text)
      var scanner = JSONScanner(buffer.bytes)
      let found = scanner.string()
      #expect(found == closedString(text), "\(String(decoding: text, as: UTF8.self))")
      #expect(scanner.position == (found.map { $0.upperBound + 1 } ?? 0))
    }
  }

  @Test func `bytes of a block are compared alike on every processor`() {
    var random = SplitMix(seed: 12)
    for number in 0..<2048 {
      let byte = UInt8(truncatingIfNeeded: number)
      let others = [byte &+ 1, byte &- 1, byte ^ 0x80, 0x00, 0xFF]
      let block: [UInt8] = (0..<64).map { _ in
        Bool.random(using: &random) ? byte : others.randomElement(using: &random) ?? 0
      }
      var expected: UInt64 = 0
      for at in 0..<64 where block[at] == byte { expected |= 1 << UInt64(at) }
      #expect(csimd_equal(block, byte) == expected)
      #expect(csimd_equal_portable(block, byte) == expected)
    }
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
