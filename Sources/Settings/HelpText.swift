/// The help, made from the tables.
public enum HelpText {
  private static let indent = 28

  public static func text(for command: Command) -> String {
    var out = ""
    if command == .proxy {
      out += "usage: holdfast --upstream URL [options]\n"
      for other in Command.allCases where other != .proxy {
        out += "       holdfast \(other.rawValue) [options]\(arguments(other))\n"
      }
      out += "\nShows on every turn how much of the prompt cache a coding agent kept, where its\n"
      out += "history changed, and what that cost. Point the agent at the proxy:\n\n"
      out += "  OPENAI_BASE_URL=http://127.0.0.1:8089/v1\n"
      out += "  ANTHROPIC_BASE_URL=http://127.0.0.1:8089\n\n"
      out += "commands:\n"
      for other in Command.allCases where other != .proxy {
        out += wrapped(padded("  \(other.rawValue)"), other.summary)
      }
      out += "\n"
    } else {
      out +=
        "usage: holdfast \(command.rawValue) [options]\(arguments(command))\n\n\(capitalised(command.summary)).\n\n"
    }
    out += "options:\n"
    for option in OptionTable.options(for: command) {
      out += wrapped(padded("  " + spelling(option)), option.help)
    }
    return out
  }

  /// `-l, --listen HOST:PORT`
  static func spelling(_ option: Option) -> String {
    let short = option.short.map { "-\($0), " } ?? "    "
    return switch option.kind {
    case .flag: "\(short)--\(option.name)"
    case .value(let name): "\(short)--\(option.name) \(name)"
    case .optionalValue(let name, _): "\(short)--\(option.name)[=\(name)]"
    }
  }

  private static func padded(_ text: String) -> String {
    text.count + 2 <= indent
      ? text + String(repeating: " ", count: indent - text.count)
      : text + "\n" + String(repeating: " ", count: indent)
  }

  private static func wrapped(_ head: String, _ text: String) -> String {
    var out = head
    var column = indent
    for word in text.split(separator: " ") {
      if column > indent, column + word.count + 1 > 80 {
        out += "\n" + String(repeating: " ", count: indent)
        column = indent
      }
      if column > indent {
        out += " "
        column += 1
      }
      out += word
      column += word.count
    }
    return out + "\n"
  }

  private static func arguments(_ command: Command) -> String {
    command.arguments.map { " " + $0 } ?? ""
  }

  private static func capitalised(_ text: String) -> String {
    text.prefix(1).uppercased() + text.dropFirst()
  }
}
