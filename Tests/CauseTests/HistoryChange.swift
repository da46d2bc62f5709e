import Foundation
import Prefix
import Prompt
import TestSupport

extension Change {
  /// Changes of one past message.
  static let history: [Change] = [
    Change(.argumentsRewritten, "keys of arguments") { talk in
      talk.past { part, _ in
        guard case .call(let id, let name, let arguments) = part,
          let comma = arguments.range(of: #",\s*"limit""#, options: .regularExpression)
        else { return false }
        let path = arguments[arguments.index(after: arguments.startIndex)..<comma.lowerBound]
        let limit = arguments[arguments.range(of: #""limit""#)!.lowerBound...].dropLast()
        part = .call(id: id, name: name, arguments: "{\(limit),\(path)}")
        return true
      }
    },
    Change(.idsRegenerated, "ids of a call and its result") { talk in
      let fresh = "new_\(talk.number(1_000_000))"
      var renamed: String?
      let found = talk.past { part, _ in
        guard case .call(let id, let name, let arguments) = part else { return false }
        renamed = id
        part = .call(id: fresh, name: name, arguments: arguments)
        return true
      }
      for at in talk.messages.indices {
        for index in talk.messages[at].parts.indices {
          if case .result(let id, let text) = talk.messages[at].parts[index], id == renamed {
            talk.messages[at].parts[index] = .result(id: fresh, text: text)
          }
        }
      }
      return found
    },
    Change(.whitespaceTrimmed, "white space at the end of a result") { talk in
      talk.pastResult { text in
        text.last == "\n" ? String(text.dropLast()) : text + "\n"
      }
    },
    Change(.redaction, "a secret blanked") { talk in
      talk.pastResult { text in
        guard let range = text.range(of: #"\w+\d+"#, options: .regularExpression) else {
          return text
        }
        return text.replacingCharacters(in: range, with: "[REDACTED]")
      }
    },
    Change(.redaction, "a line starred out") { talk in
      talk.pastResult { text in
        var lines = text.components(separatedBy: "\n")
        lines[1] = "password: ********"
        return lines.joined(separator: "\n")
      }
    },
    Change(.toolResultCleared, "a result replaced by a sentinel") { talk in
      talk.pastResult { _ in "[Old tool result content cleared]" }
    },
    Change(.toolResultCleared, "the end of a result cut off") { talk in
      talk.pastResult { String($0.prefix($0.count / 3)) + "\n... [output truncated]" }
    },
    Change(.toolResultCleared, "a result replaced by a count of lines") { talk in
      talk.pastResult { text in
        "Old environment output: (\(text.split(separator: "\n").count) lines omitted)"
      }
    },
    Change(.reminder, "a reminder is left out") { talk in
      talk.past { part, message in
        guard case .text(let text) = part, message.role == .user,
          let range = text.range(of: "\n<system-reminder>")
        else { return false }
        part = .text(String(text[..<range.lowerBound]))
        return true
      }
    },
    Change(.reminder, "a reminder is put in") { talk in
      let reminder = "\n<system-reminder>Mind \(talk.words(4)).</system-reminder>"
      return talk.past { part, message in
        guard case .text(let text) = part, message.role == .user,
          !text.contains("<system-reminder>")
        else { return false }
        part = .text(text + reminder)
        return true
      }
    },
    Change(.reasoningDropped, "reasoning of one answer", [.openAIChat, .openAIResponses]) {
      talk in talk.past(dropReasoning)
    },
    Change(.reasoningDropped, "a signed thinking block left out", [.anthropicMessages]) { talk in
      talk.past(dropReasoning)
    },
    Change(.signedThinking, "another signature", [.anthropicMessages]) { talk in
      let fresh = "sig\(talk.random.next())"
      return talk.past { part, _ in
        guard case .reasoning(let text, .some) = part else { return false }
        part = .reasoning(text, signature: fresh)
        return true
      }
    },
    Change(.image, "an image encoded anew") { talk in
      let data = Data(talk.words(30).utf8).base64EncodedString()
      return talk.past { part, _ in
        guard case .image = part else { return false }
        part = .image(data)
        return true
      }
    },
    Change(.image, "an image replaced by words") { talk in
      talk.past { part, _ in
        guard case .image = part else { return false }
        part = .text("[image removed]")
        return true
      }
    },
    Change(.toolRenamed, "a past call under another name", [.openAIChat, .anthropicMessages]) {
      talk in
      let fresh = "mcp__\(talk.number(1_000_000))"
      return talk.past { part, _ in
        guard case .call(let id, _, let arguments) = part else { return false }
        part = .call(id: id, name: fresh, arguments: arguments)
        return true
      }
    },
    Change(.inPlaceEdit, "a line of a result in other words") { talk in
      let line = "9\tvar " + talk.words(5)
      return talk.pastResult { text in
        var lines = text.components(separatedBy: "\n")
        lines[2] = line
        return lines.joined(separator: "\n")
      }
    },
    Change(.inPlaceEdit, "a past answer in other words") { talk in
      let fresh = talk.words(3)
      return talk.past { part, message in
        guard case .text(let text) = part, message.role == .assistant else { return false }
        part = .text("Well, \(fresh): " + text)
        return true
      }
    },
  ]

  private static let dropReasoning: @Sendable (inout Talk.Part, inout Talk.Message) -> Bool = {
    part, message in
    guard case .reasoning = part else { return false }
    message.parts.removeAll { $0 == part }
    // The caller writes the part back to its place unless that place is gone.
    part = message.parts.first ?? part
    return true
  }

  /// Changes that are known by how far they reach.
  static let extent: [Change] = [
    Change(.inPlaceEdit, "a message put into the middle") { talk in
      let last = talk.messages.count - 4
      guard last > 2 else { return false }
      // Never between a call and its result.
      guard
        let at = (1..<last).filter({ talk.messages[$0].role == .assistant }).randomElement(
          using: &talk.random)
      else { return false }
      talk.messages.insert(talk.user("By the way, " + talk.words(8) + "."), at: at)
      return true
    },
    Change(.inPlaceEdit, "old steps left out") { talk in
      guard talk.messages.count > 9, talk.messages[1].role == .assistant,
        talk.messages[2].role == .tool
      else { return false }
      talk.messages.removeSubrange(1...2)
      return true
    },
    Change(.tailRewrite, "the last result in other words") { talk in
      guard let last = talk.messages.indices.last, talk.messages[last].role == .tool,
        case .result(let id, let text) = talk.messages[last].parts[0]
      else { return false }
      talk.messages[last].parts[0] = .result(id: id, text: text + "exit status 0\n")
      return true
    },
    Change(.branch, "rewound by some steps", hasPlace: false) { talk in
      guard talk.messages.count > 9 else { return false }
      talk.messages.removeLast(4)
      while talk.messages.last?.role == .assistant { talk.messages.removeLast() }
      talk.messages.append(
        Talk.Message(role: .assistant, parts: [.text("Then: " + talk.words(6))]))
      talk.messages.append(talk.user("No, do it another way: " + talk.words(9)))
      return true
    },
    Change(.compaction, "summarised", hasPlace: false) { talk in
      guard talk.messages.count > 12 else { return false }
      let recent = Array(talk.messages.suffix(2))
      guard recent[0].role == .assistant else { return false }
      talk.messages = [
        talk.user(
          "This session is being continued from a previous conversation. Summary: "
            + talk.words(80))
      ]
      return true
    },
    Change(.compactionCall, "asked for a summary without tools", hasPlace: false, isAside: true) {
      talk in
      guard talk.messages.count > 8 else { return false }
      talk.tools = []
      talk.messages.append(
        Talk.Message(role: .assistant, parts: [.text("Understood: " + talk.words(4))]))
      talk.messages.append(talk.user("Summarise the conversation so far, in 500 words."))
      return true
    },
  ]
}
