import Bytes
import Prompt
import Testing

@testable import Prefix

/// Requests that are as large as the limits allow are measured on the loop's thread: no part of that
/// may take longer than the request is long.
@Suite struct LongTextTests {
  private func reception(_ requests: [String]) throws -> Reception {
    let table = SessionTable()
    let context = RequestContext(
      key: GroupKey(credential: 1, upstream: 0, dialect: .openAIChat), hint: nil, connection: 1,
      now: 1000)
    var last: Reception?
    for request in requests {
      last = table.receive(
        ByteBuffer(copying: Array(request.utf8)), dialect: .openAIChat, context)
    }
    return try #require(last)
  }

  private func history(_ request: String) throws -> History {
    let body = ByteBuffer(copying: Array(request.utf8))
    let index = try #require(RequestIndexer.index(body.bytes, dialect: .openAIChat))
    return History(index: index, body: body)
  }

  private func message(_ role: String, _ text: String) -> String {
    #"{"role":"\#(role)","content":"\#(text)"}"#
  }

  private func request(_ messages: [String]) -> String {
    #"{"model":"m","messages":[\#(messages.joined(separator: ","))]}"#
  }

  /// With a search per message through all of the others this takes minutes.
  @Test(.timeLimit(.minutes(1)))
  func `a hundred thousand changed messages are paired in their places`() throws {
    let count = 100_000
    let old = (0..<count).map { message($0 % 2 == 0 ? "user" : "assistant", "message \($0) a") }
    let new = (0..<count).map { message($0 % 2 == 0 ? "user" : "assistant", "message \($0) b") }
    let alignment = Alignment(old: try history(request(old)), new: try history(request(new)))
    let matches = alignment.matches.suffix(count)
    let first = try #require(matches.first?.old)
    let isInPlace = zip(matches, first...).allSatisfy { $0.old == $1 }
    #expect(isInPlace)
  }

  @Test(.timeLimit(.minutes(1)))
  func `as many messages that are all alike are found again`() throws {
    let count = 100_000
    let old = (0..<count).map { _ in message("user", "go on") }
    let new = [message("user", "go on, please")] + old
    let reception = try reception([request(old), request(new)])
    let kept = try #require(reception.alignment?.matches).suffix(count).count { $0.isUnchanged }
    #expect(kept == count)
  }

  @Test func `a clock in a long line of text is one, other words in it are none`() {
    let text = String(repeating: "some words that stay, ", count: 50_000)
    #expect(VolatileText.isClock(text + "it is 14:03 now", text + "it is 14:04 now"))
    #expect(!VolatileText.isClock(text + "it is 14:03 now", text + "it is late now"))
    #expect(!VolatileText.isClock("14:03 " + text, "14:04 some " + text))
    #expect(!VolatileText.isClock("date 14:03 x y", "date 14:04 x z"))
    let long = String(repeating: "1", count: 100)
    #expect(!VolatileText.isClock("date \(long)", "date \(long)2"))
  }
}
