import Bytes
import Prefix
import Prompt
import Testing
import Turns

/// The state of a pinned session behind a request of `messages`.
func sampleSession(_ messages: [String], in table: SessionTable) throws -> KeptSession {
  let list = messages.enumerated().map { at, text in
    "{\"role\":\"\(at % 2 == 0 ? "user" : "assistant")\",\"content\":\"\(text)\"}"
  }
  let body = ByteBuffer(
    copying: Array("{\"model\":\"m\",\"messages\":[\(list.joined(separator: ","))]}".utf8))
  let reception = try #require(
    table.receive(
      body, dialect: .openAIChat,
      RequestContext(
        key: GroupKey(credential: 1, upstream: 0, dialect: .openAIChat), hint: nil,
        connection: 1, now: 1000)))
  return KeptSession(
    snapshot: try #require(reception.session.snapshot), text: .all, upstream: "u", usedAt: 1000)
}
