import Bytes
import Prefix
import Prompt
import Testing

@Suite struct NeutralTests {
  @Test func `a history of which every message is written in another form is no break`() throws {
    let verdict = try rewritten(60, of: 60, bytes: 400)
    #expect(verdict.cause == .neutralRerender)
  }

  @Test func `what is too much to be compared by meaning is called re-rendered`() throws {
    let verdict = try rewritten(8, of: 20, bytes: 64 << 10)
    #expect(verdict.cause == .contentShape)
    #expect(verdict.tier == .lossless)
  }

  /// A conversation of which the first messages come back as lists of one part instead of strings.
  private func rewritten(_ rewritten: Int, of count: Int, bytes: Int) throws -> Verdict {
    let texts = (0..<count).map { number in
      (0..<(bytes / 16)).map { "word \(number) \($0 * 7)" }.joined(separator: " ")
    }
    func body(_ content: (Int, String) -> String) -> [UInt8] {
      let messages = texts.enumerated().map {
        #"{"role":"\#($0 % 2 == 0 ? "user" : "assistant")","content":\#(content($0, $1))}"#
      }
      return Array(#"{"model":"m","messages":[\#(messages.joined(separator: ","))]}"#.utf8)
    }
    let table = SessionTable()
    let context = RequestContext(
      key: GroupKey(credential: 1, upstream: 0, dialect: .openAIChat), hint: nil, connection: 1,
      now: 1000)
    _ = try #require(
      table.receive(ByteBuffer(copying: body { "\"\($1)\"" }), dialect: .openAIChat, context))
    let reception = try #require(
      table.receive(
        ByteBuffer(
          copying: body {
            $0 < rewritten ? #"[{"type":"text","text":"\#($1)"}]"# : "\"\($1)\""
          }), dialect: .openAIChat,
        context))
    return CauseFinder.verdict(reception)
  }
}
