import Bytes
import Prompt
import Testing

@testable import Prefix

@Suite struct AlignmentTests {
  private func history(_ messages: [String]) throws -> History {
    let list = messages.map { #"{"role":"user","content":"\#($0)"}"# }.joined(separator: ",")
    let body = ByteBuffer(copying: Array(#"{"model":"m","messages":[\#(list)]}"#.utf8))
    let index = try #require(RequestIndexer.index(body.bytes, dialect: .openAIChat))
    return History(index: index, body: body)
  }

  private func same(_ old: [String], _ new: [String]) throws -> [Int: Int] {
    let (old, new) = (try history(old), try history(new))
    let alignment = Alignment(old: old, new: new)
    var pairs: [Int: Int] = [:]
    let olds = old.index.indices(of: .messages).lowerBound
    let news = new.index.indices(of: .messages).lowerBound
    for (at, match) in alignment.matches.enumerated() {
      if case .same(let before) = match, at >= news { pairs[at - news] = before - olds }
    }
    return pairs
  }

  @Test func `blocks behind a change are found where they are now`() throws {
    let old = (0..<40).map { "message \($0)" }
    #expect(
      try same(old, ["other"] + old.dropFirst())
        == .init(
          uniqueKeysWithValues: (1..<40).map { ($0, $0) }))
    #expect(
      try same(old, Array(old.dropFirst(3)))
        == .init(
          uniqueKeysWithValues: (0..<37).map { ($0, $0 + 3) }))
  }

  /// Every other message was changed: each is looked for in vain, and the rest still found.
  @Test func `many missing blocks do not hide those that are there`() throws {
    let old = (0..<600).map { "message \($0)" }
    let new = old.indices.map { $0 % 2 == 0 ? "other \($0)" : old[$0] }
    #expect(
      try same(old, new)
        == .init(
          uniqueKeysWithValues: stride(from: 1, to: 600, by: 2).map { ($0, $0) }))
  }

  @Test func `of equal blocks the nearest is taken, and none twice`() throws {
    #expect(try same(["a", "b", "x", "b", "c"], ["z", "b", "b", "c"])[1] == 1)
    #expect(try same(["a", "b", "c"], ["z", "b", "b", "c"]) == [1: 1, 3: 2])
  }

  @Test func `a body that was dropped takes what was read of it along`() throws {
    var history = try history(["one", "two"])
    let at = history.index.indices(of: .messages).lowerBound
    #expect(history.value(of: at) != nil)
    #expect(history.weight(of: 0..<history.index.blocks.count, .toolsFirst) > 0)
    history.dropBody()
    #expect(history.value(of: at) == nil && history.rendering(of: at) == nil)
    #expect(history.weight(of: 0..<history.index.blocks.count, .toolsFirst) == 0)
  }
}
