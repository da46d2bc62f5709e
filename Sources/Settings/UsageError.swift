/// A command line that cannot be followed. `description` is one sentence for the person who typed it.
public enum UsageError: Error, Sendable, Equatable, CustomStringConvertible {
  case unknownCommand(String)
  case unknownOption(String)
  case missingValue(option: String)
  case unexpectedValue(option: String)
  case unexpectedArgument(String)
  case badValue(option: String, value: String, expected: String)
  case missingArgument(String)
  case missingOption(String, hint: String)

  public var description: String {
    switch self {
    case .unknownCommand(let word):
      "there is no command '\(word)'; see holdfast --help"
    case .unknownOption(let name):
      "there is no option '\(name)' here; see holdfast --help"
    case .missingValue(let option):
      "option --\(option) needs a value"
    case .unexpectedValue(let option):
      "option --\(option) takes no value"
    case .unexpectedArgument(let text):
      "'\(text)' is not expected here; options begin with --"
    case .badValue(let option, let value, let expected):
      "--\(option) '\(value)' is not \(expected)"
    case .missingArgument(let name):
      "\(name) is missing; see holdfast --help"
    case .missingOption(let option, let hint):
      "--\(option) is missing; \(hint)"
    }
  }
}
