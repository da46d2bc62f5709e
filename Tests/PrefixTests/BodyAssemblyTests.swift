import Bytes
import Foundation
import Prefix
import Prompt
import Testing

/// What goes out in place of a request stays one valid request.
@Suite struct BodyAssemblyTests {
  private func forwarded(_ requests: [String]) throws -> [String] {
    let table = SessionTable()
    let context = RequestContext(
      key: GroupKey(credential: 1, upstream: 0, dialect: .anthropicMessages), hint: nil,
      connection: 1, now: 1000)
    return try requests.map { request in
      let reception = try #require(
        table.receive(
          ByteBuffer(copying: Array(request.utf8)), dialect: .anthropicMessages, context))
      let decision = PinEngine.decide(reception, reception.session.view, PinPolicy(mode: .hold))
      reception.session.view = decision.view
      return decision.body.map { String(decoding: $0.bytes, as: UTF8.self) }.joined()
    }
  }

  private func block(_ text: String) -> String { #"{"type":"text","text":"\#(text)"}"# }

  private func message(_ role: String, _ text: String) -> String {
    #"{"role":"\#(role)","content":"\#(text)"}"#
  }

  private func request(_ system: [String], _ messages: [String], systemFirst: Bool) -> String {
    let list = #""messages":[\#(messages.joined(separator: ","))]"#
    let prompt = #""system":[\#(system.joined(separator: ","))]"#
    return #"{"model":"m",\#(systemFirst ? prompt : list),\#(systemFirst ? list : prompt)}"#
  }

  @Test(arguments: [true, false])
  func `a system block and a first message put in on the same turn leave a valid body`(
    _ systemFirst: Bool
  ) throws {
    let talk = [
      message("user", "please look at the parser of this project, it fails"),
      message("assistant", "I looked at the parser and it reads one byte too many"),
      message("user", "then mend that and run the tests of the parser again"),
    ]
    let next = [
      message("assistant", "Mended, and the tests of the parser pass now"),
      message("user", "thank you, on to the lexer which has the same fault"),
    ]
    let bodies = try forwarded([
      request([block("You are an agent.")], talk, systemFirst: systemFirst),
      request(
        [block("You are an agent."), block("Answer in English only.")],
        [message("user", "By the way, the branch is frozen.")] + talk + next,
        systemFirst: systemFirst),
    ])
    let last = bodies[1]
    #expect(throws: Never.self) { try JSONSerialization.jsonObject(with: Data(last.utf8)) }
    for text in ["the branch is frozen", "Answer in English only"] {
      #expect(last.components(separatedBy: text).count == 2, "told once: \(text)")
    }
  }

  @Test func `a system prompt that comes later as a string leaves a valid body`() throws {
    let talk = [
      message("user", "please look at the parser of this project, it fails"),
      message("assistant", "I looked at the parser and it reads one byte too many"),
      message("user", "then mend that and run the tests of the parser again"),
    ]
    let list = talk.joined(separator: ",")
    let bodies = try forwarded([
      #"{"model":"m","messages":[\#(list)]}"#,
      #"{"model":"m","system":"Be brief, please.","messages":[\#(list),\#(message("assistant", "done"))]}"#,
    ])
    #expect(throws: Never.self) { try JSONSerialization.jsonObject(with: Data(bodies[1].utf8)) }
    #expect(bodies[1].contains("Be brief"))
  }
}
