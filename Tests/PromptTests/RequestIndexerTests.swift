import Bytes
import Prompt
import TestSupport
import Testing

private func makeIndex(_ json: String, _ dialect: Dialect = .openAIChat) -> RequestIndex? {
  let body = ByteBuffer(copying: Array(json.utf8))
  return RequestIndexer.index(body.bytes, dialect: dialect)
}

private func texts(_ json: String, _ index: RequestIndex, _ group: BlockGroup) -> [String] {
  let bytes = Array(json.utf8)
  return index.blocks(of: group).map { String(decoding: bytes[$0.range], as: UTF8.self) }
}

@Suite struct RequestIndexerTests {
  @Test func `a chat request is cut into tools and messages at their exact bytes`() throws {
    let json = #"""
      {"model":"m", "messages": [ {"role":"system","content":"a\"]}"}, {"role":"user","content":[{"type":"text","text":"x"}]} ],
       "tools":[{"type":"function","function":{"name":"read","parameters":{}}}],"temperature":0.5,"stream":true}
      """#
    let index = try #require(makeIndex(json))
    #expect(
      texts(json, index, .messages) == [
        #"{"role":"system","content":"a\"]}"}"#,
        #"{"role":"user","content":[{"type":"text","text":"x"}]}"#,
      ])
    #expect(
      texts(json, index, .tools)
        == [#"{"type":"function","function":{"name":"read","parameters":{}}}"#])
    #expect(index.blocks(of: .messages).map(\.kind) == [.system, .user])
    #expect(index.streams)
    #expect(index.blocks(of: .knobs).isEmpty)
  }

  @Test func `an Anthropic request has tools, system blocks and messages in rendering order`()
    throws
  {
    let json = #"""
      {"messages":[{"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":"x"}]},
      {"role":"assistant","content":[{"type":"text","text":"ok"},{"type":"tool_use","id":"t2","name":"n","input":{}}]}],
      "system":[{"type":"text","text":"one"},{"type":"text","text":"two"}],"tools":[{"name":"n"}],"tool_choice":{"type":"auto"}}
      """#
    let index = try #require(makeIndex(json, .anthropicMessages))
    #expect(
      index.blocks.map(\.kind) == [.knob, .tool, .system, .system, .toolResult, .assistant])
    #expect(index.blocks[4].identity == Array("\"t1\"".utf8).withUnsafeBytes { hash64($0) })
    #expect(index.blocks[5].identity == Array("\"t2\"".utf8).withUnsafeBytes { hash64($0) })
  }

  @Test func `a Responses request takes a string or items, and instructions as system`() throws {
    let text = try #require(
      makeIndex(#"{"model":"m","instructions":"be","input":"hello"}"#, .openAIResponses))
    #expect(text.blocks.map(\.kind) == [.system, .user])
    let items = try #require(
      makeIndex(
        #"""
        {"input":[{"type":"message","role":"user","content":"a"},{"type":"reasoning","summary":[]},
        {"type":"function_call","call_id":"c","name":"n","arguments":"{}"},{"type":"function_call_output","call_id":"c","output":"o"}],
        "previous_response_id":"resp_1","reasoning":{"effort":"low"}}
        """#, .openAIResponses))
    #expect(
      items.blocks(of: .messages).map(\.kind) == [.user, .reasoning, .assistant, .toolResult])
    #expect(items.previousResponse != nil)
    #expect(items.blocks(of: .knobs).count == 1)
  }

  @Test(
    arguments: [
      "", "{", "[]", "null", "{\"messages\":", "{\"messages\":[}", "{\"messages\":[1,]}",
      "{\"messages\":[{\"role\":\"user\"]}", "{\"messages\":[]} x", "{\"model\":\"m\"}",
      "{\"messages\":[{\"a\":\"\\\"}]}",
    ])
  func `what is not a measurable request is not indexed`(_ json: String) {
    #expect(makeIndex(json) == nil)
  }

  @Test func `a hundred thousand open brackets are refused without recursion`() {
    #expect(makeIndex("{\"messages\":" + String(repeating: "[", count: 1_000_000)) == nil)
  }

  @Test func `sampling settings are no blocks and the order of settings does not matter`() throws {
    let a = try #require(
      makeIndex(
        #"{"tool_choice":"auto","reasoning_effort":"low","temperature":1,"messages":[{"role":"user","content":"x"}]}"#
      ))
    let b = try #require(
      makeIndex(
        #"{"messages":[{"role":"user","content":"x"}],"seed":3,"reasoning_effort":"low","tool_choice":"auto"}"#
      ))
    #expect(a.blocks.map(\.digest) == b.blocks.map(\.digest))
  }

  @Test func `the index with a reference equals the index without one, whatever changed`() throws {
    var random = SplitMix(seed: 7)
    for _ in 0..<300 {
      var messages = (0..<Int.random(in: 1...12, using: &random)).map { message($0, &random) }
      let old = ByteBuffer(copying: Array(body(messages, &random).utf8))
      let oldIndex = try #require(RequestIndexer.index(old.bytes, dialect: .openAIChat))
      mutate(&messages, &random)
      let new = ByteBuffer(copying: Array(body(messages, &random).utf8))
      let plain = try #require(RequestIndexer.index(new.bytes, dialect: .openAIChat))
      let common = commonPrefixLength(old.bytes, new.bytes)
      for hint in [0, common] {
        let fast = try #require(
          RequestIndexer.index(
            new.bytes, dialect: .openAIChat,
            reference: .init(index: oldIndex, body: old.bytes, commonPrefix: hint)))
        #expect(fast.blocks == plain.blocks)
        #expect(fast.messagesArray == plain.messagesArray)
      }
    }
  }

  @Test func `blocks are found again behind many that the reference does not have`() throws {
    var random = SplitMix(seed: 8)
    let tail = (1000..<1040).map { message($0, &random) }
    let before = (0..<2).map { message($0, &random) }
    let longer = (2..<250).map { message($0, &random) }
    let old = ByteBuffer(copying: Array(body(before + tail, &random).utf8))
    let new = ByteBuffer(copying: Array(body(longer + tail, &random).utf8))
    let oldIndex = try #require(RequestIndexer.index(old.bytes, dialect: .openAIChat))
    let plain = try #require(RequestIndexer.index(new.bytes, dialect: .openAIChat))
    let fast = RequestIndexer.index(
      new.bytes, dialect: .openAIChat, reference: .init(index: oldIndex, body: old.bytes))
    #expect(fast?.blocks == plain.blocks)
  }

  private func message(_ number: Int, _ random: inout SplitMix) -> String {
    let text = String(repeating: "word\\n", count: Int.random(in: 0...9, using: &random))
    return
      "{\"role\":\"\(number % 2 == 0 ? "user" : "assistant")\",\"content\":\"\(number) \(text)\"}"
  }

  private func body(_ messages: [String], _ random: inout SplitMix) -> String {
    let tools = (0..<Int.random(in: 0...3, using: &random)).map { "{\"name\":\"t\($0)\"}" }
    return "{\"messages\":[" + messages.joined(separator: Bool.random(using: &random) ? "," : " , ")
      + "],\"tools\":[" + tools.joined(separator: ",") + "],\"tool_choice\":\"auto\"}"
  }

  private func mutate(_ messages: inout [String], _ random: inout SplitMix) {
    for _ in 0..<Int.random(in: 0...3, using: &random) where !messages.isEmpty {
      let at = Int.random(in: 0..<messages.count, using: &random)
      switch Int.random(in: 0...3, using: &random) {
      case 0: messages.remove(at: at)
      case 1: messages.insert("{\"role\":\"user\",\"content\":\"new\"}", at: at)
      case 2: messages[at] = "{\"role\":\"user\",\"content\":\"changed \(at)\"}"
      default: messages.append(message(messages.count, &random))
      }
    }
    if messages.isEmpty { messages = ["{\"role\":\"user\",\"content\":\"\"}"] }
  }
}

@Suite struct RepeatedMemberTests {
  @Test(arguments: ["messages", "tools", "system"])
  func `a body with two lists of one name is not understood`(_ name: String) {
    let list = #"[{"role":"user","content":"hi"}]"#
    let body = Array(#"{"messages":\#(list),"\#(name)":\#(list),"\#(name)":\#(list)}"#.utf8)
    let index = body.withUnsafeBytes { RequestIndexer.index($0, dialect: .anthropicMessages) }
    #expect(index == nil)
  }
}
