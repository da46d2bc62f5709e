import Bytes
import Testing
import Upstream

private func record(_ events: String...) -> GeneratedMessage {
  var recorder = MessageRecorder()
  for event in events {
    let buffer = ByteBuffer(copying: Array(event.utf8))
    recorder.read(buffer.bytes)
  }
  return recorder.message
}

@Suite struct MessageRecorderTests {
  @Test func `a chat stream becomes text, reasoning and calls with their raw arguments`() {
    let message = record(
      #"{"id":"c","choices":[{"index":0,"delta":{"role":"assistant","content":null}}]}"#,
      #"{"choices":[{"delta":{"reasoning_content":"hm "}}]}"#,
      #"{"choices":[{"delta":{"content":"He\nl"}}]}"#, #"{"choices":[{"delta":{"content":"lo"}}]}"#,
      #"{"choices":[{"delta":{"tool_calls":[{"index":0,"id":"c1","function":{"name":"read","arguments":"{\"a\""}}]}}]}"#,
      #"{"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":" : 1}"}}]}}]}"#,
      #"{"choices":[],"usage":{"prompt_tokens":1}}"#)
    #expect(message.text == "He\nllo")
    #expect(message.reasoning == "hm ")
    #expect(message.toolCalls == [.init(id: "c1", name: "read", arguments: #"{"a" : 1}"#)])
  }

  @Test func `an Anthropic stream does, too`() {
    let message = record(
      #"{"type":"message_start","message":{"id":"m","content":[]}}"#,
      #"{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":""}}"#,
      #"{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"hm"}}"#,
      #"{"type":"content_block_start","index":1,"content_block":{"type":"text","text":""}}"#,
      #"{"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"ok"}}"#,
      #"{"type":"content_block_start","index":2,"content_block":{"type":"tool_use","id":"t","name":"n","input":{}}}"#,
      #"{"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":"{\"x\": 2}"}}"#,
      #"{"type":"message_delta","delta":{"stop_reason":"tool_use"},"usage":{"output_tokens":5}}"#)
    #expect(message.text == "ok")
    #expect(message.reasoning == "hm")
    #expect(message.toolCalls == [.init(id: "t", name: "n", arguments: #"{"x": 2}"#)])
  }

  @Test func `whole answers of the three APIs are read`() {
    #expect(record(#"{"choices":[{"message":{"role":"assistant","content":"a"}}]}"#).text == "a")
    #expect(record(#"{"type":"message","content":[{"type":"text","text":"b"}]}"#).text == "b")
    let answer = record(
      #"{"id":"r","output":[{"type":"message","content":[{"type":"output_text","text":"c"}]},{"type":"function_call","call_id":"k","name":"n","arguments":"{}"}]}"#
    )
    #expect(answer.text == "c")
    #expect(answer.toolCalls.first?.arguments == "{}")
  }

  @Test func `arguments of a whole Anthropic answer keep their bytes`() {
    let message = record(
      #"{"content":[{"type":"tool_use","id":"t","name":"n","input":{"b" : 1.0, "a":"\/"}}]}"#)
    #expect(message.toolCalls == [.init(id: "t", name: "n", arguments: #"{"b" : 1.0, "a":"\/"}"#)])
  }

  @Test func `reasoning of a whole Responses answer is read`() {
    let message = record(
      #"{"id":"r","output":[{"type":"reasoning","content":[{"type":"reasoning_text","text":"hm"}]},{"type":"message","content":[{"type":"output_text","text":"c"}]}]}"#
    )
    #expect(message.reasoning == "hm")
    #expect(message.text == "c")
  }

  @Test func `only the first of several choices is recorded`() {
    let message = record(
      #"{"choices":[{"index":0,"delta":{"content":"a"}}]}"#,
      #"{"choices":[{"index":1,"delta":{"content":"b"}}]}"#)
    #expect(message.text == "a")
  }

  private static let texts = [
    "a", "", "\\n", "\\\"", "\\\\", "\\\\\\\"", "\\u00e9", "é", "\",\"x\":\"", "\"}", "\\",
  ]
  private static let frames = [
    (#"{"id":"c","choices":[{"index":0,"delta":{"content":""#, #""}}]}"#),
    (#"{"choices":[{"delta":{"content":""#, #"","reasoning_content":null,"tool_calls":null}}]}"#),
    (#"{"id":"c","choices":[{"index":0,"delta":{"content":""#, #""}}],"usage":null}"#),
    (#"{"id":"c","choices":[{"index":1,"delta":{"content":""#, #""}}]}"#),
    (#"{"id":"c","choices":[{"index":0,"delta":{"reasoning":""#, #"","content":"b"}}]}"#),
    (#"{"choices":[{"delta":{"content":null,"reasoning_content":""#, #""}}]}"#),
    (#"{"type":"content_block_delta","delta":{"type":"text_delta","text":""#, #""}}"#),
    (#"{"type":"content_block_delta","delta":{"type":"x","partial_json":""#, #""}}"#),
    (#"{"type":"content_block_start","content_block":{"type":"tool_use","id":""#, #""}}"#),
  ]

  /// Each event behind each other one, of a call and without one.
  @Test(arguments: [0, 1])
  func `an event that is the one before with another text adds what reading it would`(calls: Int) {
    let call = #"{"content_block":{"type":"tool_use","id":"i","name":"n"}}"#
    let opening = Array(repeating: ByteBuffer(copying: Array(call.utf8)), count: calls)
    let events = Self.frames.map { front, back in
      Self.texts.map { ByteBuffer(copying: Array((front + $0 + back).utf8)) }
    }
    var counts = events.map { _ in 0 }
    for (frame, firsts) in events.enumerated() {
      for first in firsts {
        for second in events.joined() {
          var quick = MessageRecorder()
          for event in opening + [first] { quick.read(event.bytes) }
          var whole = quick
          whole.read(second.bytes)
          if quick.readAgain(second.bytes) {
            counts[frame] += 1
          } else {
            quick.read(second.bytes)
          }
          #expect(quick.message == whole.message)
        }
      }
    }
    // Two members of text, and the start of a block, are read each time.
    #expect(counts.map { $0 > 0 } == [true, true, true, false, false, true, true, true, false])
  }

  @Test func `text that would end the string in another place is read as a whole`() {
    var recorder = MessageRecorder()
    func read(_ text: String) -> Bool {
      let event = ByteBuffer(
        copying: Array("{\"choices\":[{\"delta\":{\"content\":\"\(text)\"}}]}".utf8))
      if recorder.readAgain(event.bytes) { return true }
      recorder.read(event.bytes)
      return false
    }
    #expect(!read("a"))
    #expect(read("b"))
    #expect(read(#"\\"#))
    #expect(!read(#"c","role":"user"#))
    #expect(!read("d"))
    #expect(!read(#"e\"#))
    #expect(recorder.message.text.hasPrefix(#"ab\cd"#))
  }

  @Test func `recording is bounded and says so`() {
    var recorder = MessageRecorder(limit: 10)
    let event = ByteBuffer(copying: Array(#"{"choices":[{"delta":{"content":"0123456"}}]}"#.utf8))
    for _ in 0..<5 where !recorder.readAgain(event.bytes) { recorder.read(event.bytes) }
    #expect(recorder.message.isTruncated)
    #expect(recorder.message.text.utf8.count <= 10)
  }

  @Test func `anything else leaves the message empty`() {
    #expect(record("[]", "{", #"{"choices":1}"#, #"{"choices":[1]}"#, #"{"delta":"x"}"#).isEmpty)
  }
}
