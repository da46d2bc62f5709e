import Bytes
import Prefix
import Prompt

/// A scripted agent: builds request bodies of one conversation and lets tests change them.
struct Conversation {
  var dialect = Dialect.openAIChat
  var system = [
    "You are a coding agent.\nWorking directory: /home/u/p\nToday is 2026-11-21.\nBe brief."
  ]
  var tools = ["read", "write", "shell"].map(Conversation.tool)
  /// Each message as JSON text.
  var messages: [String] = []
  var knobs = #""tool_choice":"auto","temperature":0.2"#
  var model = "m"
  /// Number of the last call; its ids follow from it.
  var calls = 0

  init(dialect: Dialect = .openAIChat, topic: String = "fix the parser") {
    self.dialect = dialect
    messages = [user("Please \(topic). The failing test is in Tests/ParserTests.swift.")]
  }

  static func tool(_ name: String) -> String {
    #"{"name":"\#(name)","description":"\#(name) a file or command","input_schema":{"type":"object","properties":{"path":{"type":"string"},"limit":{"type":"integer"}},"required":["path"]}}"#
  }

  func user(_ text: String) -> String { #"{"role":"user","content":"\#(text)"}"# }

  /// One step of the tool loop: an assistant message with a call, and its result.
  mutating func step(_ result: String? = nil) {
    calls += 1
    let id = "call_\(calls)"
    let text = result ?? Self.code(calls)
    if dialect == .anthropicMessages {
      messages.append(
        #"{"role":"assistant","content":[{"type":"text","text":"Step \#(calls): looking."},{"type":"tool_use","id":"\#(id)","name":"read","input":{"path":"f\#(calls).swift","limit":40}}]}"#
      )
      messages.append(
        #"{"role":"user","content":[{"type":"tool_result","tool_use_id":"\#(id)","content":"\#(text)"}]}"#
      )
    } else {
      messages.append(
        #"{"role":"assistant","content":"Step \#(calls): looking.","tool_calls":[{"id":"\#(id)","type":"function","function":{"name":"read","arguments":"{\"path\":\"f\#(calls).swift\",\"limit\":40}"}}]}"#
      )
      messages.append(#"{"role":"tool","tool_call_id":"\#(id)","content":"\#(text)"}"#)
    }
  }

  /// The assistant answers and the user asks for more.
  mutating func ask(_ text: String) {
    calls += 1
    messages.append(#"{"role":"assistant","content":"Done with part \#(calls)."}"#)
    messages.append(user(text))
  }

  static func code(_ seed: Int) -> String {
    (0..<24).map {
      #"func part\#(seed)_\#($0)(value: Int) -> Int { return value * \#(seed + $0) }\n"#
    }
    .joined()
  }

  func json() -> String {
    let list = messages.joined(separator: ",")
    switch dialect {
    case .anthropicMessages:
      let blocks = system.map { #"{"type":"text","text":"\#(escaped($0))"}"# }.joined(
        separator: ",")
      return
        #"{"model":"\#(model)","max_tokens":4096,"system":[\#(blocks)],"tools":[\#(tools.joined(separator: ","))],"messages":[\#(list)],\#(knobs),"stream":true}"#
    default:
      let blocks = system.map { #"{"role":"system","content":"\#(escaped($0))"},"# }.joined()
      let wrapped = tools.map {
        #"{"type":"function","function":\#($0.replacing("input_schema", "parameters"))}"#
      }
      return
        #"{"model":"\#(model)","messages":[\#(blocks)\#(list)],"tools":[\#(wrapped.joined(separator: ","))],\#(knobs),"stream":true}"#
    }
  }

  private func escaped(_ text: String) -> String { text.replacing("\n", #"\n"#) }
}

/// Feeds bodies to a session table, as the proxy would.
struct Agent {
  let table: SessionTable
  var credential = 1
  var connection: UInt64 = 1
  var hint: UInt64?

  init(_ table: SessionTable = SessionTable()) { self.table = table }

  func send(_ conversation: Conversation, now: UInt64 = 1000) -> Reception? {
    let body = ByteBuffer(copying: Array(conversation.json().utf8))
    let key = GroupKey(
      credential: credential, upstream: 0, dialect: conversation.dialect)
    return table.receive(
      body, dialect: conversation.dialect,
      RequestContext(key: key, hint: hint, connection: connection, now: now))
  }
}
