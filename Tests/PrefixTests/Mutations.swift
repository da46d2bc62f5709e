import Prefix
import Prompt

/// One way in which agents change what they have sent before, and what must be said about it.
struct Mutation: CustomStringConvertible, Sendable {
  let cause: Cause
  let description: String
  /// The group it breaks in, or nil if it is no break.
  let group: BlockGroup?
  let dialects: [Dialect]
  /// Changes the conversation; returns the index in the group at which it changed, or nil if it
  /// could not be applied.
  let apply: @Sendable (inout Conversation, Int) -> Int?

  init(
    _ cause: Cause, _ description: String, _ group: BlockGroup?,
    _ dialects: [Dialect] = [.openAIChat, .anthropicMessages],
    _ apply: @escaping @Sendable (inout Conversation, Int) -> Int?
  ) {
    self.cause = cause
    self.description = description
    self.group = group
    self.dialects = dialects
    self.apply = apply
  }

  /// Index in `messages` of the request, where chat bodies begin with the system messages.
  private static func place(_ talk: Conversation, _ at: Int) -> Int {
    talk.dialect == .openAIChat ? at + talk.system.count : at
  }

  private static func edit(
    _ talk: inout Conversation, _ choice: Int, where wanted: (String) -> Bool,
    _ change: (String) -> String
  ) -> Int? {
    // The last two messages are left alone: a change there is another cause.
    let places = talk.messages.indices.dropLast(3).filter { wanted(talk.messages[$0]) }
    guard !places.isEmpty else { return nil }
    let at = places[choice % places.count]
    let changed = change(talk.messages[at])
    guard changed != talk.messages[at] else { return nil }
    talk.messages[at] = changed
    return place(talk, at)
  }

  private static func isResult(_ message: String) -> Bool {
    message.contains(#""role":"tool""#) || message.contains("tool_result")
  }

  private static func system(
    _ talk: inout Conversation, _ from: String, _ to: String
  ) -> Int? {
    guard talk.system[0].contains(from) else { return nil }
    talk.system[0] = talk.system[0].replacing(from, to)
    return 0
  }

  static let all: [Mutation] = [
    Mutation(.neutralRerender, "cache marker moved", nil, [.anthropicMessages]) { talk, choice in
      edit(&talk, choice, where: { isResult($0) }) {
        $0.replacing(#""tool_use_id""#, #""cache_control":{"type":"ephemeral"},"tool_use_id""#)
      }
    },
    Mutation(.neutralRerender, "white space in arguments", nil, [.openAIChat]) { talk, choice in
      edit(&talk, choice, where: { $0.contains("tool_calls") }) {
        $0.replacing(#"\"limit\":40"#, #"\"limit\": 40"#)
      }
    },
    Mutation(.neutralRerender, "string instead of one text part", nil) { talk, choice in
      edit(&talk, choice, where: { $0.contains(#""content":"Please"#) }) {
        $0.replacing(#""content":"#, #""content":[{"type":"text","text":"#)
          .replacing(#""}"#, #""}]}"#)
      }
    },
    Mutation(.toolOrder, "tools reordered", .tools) { talk, _ in
      guard talk.tools.count > 1 else { return nil }
      talk.tools.swapAt(0, 1)
      return 0
    },
    Mutation(.schemaOrder, "schema keys reordered", .tools) { talk, choice in
      let at = choice % talk.tools.count
      talk.tools[at] = talk.tools[at].replacing(
        #""path":{"type":"string"},"limit":{"type":"integer"}"#,
        #""limit":{"type":"integer"},"path":{"type":"string"}"#)
      return at
    },
    Mutation(.toolDescription, "tool description changed", .tools) { talk, choice in
      let at = choice % talk.tools.count
      talk.tools[at] = talk.tools[at].replacing("a file or command", "session https://x/\(choice)")
      return at
    },
    Mutation(.toolAdded, "tool added", .tools) { talk, choice in
      talk.tools.append(Conversation.tool("extra\(choice)"))
      return talk.tools.count - 1
    },
    Mutation(.toolRemoved, "tool removed", .tools) { talk, choice in
      guard talk.tools.count > 2 else { return nil }
      let at = choice % (talk.tools.count - 1)
      talk.tools.remove(at: at)
      return at
    },
    Mutation(.knob, "tool choice changed", .knobs) { talk, choice in
      talk.knobs =
        talk.knobs.contains("auto")
        ? #""tool_choice":"required","temperature":0.2"#
        : #""tool_choice":"auto","temperature":0.2"#
      return 0
    },
    Mutation(.clock, "date in the system prompt", .system) { talk, choice in
      system(&talk, "2026-11-21", "2026-11-\(22 + choice % 7)")
    },
    Mutation(.environment, "working directory in the system prompt", .system) { talk, choice in
      system(&talk, "/home/u/p", "/home/u/q\(choice)")
    },
    Mutation(.redaction, "secret blanked in a tool result", .messages) { talk, choice in
      edit(&talk, choice, where: { isResult($0) }) {
        $0.replacing("value * ", "[REDACTED] ")
      }
    },
    Mutation(.toolResultCleared, "tool result cleared", .messages) { talk, choice in
      edit(&talk, choice, where: { isResult($0) && $0.contains("func part") }) { cleared($0) }
    },
    Mutation(.argumentsRewritten, "arguments with other key order", .messages) { talk, choice in
      edit(&talk, choice, where: { $0.contains("limit") }) {
        reordered($0)
      }
    },
    Mutation(.idsRegenerated, "ids regenerated", .messages) { talk, choice in
      let places = talk.messages.indices.dropLast(3).filter { isResult(talk.messages[$0]) }
      guard !places.isEmpty else { return nil }
      let at = places[choice % places.count]
      guard let id = callID(talk.messages[at]) else { return nil }
      for step in [at - 1, at] {
        talk.messages[step] = talk.messages[step].replacing("\"\(id)\"", "\"new_\(choice)_\(id)\"")
      }
      return place(talk, at - 1)
    },
    Mutation(.whitespaceTrimmed, "trailing white space trimmed", .messages) { talk, choice in
      edit(&talk, choice, where: { isResult($0) && $0.contains(#"\n""#) }) {
        $0.replacing(#"\n""#, #"""#)
      }
    },
    Mutation(.inPlaceEdit, "a result re-rendered with line numbers", .messages) { talk, choice in
      edit(&talk, choice, where: { isResult($0) && $0.contains("func part") }) {
        $0.replacing("func part", "1| func part")
      }
    },
  ]

  private static func callID(_ message: String) -> String? {
    guard let range = message.firstRange(of: #"_id":""#) else { return nil }
    return String(message[range.upperBound...].prefix { $0 != "\"" })
  }

  private static func cleared(_ message: String) -> String {
    guard let start = message.firstRange(of: "func part"),
      let end = message.lastRange(of: #"\n"#)
    else { return message }
    return message[..<start.lowerBound] + "[Old tool result content cleared]"
      + message[end.upperBound...]
  }

  private static func reordered(_ message: String) -> String {
    for (path, limit) in [(#"\"path\":\""#, #"\"limit\":40"#), (#""path":""#, #""limit":40"#)] {
      guard let start = message.firstRange(of: path), let end = message.firstRange(of: limit),
        start.lowerBound < end.lowerBound
      else { continue }
      let first = message[start.lowerBound..<end.lowerBound].dropLast()
      return message[..<start.lowerBound] + limit + "," + first + message[end.upperBound...]
    }
    return message
  }
}
