import Prompt

/// The body of a request, written piece by piece, so that a test knows where each piece stands
/// without parsing anything.
struct Rendering {
  struct Piece {
    var group: BlockGroup
    /// Index within its group, as the path in a verdict counts.
    var index: Int
    var offset: Int
    var bytes: [UInt8]
  }

  private(set) var body: [UInt8] = []
  /// In the order of the body; knobs and what is no block are left out.
  private(set) var pieces: [Piece] = []

  init(_ talk: Talk) {
    write(#"{"model":\#(quoted(talk.model)),"stream":true"#)
    switch talk.dialect {
    case .anthropicMessages:
      list(
        #","system":["#, .system,
        talk.system.map { #"{"type":"text","text":\#(quoted($0))}"# })
      list(#","tools":["#, .tools, talk.tools.map(anthropic))
      list(#","messages":["#, .messages, talk.messages.map(anthropic))
    case .openAIResponses:
      write(#","instructions":"#)
      piece(.system, 0, quoted(talk.system.joined(separator: "\n\n")))
      list(#","input":["#, .messages, talk.messages.flatMap(responses))
      list(#","tools":["#, .tools, talk.tools.map(responses))
    default:
      let system = talk.system.map { #"{"role":"system","content":\#(quoted($0))}"# }
      list(#","messages":["#, .messages, system + talk.messages.flatMap(chat))
      list(#","tools":["#, .tools, talk.tools.map(chat))
    }
    for knob in talk.knobs { write(#","\#(knob.name)":\#(knob.value)"#) }
    write("}")
  }

  func pieces(of group: BlockGroup) -> [Piece] { pieces.filter { $0.group == group } }

  private mutating func write(_ text: String) { body += Array(text.utf8) }

  private mutating func piece(_ group: BlockGroup, _ index: Int, _ text: String) {
    pieces.append(
      Piece(group: group, index: index, offset: body.count, bytes: Array(text.utf8)))
    write(text)
  }

  private mutating func list(_ open: String, _ group: BlockGroup, _ elements: [String]) {
    write(open)
    for (index, element) in elements.enumerated() {
      if index > 0 { write(",") }
      piece(group, index, element)
    }
    write("]")
  }
}

func quoted(_ text: String) -> String {
  var out = "\""
  for scalar in text.unicodeScalars {
    switch scalar {
    case "\"": out += #"\""#
    case "\\": out += #"\\"#
    case "\n": out += #"\n"#
    case "\t": out += #"\t"#
    default: out.unicodeScalars.append(scalar)
    }
  }
  return out + "\""
}

// MARK: Anthropic messages

private func anthropic(_ tool: Talk.Tool) -> String {
  #"{"name":\#(quoted(tool.name)),"description":\#(quoted(tool.description)),"input_schema":\#(tool.schema)}"#
}

private func anthropic(_ message: Talk.Message) -> String {
  let role = message.role == .assistant ? "assistant" : "user"
  if !message.textAsParts, !message.marked, message.parts.count == 1,
    case .text(let text) = message.parts[0]
  {
    return #"{"role":"\#(role)","content":\#(quoted(text))}"#
  }
  var parts = message.parts.map(anthropicPart)
  if message.marked, let last = parts.popLast() {
    parts.append(last.dropLast() + #","cache_control":{"type":"ephemeral"}}"#)
  }
  return #"{"role":"\#(role)","content":[\#(parts.joined(separator: ","))]}"#
}

private func anthropicPart(_ part: Talk.Part) -> String {
  switch part {
  case .text(let text): #"{"type":"text","text":\#(quoted(text))}"#
  case .reasoning(let text, let signature):
    #"{"type":"thinking","thinking":\#(quoted(text))"#
      + (signature.map { #","signature":\#(quoted($0))"# } ?? "") + "}"
  case .call(let id, let name, let arguments):
    #"{"type":"tool_use","id":"\#(id)","name":"\#(name)","input":\#(arguments)}"#
  case .result(let id, let text):
    #"{"type":"tool_result","tool_use_id":"\#(id)","content":\#(quoted(text))}"#
  case .image(let data):
    #"{"type":"image","source":{"type":"base64","media_type":"image/png","data":"\#(data)"}}"#
  }
}

// MARK: OpenAI chat completions

private func chat(_ tool: Talk.Tool) -> String {
  #"{"type":"function","function":{"name":\#(quoted(tool.name)),"description":\#(quoted(tool.description)),"parameters":\#(tool.schema)}}"#
}

private func chat(_ message: Talk.Message) -> [String] {
  if message.role == .tool {
    return message.parts.compactMap { part in
      guard case .result(let id, let text) = part else { return nil }
      return #"{"role":"tool","tool_call_id":"\#(id)","content":\#(quoted(text))}"#
    }
  }
  var members = [#""role":"\#(message.role.rawValue)""#]
  var content: [String] = []
  var texts: [String] = []
  var calls: [String] = []
  for part in message.parts {
    switch part {
    case .text(let text):
      texts.append(text)
      content.append(#"{"type":"text","text":\#(quoted(text))}"#)
    case .image(let data):
      content.append(
        #"{"type":"image_url","image_url":{"url":"data:image/png;base64,\#(data)"}}"#)
    case .reasoning(let text, _): members.append(#""reasoning_content":\#(quoted(text))"#)
    case .call(let id, let name, let arguments):
      calls.append(
        #"{"id":"\#(id)","type":"function","function":{"name":"\#(name)","arguments":\#(quoted(arguments))}}"#
      )
    case .result: break
    }
  }
  if texts.count == content.count, texts.count == 1, !message.textAsParts {
    members.append(#""content":\#(quoted(texts[0]))"#)
  } else {
    members.append(#""content":[\#(content.joined(separator: ","))]"#)
  }
  if !calls.isEmpty { members.append(#""tool_calls":[\#(calls.joined(separator: ","))]"#) }
  return ["{" + members.joined(separator: ",") + "}"]
}

// MARK: OpenAI responses

private func responses(_ tool: Talk.Tool) -> String {
  #"{"type":"function","name":\#(quoted(tool.name)),"description":\#(quoted(tool.description)),"parameters":\#(tool.schema)}"#
}

private func responses(_ message: Talk.Message) -> [String] {
  let isAnswer = message.role == .assistant
  var items: [String] = []
  var content: [String] = []
  for part in message.parts {
    switch part {
    case .text(let text):
      content.append(
        #"{"type":"\#(isAnswer ? "output_text" : "input_text")","text":\#(quoted(text))}"#)
    case .image(let data):
      content.append(
        #"{"type":"input_image","image_url":"data:image/png;base64,\#(data)"}"#)
    case .reasoning(let text, _):
      items.append(
        #"{"type":"reasoning","summary":[{"type":"summary_text","text":\#(quoted(text))}]}"#)
    case .call(let id, let name, let arguments):
      if !content.isEmpty {
        items.append(item(message, content))
        content = []
      }
      items.append(
        #"{"type":"function_call","call_id":"\#(id)","name":"\#(name)","arguments":\#(quoted(arguments))}"#
      )
    case .result(let id, let text):
      items.append(
        #"{"type":"function_call_output","call_id":"\#(id)","output":\#(quoted(text))}"#)
    }
  }
  if !content.isEmpty { items.append(item(message, content)) }
  return items
}

private func item(_ message: Talk.Message, _ content: [String]) -> String {
  #"{"type":"message","role":"\#(message.role.rawValue)","content":[\#(content.joined(separator: ","))]}"#
}
