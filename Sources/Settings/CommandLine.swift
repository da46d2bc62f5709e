import CSystem
import Glibc
import Synchronization

/// A parsed command line: which command, and the text of each option in the order given.
public struct ParsedCommandLine: Sendable, Equatable {
  public var command: Command
  public var values: [String: [String]]
  /// Where the values that are not from the command line itself come from.
  var sources: [String: SettingSource] = [:]
  /// What stands behind the options.
  public var arguments: [String]

  public init(command: Command, values: [String: [String]], arguments: [String] = []) {
    self.command = command
    self.values = values
    self.arguments = arguments
  }

  /// Where the value of an option comes from.
  func source(of name: String) -> SettingSource {
    sources[name] ?? (values[name] == nil ? .standard : .commandLine)
  }

  public func has(_ name: String) -> Bool { values[name] != nil }

  /// The last value given: a later option overrides an earlier one.
  public func last(_ name: String) -> String? { values[name]?.last }
}

extension ParsedCommandLine {
  /// Parses `arguments` (without the program's name) by `getopt_long` and the option table.
  public static func parse(_ arguments: [String]) throws(UsageError) -> ParsedCommandLine {
    var rest = arguments
    var command = Command.proxy
    if let word = rest.first, !word.hasPrefix("-") {
      guard let known = Command(rawValue: word), !word.isEmpty else {
        throw .unknownCommand(word)
      }
      command = known
      rest.removeFirst()
    }
    var parser = OptionParser(
      options: OptionTable.options(for: command), takesArguments: command.arguments != nil,
      stopsAtArgument: command == .run)
    let (values, arguments) = try Self.turn.withLock { _ throws(UsageError) in
      try parser.parse(rest)
    }
    if let name = command.arguments, !name.hasPrefix("["), arguments.isEmpty, values["help"] == nil
    {
      throw .missingArgument(name)
    }
    return ParsedCommandLine(command: command, values: values, arguments: arguments)
  }
}

extension ParsedCommandLine {
  /// `getopt_long` keeps its place in variables of the process.
  private static let turn = Mutex(())
}

/// Hands the table to `getopt_long` and reads its answers.
private struct OptionParser {
  let options: [Option]
  let takesArguments: Bool
  /// Whether what stands behind the first argument is that argument's business.
  let stopsAtArgument: Bool
  private var values: [String: [String]] = [:]

  init(options: [Option], takesArguments: Bool, stopsAtArgument: Bool) {
    self.options = options
    self.takesArguments = takesArguments
    self.stopsAtArgument = stopsAtArgument
  }

  mutating func parse(
    _ arguments: [String]
  ) throws(UsageError) -> ([String: [String]], [String]) {
    var strings = (["holdfast"] + arguments).map { strdup($0) } + [nil]
    let names = options.map { strdup($0.name) }
    defer {
      for pointer in strings { free(pointer) }
      for pointer in names { free(pointer) }
    }
    var table = zip(options, names).map { option, name in
      longOption(name, option.kind)
    }
    table.append(option())
    let shorts =
      (stopsAtArgument ? "+:" : ":")
      + options.compactMap { option in
        option.short.map { String($0) + (option.kind == .flag ? "" : ":") }
      }.joined()

    csystem_getopt_reset()
    var index: Int32 = -1
    while true {
      let before = csystem_optind()
      let found = getopt_long(Int32(arguments.count + 1), &strings, shorts, table, &index)
      if found == -1 { break }
      let word = Self.word(arguments, at: before)
      switch UInt8(truncatingIfNeeded: found) {
      case UInt8(ascii: "?"):
        throw unknown(word)
      case UInt8(ascii: ":"):
        throw .missingValue(option: name(of: word))
      case 0:
        try take(options[Int(index)])
      case let short:
        guard let option = options.first(where: { $0.short == Character(Unicode.Scalar(short)) })
        else { throw .unknownOption(word) }
        try take(option)
      }
    }
    // getopt_long moves what is no option behind the options.
    let end = Int(csystem_optind())
    let rest = strings[min(end, strings.count)...].compactMap { $0.map { String(cString: $0) } }
    if !takesArguments, let text = rest.first { throw .unexpectedArgument(text) }
    return (values, rest)
  }

  private mutating func take(_ option: Option) throws(UsageError) {
    let text = csystem_optarg().map { String(cString: $0) }
    switch option.kind {
    case .flag: values[option.name, default: []].append("")
    case .value:
      guard let text, !text.isEmpty else { throw .missingValue(option: option.name) }
      values[option.name, default: []].append(text)
    case .optionalValue(_, let standard):
      values[option.name, default: []].append(text ?? standard)
    }
  }

  private func unknown(_ word: String) -> UsageError {
    // An option that takes no value but got one is reported the same way by getopt_long.
    if let equals = word.firstIndex(of: "="), word.hasPrefix("--") {
      let name = String(word[word.index(word.startIndex, offsetBy: 2)..<equals])
      if options.contains(where: { $0.name == name }) { return .unexpectedValue(option: name) }
    }
    return .unknownOption(word)
  }

  private func name(of word: String) -> String {
    if word.hasPrefix("--") { return String(word.dropFirst(2).prefix { $0 != "=" }) }
    let short = word.dropFirst().first
    return options.first { $0.short == short }?.name ?? word
  }

  /// The argument that getopt_long looked at, given its index before the call.
  private static func word(_ arguments: [String], at index: Int32) -> String {
    let at = max(0, Int(index) - 1)
    return arguments[min(at, arguments.count - 1)...].first { $0.hasPrefix("-") }
      ?? arguments.last ?? ""
  }

  private func longOption(_ name: UnsafeMutablePointer<CChar>?, _ kind: Option.Kind) -> option {
    let argument: Int32 =
      switch kind {
      case .flag: 0
      case .value: 1
      case .optionalValue: 2
      }
    return option(name: name, has_arg: argument, flag: nil, val: 0)
  }
}
