import Bytes

/// A synthetic session of about `size` bytes: tool calls with code-like results.
struct Talk {
  private var messages: [String] = []
  private var random: UInt64

  init(size: Int, seed: UInt64) {
    random = seed
    messages = [#"{"role":"system","content":"You are a coding agent."}"#]
    messages.append(#"{"role":"user","content":"task \#(seed): fix the parser"}"#)
    var total = 0
    while total < size {
      grow()
      total += messages[messages.count - 1].utf8.count + messages[messages.count - 2].utf8.count
    }
  }

  mutating func grow() {
    let id = "call_\(messages.count)_\(next())"
    messages.append(
      #"{"role":"assistant","content":"looking","tool_calls":[{"id":"\#(id)","type":"function","function":{"name":"read","arguments":"{\"path\":\"f.swift\"}"}}]}"#
    )
    let lines = (0..<24).map { _ in #"\tlet value\#(next() % 9999) = \"text\" // comment\n"# }
    messages.append(#"{"role":"tool","tool_call_id":"\#(id)","content":"\#(lines.joined())"}"#)
  }

  /// Of all messages.
  var bytes: Int { messages.reduce(0) { $0 + $1.utf8.count } }

  mutating func mutate() {
    messages[3] = #"{"role":"tool","tool_call_id":"changed","content":"changed \#(next())"}"#
  }

  func body() -> ByteBuffer {
    ByteBuffer(
      copying: Array(
        (#"{"model":"m","messages":["# + messages.joined(separator: ",") + #"],"stream":true}"#)
          .utf8))
  }

  private mutating func next() -> UInt64 {
    random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return random >> 33
  }
}
