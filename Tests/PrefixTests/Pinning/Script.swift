import Prompt
import Upstream

/// A conversation as values, rendered in any dialect: what the generated sessions change.
struct Script {
  struct Result {
    var id: String
    var lines: [String]
    var reminder: String?
  }

  enum Item {
    case user(lines: [String], reminder: String?, asParts: Bool)
    case call(Call)
    case results([Result], marked: Bool)
    case reply(String)
    case system(String)
  }

  struct Call {
    var said: String
    var reasoning: String?
    var signature: String?
    /// Id and arguments of each call, members in order.
    var calls: [(id: String, arguments: [(key: String, value: String)])]
    var isSpaced = false
  }

  /// What moves along with the conversation (Messages API).
  enum Marking {
    case none
    /// The last two system blocks and the last two messages of the user's side, as Claude Code.
    case messages
    /// The last tool in place of the first of these system blocks.
    case messagesAndTools
  }

  static let marker = #","cache_control":{"type":"ephemeral"}"#

  var dialect: Dialect
  var marking = Marking.none
  var model = "m"
  var system: [String]
  var systemIsString = false
  var tools = ["read", "write", "shell"]
  var swapped: Set<String> = []
  var described: [String: String] = [:]
  var toolChoice = "auto"
  var items: [Item] = []

  // MARK: Rendering

  var json: String {
    let marked = markedItems
    let list = items.indices.flatMap { rendered(items[$0], marked.contains($0)) }
      .joined(separator: ",")
    let shown = tools.map(tool).joined(separator: ",")
    let end = #""tool_choice":"\#(toolChoice)","temperature":0.2,"stream":true}"#
    switch dialect {
    case .anthropicMessages:
      let blocks =
        systemIsString
        ? quoted(system.joined(separator: "\n"))
        : "[" + system.indices.map(systemBlock).joined(separator: ",") + "]"
      return
        #"{"model":"\#(model)","max_tokens":99,"system":\#(blocks),"tools":[\#(shown)],"messages":[\#(list)],\#(end)"#
    case .openAIResponses:
      return
        #"{"model":"\#(model)","instructions":\#(quoted(system.joined(separator: "\n"))),"tools":[\#(shown)],"input":[\#(list)],\#(end)"#
    default:
      let front = system.map { #"{"role":"system","content":\#(quoted($0))}"# }
      return
        #"{"model":"\#(model)","messages":[\#((front + [list]).joined(separator: ","))],"tools":[\#(shown)],\#(end)"#
    }
  }

  private var markedItems: some Sequence<Int> {
    guard dialect == .anthropicMessages, marking != .none else { return [Int]().suffix(2) }
    return items.indices.filter {
      switch items[$0] {
      case .user, .results: true
      case .call, .reply, .system: false
      }
    }.suffix(2)
  }

  private func systemBlock(_ at: Int) -> String {
    let marks = marking == .none ? 0 : marking == .messages ? 2 : 1
    let marker = at >= system.count - marks ? Self.marker : ""
    return #"{"type":"text","text":\#(quoted(system[at]))\#(marker)}"#
  }

  private func tool(_ name: String) -> String {
    let members = [#""path":{"type":"string"}"#, #""limit":{"type":"integer"}"#]
    let shown = (swapped.contains(name) ? members.reversed() : members).joined(separator: ",")
    let schema = #"{"type":"object","properties":{\#(shown)},"required":["path"]}"#
    let about = described[name] ?? "does \(name)"
    switch dialect {
    case .anthropicMessages:
      let marker = marking == .messagesAndTools && name == tools.last ? Self.marker : ""
      return
        #"{"name":"\#(name)","description":"\#(about)","input_schema":\#(schema)\#(marker)}"#
    case .openAIResponses:
      return
        #"{"type":"function","name":"\#(name)","description":"\#(about)","parameters":\#(schema)}"#
    default:
      return
        #"{"type":"function","function":{"name":"\#(name)","description":"\#(about)","parameters":\#(schema)}}"#
    }
  }

  private func rendered(_ item: Item, _ isMarked: Bool) -> [String] {
    let marker = isMarked ? Self.marker : ""
    switch item {
    case .user(let lines, let reminder, let asParts):
      let text = quoted(Self.text(lines, reminder))
      if dialect == .openAIResponses {
        return [
          #"{"type":"message","role":"user","content":[{"type":"input_text","text":\#(text)}]}"#
        ]
      }
      // A string cannot be marked, so agents that mark send lists.
      let content =
        asParts || marking != .none ? #"[{"type":"text","text":\#(text)\#(marker)}]"# : text
      return [#"{"role":"user","content":\#(content)}"#]
    case .system(let text):
      return dialect == .anthropicMessages
        ? [] : [#"{"role":"system","content":\#(quoted(text))}"#]
    case .reply(let text):
      if dialect == .openAIResponses {
        return [
          #"{"type":"message","role":"assistant","content":[{"type":"output_text","text":\#(quoted(text))}]}"#
        ]
      }
      return [#"{"role":"assistant","content":\#(quoted(text))}"#]
    case .call(let call): return rendered(call)
    case .results(let results, let marked): return rendered(results, marked, marker)
    }
  }

  private func rendered(_ call: Call) -> [String] {
    switch dialect {
    case .anthropicMessages:
      var parts: [String] = []
      if let reasoning = call.reasoning, let signature = call.signature {
        parts.append(
          #"{"type":"thinking","thinking":\#(quoted(reasoning)),"signature":"\#(signature)"}"#)
      }
      parts.append(#"{"type":"text","text":\#(quoted(call.said))}"#)
      for one in call.calls {
        parts.append(
          #"{"type":"tool_use","id":"\#(one.id)","name":"read","input":\#(Self.arguments(one.arguments, call.isSpaced))}"#
        )
      }
      return [#"{"role":"assistant","content":[\#(parts.joined(separator: ","))]}"#]
    case .openAIResponses:
      return call.calls.map {
        #"{"type":"function_call","call_id":"\#($0.id)","name":"read","arguments":\#(quoted(Self.arguments($0.arguments, call.isSpaced)))}"#
      }
    default:
      let thought = call.reasoning.map { #""reasoning_content":\#(quoted($0)),"# } ?? ""
      let calls = call.calls.map {
        #"{"id":"\#($0.id)","type":"function","function":{"name":"read","arguments":\#(quoted(Self.arguments($0.arguments, call.isSpaced)))}}"#
      }
      return [
        #"{"role":"assistant",\#(thought)"content":\#(quoted(call.said)),"tool_calls":[\#(calls.joined(separator: ","))]}"#
      ]
    }
  }

  private func rendered(_ results: [Result], _ marked: Bool, _ last: String) -> [String] {
    switch dialect {
    case .anthropicMessages:
      let marker = marked ? #""cache_control":{"type":"ephemeral"},"# : ""
      let parts = results.map {
        let end = !marked && $0.id == results.last?.id ? last : ""
        return
          #"{"type":"tool_result",\#(marker)"tool_use_id":"\#($0.id)","content":\#(quoted(Self.text($0.lines, $0.reminder)))\#(end)}"#
      }
      return [#"{"role":"user","content":[\#(parts.joined(separator: ","))]}"#]
    case .openAIResponses:
      return results.map {
        #"{"type":"function_call_output","call_id":"\#($0.id)","output":\#(quoted(Self.text($0.lines, $0.reminder)))}"#
      }
    default:
      return results.map {
        #"{"role":"tool","tool_call_id":"\#($0.id)","content":\#(quoted(Self.text($0.lines, $0.reminder)))}"#
      }
    }
  }

  static func arguments(_ members: [(key: String, value: String)], _ isSpaced: Bool) -> String {
    let shown = members.map { "\"\($0.key)\":\(isSpaced ? " " : "")\"\($0.value)\"" }
    return "{" + shown.joined(separator: isSpaced ? ", " : ",") + "}"
  }

  static func text(_ lines: [String], _ reminder: String?) -> String {
    let shown = reminder.map { ["<system-reminder>\($0)</system-reminder>"] } ?? []
    return (lines + shown).joined(separator: "\n")
  }

  private func quoted(_ text: String) -> String {
    var out = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": out += "\\\""
      case "\\": out += "\\\\"
      case "\n": out += "\\n"
      default: out.unicodeScalars.append(scalar)
      }
    }
    return out + "\""
  }

  /// What the model wrote, if the last call is its echo.
  static func generated(_ call: Call, _ dialect: Dialect) -> GeneratedMessage {
    var message = GeneratedMessage()
    if dialect != .openAIResponses { message.text = call.said }
    message.reasoning = dialect == .openAIChat ? call.reasoning ?? "" : ""
    message.toolCalls = call.calls.map {
      .init(id: $0.id, name: "read", arguments: arguments($0.arguments, call.isSpaced))
    }
    return message
  }
}
