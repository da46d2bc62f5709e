import Dashboard
import Testing

struct FrameTests {
  @Test func `text outside of the grid is cut off`() {
    var frame = Frame(size: Size(columns: 5, rows: 2))
    frame.put("abcdefgh", row: 0, column: 2)
    frame.put("x", row: 7, column: 0)
    frame.put("y", row: 1, column: 9)
    #expect(frame.text == "  abc\n")
  }

  @Test func `a wide glyph is never cut in half`() {
    var frame = Frame(size: Size(columns: 4, rows: 1))
    frame.put("a日本", row: 0, column: 0)
    #expect(frame.text == "a日")
    #expect(frame[row: 0, column: 2].width == 0)
  }

  @Test func `a combining mark stays with its letter`() {
    var frame = Frame(size: Size(columns: 4, rows: 1))
    let end = frame.put("e\u{301}x", row: 0, column: 0)
    #expect(end == 2)
    #expect(frame.text == "e\u{301}x")
  }

  @Test func `what is too long ends with a sign`() {
    var frame = Frame(size: Size(columns: 10, rows: 1))
    frame.put("abcdefgh", row: 0, column: 0, in: 5)
    frame.put("12", row: 0, column: 6, in: 4, rightAligned: true)
    #expect(frame.text == "abcd~   12")
  }

  @Test func `a match is found whatever the case`() {
    var frame = Frame(size: Size(columns: 12, rows: 2))
    frame.put("Tool tOOl", row: 1, column: 0)
    frame.highlight("tool", rows: 0..<2)
    #expect(frame.roles == "............\nmmmm.mmmm...")
  }
}
