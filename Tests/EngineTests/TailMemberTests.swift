import Bytes
import Testing

@testable import Engine

@Suite struct TailMemberTests {
  private func joined(_ pieces: [ByteSlice]?) -> String? {
    pieces.map { String(decoding: $0.flatMap { Array($0.bytes) }, as: UTF8.self) }
  }

  private func pieces(_ texts: String...) -> [ByteSlice] {
    texts.map { ByteSlice(ByteBuffer(copying: Array($0.utf8))) }
  }

  @Test(arguments: [
    (#"{"a":1}"#, #"{"a":1,"id_slot":2}"#),
    ("{\"a\" : [ ] \n}\n ", "{\"a\" : [ ] \n,\"id_slot\":2}\n "),
    (#"{"a":{}}"#, #"{"a":{},"id_slot":2}"#),
  ])
  func `a member is added at the end and every other byte stays`(_ body: String, _ made: String) {
    #expect(joined(TailMember.add("\"id_slot\":2", to: pieces(body))) == made)
  }

  @Test func `the body may lie in any pieces`() {
    let expected = #"{"a":[1],"s":2} "#
    #expect(joined(TailMember.add("\"s\":2", to: pieces(#"{"a":["#, "1", "]", "} "))) == expected)
    #expect(joined(TailMember.add("\"s\":2", to: pieces(#"{"a":[1]}"#, " "))) == expected)
    #expect(
      joined(TailMember.add("\"s\":2", to: pieces("", #"{"a":[1]"#, "", "} ", ""))) == expected)
  }

  @Test(arguments: ["", "{}", " { } ", "[1]", "{\"a\":1,}", "}"])
  func `anything but an object with members is left alone`(_ body: String) {
    #expect(joined(TailMember.add("\"s\":2", to: pieces(body))) == nil)
  }
}
