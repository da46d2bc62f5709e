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
  /// `place` is a file and a line of it.
  case badConfiguration(place: String, reason: String)
  case badEnvironment(variable: String, reason: String)

  public var description: String {
    switch self {
    case .unknownCommand(let word):
      "there is no command '\(shown(word))'; see holdfast --help"
    case .unknownOption(let name):
      "there is no option '\(shown(name))' here; see holdfast --help"
    case .missingValue(let option):
      "option --\(option) needs a value"
    case .unexpectedValue(let option):
      "option --\(option) takes no value"
    case .unexpectedArgument(let text):
      "'\(shown(text))' is not expected here; options begin with --"
    case .badValue(let option, let value, let expected):
      "--\(option) '\(shown(value))' is not \(expected)"
    case .missingArgument(let name):
      "\(name) is missing; see holdfast --help"
    case .missingOption(let option, let hint):
      "--\(option) is missing; \(hint)"
    case .badConfiguration(let place, let reason):
      "\(place) \(reason)"
    case .badEnvironment(let variable, let reason):
      "the environment variable \(variable) \(reason)"
    }
  }
}

extension UsageError {
  /// The same complaint, told about the place the value came from.
  public func located(in line: ParsedCommandLine) -> UsageError {
    guard case .badValue(let option, let value, let expected) = self else { return self }
    let source = line.source(of: option)
    switch source {
    case .commandLine, .standard: return self
    case .environment(let variable):
      return .badEnvironment(
        variable: variable, reason: "is '\(shown(value))', which is not \(expected)")
    case .workspace, .user:
      return .badConfiguration(
        place: source.description,
        reason: "sets '\(option)' to '\(shown(value))', which is not \(expected)")
    }
  }
}

/// Text from the command line as it may be shown: in a URL in the wrong place, whatever stands in
/// front of an @ could be a password.
func shown(_ text: String) -> String {
  guard let at = text.lastIndex(of: "@") else { return text }
  return "***" + text[at...]
}
