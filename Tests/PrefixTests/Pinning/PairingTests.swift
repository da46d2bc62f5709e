import Bytes
import Prompt
import Testing

@testable import Prefix

@Suite struct PairingTests {
  private let call =
    #"{"role":"assistant","tool_calls":[{"id":"a","type":"function","function":{"name":"f","arguments":"{}"}}]}"#

  private func history() throws -> History {
    let messages = [
      #"{"role":"user","content":"hi"}"#, call,
      #"{"role":"tool","tool_call_id":"a","content":"done"}"#,
    ]
    let request = #"{"model":"m","messages":[\#(messages.joined(separator: ","))]}"#
    let body = ByteBuffer(copying: Array(request.utf8))
    let index = try #require(RequestIndexer.index(body.bytes, dialect: .openAIChat))
    return History(index: index, body: body)
  }

  @Test func `only pieces with the calls of the agent's own message leave the pairs untouched`()
    throws
  {
    let history = try history()
    let at = history.index.indices(of: .messages).lowerBound + 1
    var view = ServerView(asSent: history.index)
    for (id, isUntouched) in [("a", true), ("b", false)] {
      let piece = ServerView.Piece(Array(call.replacing(#""id":"a""#, #""id":"\#(id)""#).utf8))
      view.entries[at] = ServerView.Entry(forwarded: piece)
      #expect(Pairing.isUntouched(history, &view.entries) == isUntouched)
      #expect(Pairing(history, view).isAsComplete(as: Pairing(history)) == isUntouched)
    }
  }
}
