import Bytes
import Prompt
import Testing

private func weight(_ text: String) -> Int {
  Array(text.utf8).withUnsafeBytes { TokenWeight.of($0) }
}

@Suite struct TokenWeightTests {
  @Test func `words weigh one, long ones more, and marks go together`() {
    #expect(weight("You are brief.") == 4)
    #expect(weight(#"{"type":"string"}"#) == 5)
    #expect(weight("internationalisation") == 3)
    #expect(weight("") == 0)
    #expect(weight(#"\"#) == 1)
  }

  @Test func `a schema weighs more per byte than prose`() {
    let schema = #"{"path":{"type":"string","description":"a path"},"limit":{"type":"integer"}}"#
    let prose = "Please look at the parser and mend what the failing test complains about there."
    #expect(
      Double(weight(schema)) / Double(schema.utf8.count)
        > Double(weight(prose)) / Double(prose.utf8.count))
  }

  @Test func `a range of the prompt is weighed in the order in which it is rendered`() throws {
    let system = #"{"role":"system","content":"one two three"}"#
    let tool = #"{"name":"t"}"#
    let body = ByteBuffer(
      copying: Array(
        #"{"tools":[\#(tool)],"messages":[\#(system),{"role":"user","content":"x"}]}"#.utf8))
    let index = try #require(RequestIndexer.index(body.bytes, dialect: .openAIChat))
    let front = 0..<system.utf8.count
    #expect(index.weight(of: front, body.bytes, .systemFirst) == weight(system))
    #expect(
      index.weight(of: 0..<tool.utf8.count, body.bytes, .toolsFirst) == weight(tool))
    #expect(
      index.weight(of: 0..<index.promptBytes, body.bytes, .toolsFirst)
        == index.weight(of: 0..<index.promptBytes, body.bytes, .systemFirst))
  }

  @Test func `between two reported points both sides are weighed`() {
    var estimate = TokenEstimate()
    estimate.calibrate(bytes: 1000, tokens: 400)
    #expect(estimate.tokens(inFirst: 500) { $0.lowerBound == 0 ? 3 : 1 } == 250)
    #expect(estimate.tokens(inFirst: 1000) { _ in 1 } == 400)
    #expect(estimate.tokens(inFirst: 500) { _ in 0 } == 200)
    #expect(estimate.tokens(inFirst: 2000) { _ in 1 } == 800)
  }
}
