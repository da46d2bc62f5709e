import Bytes
import Prompt

/// What a request asks about its cache miss, in the words of its API:
/// `diagnostics.previous_message_id` of Anthropic's Messages (null on a first turn), and
/// `prompt_cache_options.comparison_response_id` of OpenAI's Responses.
struct DiagnosticsQuestion: Equatable {
  /// Hash of the id of the response to compare with; nil if there is none yet.
  var response: UInt64?
  /// The member of the body that asks, with the comma that has to go with it.
  var member: Range<Int>

  /// - Returns: nil if the body asks nothing.
  init?(_ body: UnsafeRawBufferPointer, _ dialect: Dialect) {
    let names: (member: StaticString, id: StaticString)
    switch dialect {
    case .anthropicMessages: names = ("diagnostics", "previous_message_id")
    case .openAIResponses: names = ("prompt_cache_options", "comparison_response_id")
    case .openAIChat, .openAICompletions: return nil
    }
    guard findBytes(names.id, in: body) != nil else { return nil }
    var scanner = JSONScanner(body)
    scanner.skipWhitespace()
    var found: (key: Range<Int>, value: Range<Int>)?
    guard
      scanner.members({ key, value in
        if equal(body[key], names.member) { found = (key, value) }
        return true
      }), let found
    else { return nil }
    var inner = JSONScanner(body, at: found.value.lowerBound)
    guard let id = inner.member(names.id) else { return nil }
    if body[id.lowerBound] == UInt8(ascii: "\""), id.count > 2 {
      response = hash64(
        UnsafeRawBufferPointer(rebasing: body[(id.lowerBound + 1)..<(id.upperBound - 1)]))
    } else if !equal(body[id], "null") || dialect == .openAIResponses {
      return nil
    }
    member = Self.wholeMember(body, from: found.key.lowerBound - 1, to: found.value.upperBound)
  }

  /// The member with the comma behind it, or, for the last one, the comma in front of it.
  private static func wholeMember(
    _ body: UnsafeRawBufferPointer, from start: Int, to end: Int
  ) -> Range<Int> {
    let comma = UInt8(ascii: ",")
    if let next = body[end...].firstIndex(where: { !JSONMemberInserter.isSpace($0) }),
      body[next] == comma
    {
      return start..<(next + 1)
    }
    if let before = body[..<start].lastIndex(where: { !JSONMemberInserter.isSpace($0) }),
      body[before] == comma
    {
      return before..<end
    }
    return start..<end
  }

  /// The pieces without the member, which lies in `body`; nil if they do not hold it as a whole.
  func cut(from pieces: [ByteSlice], of body: ByteBuffer) -> [ByteSlice]? {
    guard
      let place = pieces.firstIndex(where: {
        $0.buffer === body && $0.range.lowerBound <= member.lowerBound
          && $0.range.upperBound >= member.upperBound
      })
    else { return nil }
    let piece = pieces[place]
    return pieces[..<place]
      + [
        ByteSlice(body, piece.range.lowerBound..<member.lowerBound),
        ByteSlice(body, member.upperBound..<piece.range.upperBound),
      ] + pieces[(place + 1)...]
  }
}
