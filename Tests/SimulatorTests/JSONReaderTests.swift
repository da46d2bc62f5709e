import Testing

@testable import Simulator

@Suite struct JSONReaderTests {
  @Test func `order, spelling of numbers and escapes are kept or decoded`() throws {
    let value = try JSONReader.read(#" {"b":[1.50,-2e3,true,null],"a":"\u00e9\ud83d\ude00\n\/"} "#)
    #expect(
      value
        == .object([
          .init(
            key: "b",
            value: .array([.number("1.50"), .number("-2e3"), .bool(true), .null])),
          .init(key: "a", value: .string("é😀\n/")),
        ]))
  }

  @Test(arguments: [
    "", " ", "{", "[", "[1", "[1,", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1,", "\"", "\"\\",
    "\"\\u12", "tru", "nul", "-", "1.", "1e", "01", "[1]]", "{} x", "NaN", "{a:1}", "[1 2]",
    "\"\\ud800\"", "\"\\ud800\\u0041\"", "\"\\x\"", "\"\u{1}\"", "{,}", "[,]", "{\"a\":}",
  ])
  func `malformed text is an error`(text: String) {
    #expect(throws: JSONError.self) { try JSONReader.read(text) }
  }

  @Test func `bad UTF-8 is an error`() {
    #expect(throws: JSONError.self) { try JSONReader.read([0x22, 0xFF, 0x22]) }
  }

  @Test func `hostile nesting is an error and no overflow`() {
    for opening in ["[", "{\"a\":"] {
      let text = String(repeating: opening, count: 200_000)
      let error = #expect(throws: JSONError.self) { try JSONReader.read(text) }
      #expect(error?.reason == .tooDeep)
    }
  }

  @Test func `every prefix of a text is refused without reading past its end`() throws {
    let text = Array(#"{"a":[1,{"b":"x\u00e9\\"},-1.5e-3,false],"c":null}"#.utf8)
    for end in 0..<text.count {
      #expect(throws: JSONError.self) { try JSONReader.read(Array(text[..<end])) }
    }
    _ = try JSONReader.read(text)
  }

  @Test func `a byte order mark is skipped`() throws {
    #expect(try JSONReader.read([0xEF, 0xBB, 0xBF] + Array("[]".utf8)) == .array([]))
  }

  @Test func `what was read is written back in either style`() throws {
    let value = try JSONReader.read(#"{"a":[1,"x\"\n\u0001"],"b":{},"c":[]}"#)
    #expect(JSONText.compact(value) == #"{"a":[1,"x\"\n\u0001"],"b":{},"c":[]}"#)
    #expect(JSONText.spaced(value) == #"{"a": [1, "x\"\n\u0001"], "b": {}, "c": []}"#)
  }

  @Test func `an integer is one however it is spelled`() throws {
    #expect(try JSONReader.read("1e2").integer == 100)
    #expect(try JSONReader.read("1.5").integer == nil)
    #expect(try JSONReader.read("99999999999999999999").integer == nil)
    #expect(try JSONReader.read("1e999").integer == nil)
  }
}
