import Foundation
import Prefix
import Prompt

/// One way in which agents change what they have sent before, and what must be said about it.
struct Change: Sendable {
  let cause: Cause
  let name: String
  let dialects: [Dialect]
  /// Whether the verdict points at the first piece that differs.
  let hasPlace: Bool
  /// Whether the request is outside of the conversation, which goes on as if it had not been sent.
  let isAside: Bool
  /// nil or false if the conversation has nothing to change in this way yet.
  let apply: @Sendable (inout Talk) -> Bool

  static let every: [Dialect] = [.openAIChat, .openAIResponses, .anthropicMessages]

  init(
    _ cause: Cause, _ name: String, _ dialects: [Dialect] = every, hasPlace: Bool = true,
    isAside: Bool = false, _ apply: @escaping @Sendable (inout Talk) -> Bool
  ) {
    self.cause = cause
    self.name = name
    self.dialects = dialects
    self.hasPlace = hasPlace
    self.isAside = isAside
    self.apply = apply
  }

  static let all = clean + frame + history + extent
}

extension Talk {
  /// Replaces text in the system prompt.
  mutating func inSystem(_ from: String, _ to: String) -> Bool {
    for at in system.indices where system[at].contains(from) && from != to {
      system[at] = system[at].replacingOccurrences(of: from, with: to)
      return true
    }
    return false
  }

  /// Changes a part of one past message, chosen at random; the newest ones are left alone, because
  /// a change there is another cause.
  mutating func past(_ change: (inout Part, inout Message) -> Bool) -> Bool {
    let last = messages.count - 4
    guard last > 0 else { return false }
    let start = number(last)
    for step in 0..<last {
      let at = (start + step) % last
      for index in messages[at].parts.indices {
        var message = messages[at]
        var part = message.parts[index]
        guard change(&part, &message) else { continue }
        if message.parts.indices.contains(index) { message.parts[index] = part }
        guard message != messages[at] else { continue }
        messages[at] = message
        return true
      }
    }
    return false
  }

  mutating func pastResult(_ change: (String) -> String) -> Bool {
    past { part, _ in
      guard case .result(let id, let text) = part, text.count > 200 else { return false }
      part = .result(id: id, text: change(text))
      return true
    }
  }
}

// MARK: What is no break

extension Change {
  static let clean: [Change] = [
    Change(.none, "nothing") { _ in true },
    Change(.none, "temperature") { talk in
      guard let at = talk.knobs.firstIndex(where: { $0.name == "temperature" }) else {
        return false
      }
      talk.knobs[at].value = "0.\(1 + talk.number(9))"
      return true
    },
    Change(.none, "settings in another order") { talk in
      talk.knobs.swapAt(0, 1)
      return true
    },
    Change(.neutralRerender, "text as a list of one part", [.openAIChat, .anthropicMessages]) {
      talk in
      talk.past { part, message in
        guard case .text = part, message.parts.count == 1, !message.marked else { return false }
        message.textAsParts.toggle()
        return true
      }
    },
    Change(.neutralRerender, "cache marker moved", [.anthropicMessages]) { talk in
      talk.past { _, message in
        message.marked.toggle()
        return true
      }
    },
    Change(.neutralRerender, "white space inside arguments") { talk in
      talk.past { part, _ in
        guard case .call(let id, let name, let arguments) = part else { return false }
        part = .call(
          id: id, name: name,
          arguments: arguments.contains(", ")
            ? arguments.replacingOccurrences(of: ", ", with: ",")
            : arguments.replacingOccurrences(of: ",", with: ", "))
        return true
      }
    },
  ]
}

// MARK: In front of the conversation

extension Change {
  static let frame: [Change] = [
    Change(.billingNonce, "checksum in the billing line", [.anthropicMessages]) { talk in
      guard let at = talk.system.firstIndex(where: { $0.hasPrefix("x-anthropic-billing") }) else {
        return false
      }
      let old = talk.system[at]
      talk.system[at] = Talk.billingLine(talk.number(0xFFFFF))
      return talk.system[at] != old
    },
    Change(.clock, "seconds") { talk in
      talk.changeDate { parts, talk in
        "\(parts.day) \(parts.time.prefix(6))\(String(format: "%02d", talk.number(60)))"
      }
    },
    Change(.clock, "another day") { talk in
      talk.changeDate { parts, talk in
        "2026-12-\(String(format: "%02d", 1 + talk.number(28))) \(parts.time)"
      }
    },
    Change(.environment, "working directory") { talk in
      talk.changeLine("Working directory: ") { "/home/user/other\($0.number(999))" }
    },
    Change(.environment, "git status") { talk in
      talk.changeLine("Git status: ") { "\($0.number(999)) files changed, branch b\($0.number(9))" }
    },
    Change(.memory, "a memory more") { talk in
      talk.inSystem(
        "- prefers small functions\n", "- prefers small functions\n- \(talk.words(4))\n")
    },
    Change(.inPlaceEdit, "a rule of style in other words") { talk in
      talk.changeLine("Write plain sentences, ") { "and \($0.words(3)) otherwise." }
    },
    Change(.toolOrder, "two tools swapped") { talk in
      guard talk.tools.count > 1 else { return false }
      let at = talk.number(talk.tools.count - 1)
      talk.tools.swapAt(at, at + 1)
      return true
    },
    Change(.toolOrder, "tools rotated") { talk in
      guard talk.tools.count > 2 else { return false }
      talk.tools.append(talk.tools.removeFirst())
      return true
    },
    Change(.schemaOrder, "keys of a schema") { talk in
      talk.aTool { tool, _ in
        tool.schema = tool.schema.replacingOccurrences(
          of: #""type":"object","properties":"#, with: #""kind":"object","properties":"#)
        let inner = #"{"path":{"type":"string","description":"where"},"limit":{"type":"integer"}}"#
        let other = #"{"limit":{"type":"integer"},"path":{"type":"string","description":"where"}}"#
        tool.schema =
          tool.schema.contains(inner)
          ? tool.schema.replacingOccurrences(of: inner, with: other)
          : tool.schema.replacingOccurrences(of: other, with: inner)
        tool.schema = tool.schema.replacingOccurrences(
          of: #""kind":"object","properties":"#, with: #""type":"object","properties":"#)
      }
    },
    Change(.schemaOrder, "names in `required`") { talk in
      talk.aTool { tool, _ in
        tool.schema =
          tool.schema.contains(#"["path","limit"]"#)
          ? tool.schema.replacingOccurrences(of: #"["path","limit"]"#, with: #"["limit","path"]"#)
          : tool.schema.replacingOccurrences(of: #"["limit","path"]"#, with: #"["path","limit"]"#)
      }
    },
    Change(.toolDescription, "session address in a description") { talk in
      talk.aTool { tool, talk in
        tool.description = "Use it. Session: https://example.org/s/\(talk.number(1_000_000))"
      }
    },
    Change(.toolAdded, "a tool at the end") { talk in
      talk.tools.append(Talk.tool("extra\(talk.number(1_000_000))"))
      return true
    },
    Change(.toolAdded, "a tool in the middle") { talk in
      talk.tools.insert(Talk.tool("middle\(talk.number(1_000_000))"), at: 1)
      return true
    },
    Change(.toolRemoved, "a tool gone") { talk in
      guard talk.tools.count > 3 else { return false }
      talk.tools.remove(at: talk.number(talk.tools.count))
      return true
    },
    Change(.inPlaceEdit, "another type in a schema") { talk in
      talk.aTool { tool, talk in
        tool.schema = tool.schema.replacingOccurrences(
          of: #""type":"integer""#, with: #""type":"number","maximum":\#(talk.number(1_000_000))"#)
      }
    },
    Change(.knob, "tool choice") { talk in
      let values =
        talk.dialect == .anthropicMessages
        ? [#"{"type":"auto"}"#, #"{"type":"any"}"#] : [#""auto""#, #""required""#]
      return talk.setKnob("tool_choice") { $0 == values[0] ? values[1] : values[0] }
    },
    Change(.knob, "how much to think") { talk in
      switch talk.dialect {
      case .anthropicMessages:
        let budget = 1024 + talk.number(9999)
        return talk.setKnob("thinking") { _ in
          #"{"type":"enabled","budget_tokens":\#(budget)}"#
        }
      case .openAIResponses:
        return talk.setKnob("reasoning") {
          $0.contains("high") ? #"{"effort":"low"}"# : #"{"effort":"high"}"#
        }
      default:
        return talk.setKnob("reasoning_effort") { $0 == #""high""# ? #""low""# : #""high""# }
      }
    },
    Change(.knob, "response format comes and goes", [.openAIChat]) { talk in
      if let at = talk.knobs.firstIndex(where: { $0.name == "response_format" }) {
        talk.knobs.remove(at: at)
      } else {
        talk.knobs.append(("response_format", #"{"type":"json_object"}"#))
      }
      return true
    },
    Change(.modelSwitch, "another model", hasPlace: false) { talk in
      talk.model = "model-\(talk.number(1_000_000))"
      return true
    },
  ]
}

extension Talk {
  static func billingLine(_ nonce: Int) -> String {
    "x-anthropic-billing-header: cc_version=2.1.36.a1b; cc_entrypoint=cli; cch="
      + String(format: "%05x", nonce) + ";"
  }

  mutating func changeDate(
    _ change: ((day: String, time: String), inout Talk) -> String
  ) -> Bool {
    changeLine("Today's date: ") { talk, old in
      let parts = old.split(separator: " ").map(String.init)
      return change((parts[0], parts[1]), &talk)
    }
  }

  mutating func changeLine(_ start: String, _ rest: (inout Talk) -> String) -> Bool {
    changeLine(start) { talk, _ in rest(&talk) }
  }

  private mutating func changeLine(
    _ start: String, _ rest: (inout Talk, String) -> String
  ) -> Bool {
    for at in system.indices {
      var lines = system[at].components(separatedBy: "\n")
      guard let line = lines.firstIndex(where: { $0.hasPrefix(start) }) else { continue }
      lines[line] = start + rest(&self, String(lines[line].dropFirst(start.count)))
      let changed = lines.joined(separator: "\n")
      guard changed != system[at] else { return false }
      system[at] = changed
      return true
    }
    return false
  }

  mutating func aTool(_ change: (inout Tool, inout Talk) -> Void) -> Bool {
    let at = number(tools.count)
    let old = tools[at]
    var tool = old
    change(&tool, &self)
    tools[at] = tool
    return tool != old
  }

  mutating func setKnob(_ name: String, _ value: (String) -> String) -> Bool {
    guard let at = knobs.firstIndex(where: { $0.name == name }) else { return false }
    let old = knobs[at].value
    knobs[at].value = value(old)
    return knobs[at].value != old
  }
}
