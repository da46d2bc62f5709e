import Bytes
import Testing

@testable import Prefix

@Suite struct LeafDifferenceTests {
  private static let forms: [CanonicalForm] = [.rendered, .sorted, .meaning, .withoutIDs]

  /// Values that differ from each other in all the ways in which messages do, or do not differ.
  private static let values: [String] = {
    let texts = [
      "one", "one ", "two", "", " ", "{\\\"a\\\":1}", "{\\\"a\\\": 1.0}", "\\u006fne", "on\\u0065",
      "on\\u00E9",
      "on\\u00e9", "one\\n", "\\tone", "on", "\\one",
    ]
    var values: [String] = []
    for text in texts {
      values += [
        #"{"role":"user","content":"\#(text)"}"#,
        #"{"content":"\#(text)","role":"user"}"#,
        #"{"role":"user","content":[{"type":"text","text":"\#(text)"}]}"#,
        #"{"role":"user","content":[{"type":"text","text":"\#(text)"},{"type":"text","text":"x"}]}"#,
        #"{"role":"user","content":"\#(text)","content":"one"}"#,
        #"{"role":"user","content":"one","content":"\#(text)"}"#,
        #"{"role":"user","content":[{"type":"output_text","text":"one","annotations":[{"content":"\#(text)"}]}]}"#,
        #"{"role":"user","content":[{"type":"text","text":"one","cache_control":{"text":"\#(text)"}}]}"#,
        #"{"role":"user","content":[{"type":"text","text":"one","text":"\#(text)"}]}"#,
        #"{"role":"user","content":[{"type":"text","te\u0078t":"one","text":"\#(text)"}]}"#,
        #"{"role":"user","content":"one","strict":{"text":"\#(text)"}}"#,
        #"{"role":"assistant","content":"one","reasoning_content":"\#(text)"}"#,
        #"{"role":"assistant","content":null,"tool_calls":[{"id":"\#(text)","function":{"name":"f","arguments":"{}"}}]}"#,
        #"{"role":"assistant","content":"","tool_calls":[{"id":"a","function":{"name":"f","arguments":"\#(text)"}}]}"#,
        #"{"role":"tool","tool_call_id":"\#(text)","content":"one"}"#,
      ]
    }
    return values + [#"{"role":"user","content":1}"#, #"{"role":"user","content":1.0}"#]
  }()

  @Test func `values that differ in words are equal in no canonical form`() throws {
    let values = try Self.values.map { try #require(JSONValue($0)) }
    var count = 0
    for (one, a) in values.enumerated() {
      for (other, b) in values.enumerated() {
        guard let leaf = LeafDifference(a, b), leaf.isInWords else { continue }
        count += 1
        for form in Self.forms {
          #expect(
            form.digest(a) != form.digest(b), "\(form): \(Self.values[one]) \(Self.values[other])")
        }
      }
    }
    #expect(count > 40)
  }

  @Test func `messages whose bytes differ in words are equal in no canonical form`() throws {
    let buffers = Self.values.map { ByteBuffer(copying: Array($0.utf8)) }
    let digests = try buffers.map { buffer in
      let value = try #require(JSONValue(buffer.bytes))
      return Self.forms.map { $0.digest(value) }
    }
    var count = 0
    for (one, a) in buffers.enumerated() {
      for (other, b) in buffers.enumerated() {
        let front = commonPrefixLength(a.bytes, b.bytes)
        guard RawWords.differ(a.bytes, b.bytes, from: front) else { continue }
        count += 1
        let isAlike = zip(digests[one], digests[other]).contains { $0 == $1 }
        #expect(!isAlike, "\(Self.values[one]) \(Self.values[other])")
      }
    }
    #expect(count > 200)
  }

  @Test(arguments: [
    (
      #"{"role":"user","content":"see you at ten"}"#, #"{"role":"user","content":"see you at two"}"#
    ),
    (
      #"{"content":[{"type":"tool_result","content":"a b","id":"1"}]}"#,
      #"{"content":[{"type":"tool_result","content":"a c","id":"1"}]}"#
    ),
  ])
  func `one text with other words is told from the pair alone`(_ before: String, _ after: String)
    throws
  {
    let old = try #require(JSONValue(before))
    let new = try #require(JSONValue(after))
    let leaf = try #require(LeafDifference(old, new))
    #expect(leaf.isInWords)
  }
}
