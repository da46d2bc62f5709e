import Bytes
import Prompt
import Testing

@testable import Prefix

@Suite struct ZoneTests {
  private func zones(_ bodies: [String], _ dialect: Dialect = .openAIChat) -> [PromptZones] {
    let table = SessionTable()
    return bodies.enumerated().compactMap { number, body in
      table.receive(
        ByteBuffer(copying: Array(body.utf8)), dialect: dialect,
        RequestContext(
          key: GroupKey(credential: 0, upstream: 0, dialect: dialect), hint: nil, connection: 1,
          now: UInt64(number))
      ).map { PromptZones($0, $0.session.estimate) }
    }
  }

  private func chat(_ texts: [String], system: String = "be exact") -> String {
    let all = texts.enumerated().map { place, text in
      #"{"role":"\#(place % 2 == 0 ? "user" : "assistant")","content":"\#(text)"}"#
    }
    return
      #"{"messages":[{"role":"system","content":"\#(system)"},\#(all.joined(separator: ","))],"tools":[{"type":"function","function":{"name":"f"}}],"model":"m"}"#
  }

  private let opening = ["the first question, of some length", "an answer", "a second question"]

  @Test func `tools and system prompt are the prefix, all messages of a first turn the tail`()
    throws
  {
    let zones = try #require(zones([chat(opening)]).first)
    #expect(zones.prefix.bytes == 81)
    #expect(zones.log == PromptZones.Zone())
    #expect(zones.tail.bytes > 100)
    #expect(zones.changes == [])
  }

  @Test func `what a turn appends is the tail and what was there before is the log`() {
    let all = zones([chat(opening), chat(opening + ["yes", "go on"])])
    #expect(all.count == 2)
    #expect(all[1].prefix == all[0].prefix)
    #expect(all[1].log.bytes == all[0].tail.bytes)
    #expect(all[1].log.hash == all[0].tail.hash)
    #expect(all[1].tail.bytes > 0)
    #expect(all[1].changes == [])
  }

  @Test func `a changed system prompt changes the prefix and not the log`() {
    let all = zones([
      chat(opening), chat(opening + ["yes", "go on"], system: "be exact, it is noon"),
    ])
    #expect(all[1].changes == .prefix)
    #expect(all[1].prefix.hash != all[0].prefix.hash)
    #expect(all[1].log.hash == all[0].tail.hash)
  }

  @Test func `a changed message changes the log and not the prefix`() {
    var changed = opening
    changed[1] = "an answer, in other words than before"
    let all = zones([chat(opening), chat(changed + ["yes", "go on"])])
    #expect(all[1].changes == .log)
    #expect(all[1].prefix == all[0].prefix)
  }

  @Test func `another writing of the same content is no change`() {
    let again = chat(opening + ["yes", "go on"]).replacing(
      #"{"role":"system","content":"be exact"}"#, with: #"{"content":"be exact", "role":"system"}"#)
    let all = zones([chat(opening), again])
    #expect(all[1].changes == [])
  }

  @Test func `the zones of a prompt are the prompt`() throws {
    for body in [chat(opening), chat(["one"])] {
      let zones = try #require(zones([body]).first)
      let index = try #require(
        body.utf8CString.withUnsafeBytes {
          RequestIndexer.index(
            UnsafeRawBufferPointer(rebasing: $0.dropLast()), dialect: .openAIChat)
        })
      #expect(zones.prefix.bytes + zones.log.bytes + zones.tail.bytes == index.promptBytes)
    }
  }
}
