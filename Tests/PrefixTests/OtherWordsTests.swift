import Prompt
import Testing

@testable import Prefix

@Suite struct OtherWordsTests {
  private func isSameButIDs(_ a: String, _ b: String) -> Bool {
    Array(a.utf8).withUnsafeBytes { left in
      Array(b.utf8).withUnsafeBytes { OtherWords.isSameButIDs(left, $0) }
    }
  }

  @Test(arguments: [
    (#"{"id":"call_1","x":1}"#, #"{"id":"call_12","x":1}"#),
    (#"{"tool_call_id": "a","content":"c"}"#, #"{"tool_call_id": "bcd","content":"c"}"#),
    (#"[{"id":"a"},{"call_id":"b"}]"#, #"[{"id":"c"},{"call_id":"d"}]"#),
    (#"{"tool_use_id":"","x":1}"#, #"{"tool_use_id":"t","x":1}"#),
  ])
  func `ids of any length are passed over`(_ a: String, _ b: String) {
    #expect(isSameButIDs(a, b))
  }

  @Test(arguments: [
    (#"{"id":"a","text":"one"}"#, #"{"id":"b","text":"two"}"#),
    (#"{"name":"a"}"#, #"{"name":"b"}"#),
    (#"{"id":"a"}"#, #"{"id":"b","x":1}"#),
    (#"{"arguments":"{\"id\":\"a\"}"}"#, #"{"arguments":"{\"id\":\"b\"}"}"#),
    (#"{"id":"a b"}"#, #"{"id":"c d"}"#),
  ])
  func `anything else that differs is seen`(_ a: String, _ b: String) {
    #expect(!isSameButIDs(a, b))
  }
}
