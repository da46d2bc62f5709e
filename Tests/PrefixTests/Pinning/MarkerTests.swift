import Bytes
import Prompt
import Testing

@testable import Prefix

/// Cache markers in requests that are held: the agent's, as many and where it has them.
@Suite struct MarkerTests {
  private static let marker = #""cache_control":{"type":"ephemeral"}"#

  private func marked(_ block: String, like agent: String?) -> String? {
    Array(block.utf8).withUnsafeBytes { block in
      guard let agent else { return MarkerSplice.marked(block, like: nil) }
      return Array(agent.utf8).withUnsafeBytes { MarkerSplice.marked(block, like: $0) }
    }.map { String(decoding: $0, as: UTF8.self) }
  }

  private func count(_ body: [UInt8]) -> Int {
    String(decoding: body, as: UTF8.self).countText(Self.marker)
  }

  private func tools(_ turn: PinnedAgent.Turn) throws -> [String] {
    let index = try #require(turn.index)
    return index.blocks(of: .tools).map {
      String(decoding: turn.forwarded[$0.range], as: UTF8.self)
    }
  }

  // MARK: One block

  @Test(arguments: [
    (#"{"type":"text","text":"a" , MARK }"#, #"{"type":"text","text":"a" }"#),
    (#"{ MARK , "type":"text" }"#, #"{ "type":"text" }"#),
    (#"{"type":"text", MARK,  "text":"a"}"#, #"{"type":"text",  "text":"a"}"#),
    (#"{ MARK }"#, "{  }"),
    (
      #"{"role":"user","content":[{"text":"a",MARK},{"text":"b"},{MARK,"text":"c"}]}"#,
      #"{"role":"user","content":[{"text":"a"},{"text":"b"},{"text":"c"}]}"#
    ),
    (
      #"{"content":[{"type":"tool_result","content":[{"text":"a",MARK}],"id":1.0}]}"#,
      #"{"content":[{"type":"tool_result","content":[{"text":"a"}],"id":1.0}]}"#
    ),
    (
      #"{"content":[{"source":{"content":[{"text":"a",MARK}]}}]}"#,
      #"{"content":[{"source":{"content":[{"text":"a"}]}}]}"#
    ),
  ])
  func `a marker goes with one comma, and no other byte`(_ block: String, _ without: String) {
    #expect(marked(block.replacing("MARK", Self.marker), like: without) == without)
    #expect(marked(block.replacing("MARK", Self.marker), like: nil) == without)
  }

  @Test(arguments: [
    #"{"content":[{"type":"tool_use","input":{"cache_control":{"type":"ephemeral"}}}]}"#,
    #"{"name":"n","input_schema":{"properties":{"cache_control":{"type":"string"}}}}"#,
    #"{"role":"user","content":"\"cache_control\":{}"}"#,
    #"{"type":"text","cache_control":null}"#,
  ])
  func `arguments, schemas, texts and null hold no markers`(_ block: String) {
    #expect(marked(block, like: nil) == nil)
  }

  @Test func `a marker that the agent has and the block has not becomes its last member`() {
    let agent = #"{ "cache_control" : {"type":"ephemeral"}, "type":"bash_20250124"}"#
    #expect(
      marked(#"{"name":"a" }"#, like: agent)
        == #"{"name":"a","cache_control" : {"type":"ephemeral"} }"#)
  }

  @Test func `a marker for another time is the agent's`() {
    let hour = #"{"name":"a","cache_control":{"type":"ephemeral","ttl":"1h"}}"#
    #expect(
      marked(#"{"name":"b",\#(Self.marker)}"#, like: hour) == hour.replacing("\"a\"", "\"b\""))
  }

  @Test func `a block that is marked as the agent's stays as it is`() {
    #expect(marked(#"{"name":"b",\#(Self.marker)}"#, like: #"{\#(Self.marker),"name":"a"}"#) == nil)
  }

  @Test func `the marker behind the agent's last part goes behind the last one of more parts`() {
    let agent = #"{"content":[{"type":"text","text":"b",\#(Self.marker)}]}"#
    let block = #"{"content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]}"#
    #expect(
      marked(block, like: agent)
        == #"{"content":[{"type":"text","text":"a"},{"type":"text","text":"b",\#(Self.marker)}]}"#)
  }

  @Test func `a marked part keeps its marker in front of a note`() {
    let agent = #"{"content":[{"type":"text","text":"b",\#(Self.marker)}]}"#
    let block =
      #"{"content":[{"type":"text","text":"b",\#(Self.marker)},{"type":"text","text":"note"}]}"#
    #expect(marked(block, like: agent) == nil)
  }

  @Test func `a part of another kind is not marked in place of the agent's`() {
    let agent = #"{"content":[{"type":"text","text":"b",\#(Self.marker)}]}"#
    #expect(marked(#"{"content":[{"type":"thinking","thinking":"b"}]}"#, like: agent) == nil)
  }

  // MARK: Sessions

  @Test func `markers that move along do not pile up in what is held`() throws {
    var bench = try RepairBench(.anthropicMessages) {
      $0.system.append("Be kind.")
      $0.marking = .messages
    }
    for day in 22...28 {
      let before = bench.last
      let turn = try bench.send {
        $0.system[0] = "You are an agent.\nToday is 2026-11-\(day).\nBe brief."
      }
      #expect(turn.decision.outcome == .held([.clock]))
      #expect(turn.decision.kept?.isWhole == true)
      #expect(Array(turn.rendered.prefix(before.rendered.count)) == before.rendered)
      #expect(count(turn.received) == 4)
      #expect(count(turn.forwarded) == 4)
    }
  }

  @Test func `a marker that leaves a block which changed leaves the one held in its place`() throws
  {
    var bench = try RepairBench(.anthropicMessages) {
      $0.system.append("Be kind.")
      $0.marking = .messagesAndTools
      $0.system.swapAt(0, 1)
    }
    let turn = try bench.send {
      $0.system[1] = "You are an agent.\nToday is 2026-11-22.\nBe brief."
      $0.marking = .none
    }
    #expect(turn.decision.outcome == .held([.clock]))
    #expect(turn.decision.kept?.isWhole == true)
    #expect(count(turn.forwarded) == 0)
  }

  @Test func `a message that only the server has is not marked`() throws {
    var bench = try RepairBench(.anthropicMessages) {
      $0.items.insert(.user(lines: ["Mind this."], reminder: nil, asParts: false), at: 5)
      $0.items.removeLast(2)
      $0.marking = .messages
    }
    #expect(count(bench.last.received) == 3)
    let turn = try bench.send { $0.items.remove(at: 5) }
    #expect(turn.decision.kept?.isWhole == true)
    #expect(count(turn.forwarded) == count(turn.received))
  }

  @Test(arguments: [(4, true), (5, false)])
  func `what would be refused for its markers is not held`(extra: Int, isHeld: Bool) throws {
    // Of several members of one name only one is known as a marker.
    let markers = String(repeating: ",\(Self.marker)", count: extra + 1)
    let agent = PinnedAgent(.hold)
    var talk = Conversation(dialect: .anthropicMessages)
    for _ in 0..<3 { talk.step() }
    talk.messages.insert(#"{"role":"user","content":"Mind the lexer."\#(markers)}"#, at: 3)
    _ = try #require(agent.send(talk))
    talk.messages.remove(at: 3)
    talk.step()
    let turn = try #require(agent.send(talk))
    #expect(turn.decision.isRewritten == isHeld)
    #expect(count(turn.forwarded) == (isHeld ? extra : 0))
  }

  @Test func `with more markers than are allowed the agent's request is held all the same`() throws
  {
    let markers = String(repeating: ",\(Self.marker)", count: 5)
    let agent = PinnedAgent(.hold)
    var talk = Conversation(dialect: .anthropicMessages)
    talk.messages[0] = #"{"role":"user","content":"Mind the lexer."\#(markers)}"#
    for _ in 0..<3 { talk.step() }
    _ = try #require(agent.send(talk))
    talk.system[0] = talk.system[0].replacing("11-21", "11-22")
    talk.step()
    let turn = try #require(agent.send(talk))
    #expect(turn.decision.outcome == .held([.clock]))
    #expect(count(turn.forwarded) == 5)
  }

  @Test func `back at its first words without its marker, a block is the agent's own again`() throws
  {
    func mark(_ script: inout Script, _ isMarked: Bool) {
      guard case .results(let results, _) = script.items[4] else { return }
      script.items[4] = .results(results, marked: isMarked)
    }
    var bench = try RepairBench(.anthropicMessages) { mark(&$0, true) }
    _ = try bench.hold(.idsRegenerated) {
      $0.changeCall(3) { $0.calls[0].id = "other" }
      $0.changeResult(4) { $0.id = "other" }
    }
    let turn = try bench.send {
      $0.changeCall(3) { $0.calls[0].id = "call_2" }
      $0.changeResult(4) { $0.id = "call_2" }
      mark(&$0, false)
    }
    #expect(turn.decision.outcome == .untouched)
    #expect(turn.forwarded == turn.received)
    #expect(turn.decision.kept?.isWhole == true)
  }

  @Test func `tools in the server's order are marked in the agent's places`() throws {
    var bench = try RepairBench(.anthropicMessages, mode: .safe) { $0.marking = .messagesAndTools }
    let before = try tools(bench.last)
    let moved = try bench.send { $0.tools.swapAt(0, 2) }
    #expect(try tools(moved) == before)
    #expect(moved.decision.outcome == .held([.toolOrder]))
    #expect(moved.decision.kept?.isWhole == true)
    let back = try bench.send { $0.tools.swapAt(0, 2) }
    #expect(try tools(back) == before)
    #expect(back.decision.kept?.isWhole == true)
  }

  @Test func `a marker that moves from tool to tool changes no tool`() throws {
    var bench = try RepairBench(.anthropicMessages) { $0.marking = .messagesAndTools }
    let turn = try bench.send { $0.marking = .messages }
    #expect(turn.decision.outcome == .untouched)
    #expect(turn.forwarded == turn.received)
    #expect(turn.decision.kept?.isWhole == true)
  }

  @Test func `a table that was kept over a restart goes on with the agent's markers`() throws {
    var bench = try RepairBench(.anthropicMessages) {
      $0.system.append("Be kind.")
      $0.marking = .messages
    }
    for day in 22...24 {
      _ = try bench.send { $0.system[0] = "You are an agent.\nToday is 2026-11-\(day).\nBe brief." }
      let session = try #require(bench.agent.lastSession)
      let view = try #require(session.view)
      let kept: ServerView = try #require(ServerView(encoded: view.encoded()))
      session.view = kept
    }
    #expect(count(bench.last.forwarded) == 4)
    #expect(bench.last.decision.kept?.isWhole == true)
  }
}
