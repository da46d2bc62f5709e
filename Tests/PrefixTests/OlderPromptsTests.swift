import Bytes
import Prefix
import Prompt
import Testing

private func index(_ clock: String, _ messages: Int) throws -> RequestIndex {
  let list = (0..<messages).map { #"{"role":"user","content":"message \#($0)"}"# }
  let body = ByteBuffer(
    copying: Array(
      #"{"messages":[{"role":"system","content":"\#(clock)"},\#(list.joined(separator: ","))]}"#
        .utf8))
  return try #require(RequestIndexer.index(body.bytes, dialect: .openAIChat))
}

@Suite struct OlderPromptsTests {
  @Test func `a request that turns back to a displaced prompt finds it`() throws {
    var older = OlderPrompts()
    older.note(try index("a", 3), .systemFirst, tokens: 300)
    older.note(try index("b", 4), .systemFirst, tokens: 400)
    #expect(older.longest(continuedBy: try index("a", 5), .systemFirst) == 300)
    #expect(older.longest(continuedBy: try index("b", 5), .systemFirst) == 400)
    #expect(older.longest(continuedBy: try index("c", 5), .systemFirst) == nil)
    #expect(older.longest(continuedBy: try index("a", 2), .systemFirst) == nil)
  }

  @Test func `a longer prompt replaces what it continues, and the number is bounded`() throws {
    var older = OlderPrompts()
    for count in 1...9 { older.note(try index("a", count), .systemFirst, tokens: count * 100) }
    for clock in ["b", "c", "d"] { older.note(try index(clock, 1), .systemFirst, tokens: 1) }
    #expect(older.longest(continuedBy: try index("a", 9), .systemFirst) == 900)
    older.note(try index("e", 1), .systemFirst, tokens: 1)
    #expect(older.longest(continuedBy: try index("a", 9), .systemFirst) == nil)
  }
}
