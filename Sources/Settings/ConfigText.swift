/// The configuration as text: the file with every option, and what is in force.
public enum ConfigText {
  /// A file that sets nothing: every option with its help, commented out.
  public static var standardFile: String {
    var out = """
      # Configuration of holdfast.
      #
      # Your own file is config.toml in $XDG_CONFIG_HOME/holdfast or ~/.config/holdfast. A workspace may
      # have a .holdfast.toml for the options marked so below. The command line goes before environment
      # variables (HOLDFAST_PIN=safe), those before the workspace's file, that before your own. What is
      # marked as reloaded is followed by a running proxy when it gets SIGHUP.

      """
    for option in OptionTable.options where option.isConfigurable {
      let marks =
        (option.isWorkspaceSetting ? " [workspace, too]" : "")
        + (option.isReloadable ? " [reloaded]" : "")
      out += "\n" + comment(option.help + marks)
      out += "# \(option.name) = \(example(option))\n"
    }
    return out
  }

  /// One line for each option: its value and where that comes from.
  public static func inForce(_ line: ParsedCommandLine) -> String {
    let options = OptionTable.options(for: line.command).filter(\.isConfigurable)
    let width = options.map(\.name.count).max() ?? 0
    return options.map { option in
      let name = option.name + String(repeating: " ", count: width - option.name.count)
      return "\(name) = \(value(option, line))  # \(line.source(of: option.name).description)"
    }.joined(separator: "\n")
  }

  private static func value(_ option: Option, _ line: ParsedCommandLine) -> String {
    guard let texts = line.values[option.name] else {
      return option.kind == .flag ? "false" : "\"\(escaped(option.standard))\""
    }
    if option.kind == .flag { return "true" }
    let quoted = texts.map { "\"\(option.isSecret ? "***" : escaped(shown($0)))\"" }
    return quoted.count == 1 ? quoted[0] : "[\(quoted.joined(separator: ", "))]"
  }

  /// The value without marks around it, for a sentence.
  static func plain(_ option: Option, _ line: ParsedCommandLine) -> String {
    guard let texts = line.values[option.name] else {
      if option.kind == .flag { return "off" }
      return option.standard.isEmpty ? "unset" : option.standard
    }
    return option.kind == .flag ? "on" : texts.map(shown).joined(separator: ",")
  }

  private static func example(_ option: Option) -> String {
    switch option.kind {
    case .flag: "true"
    case .value(let name): option.isRepeatable ? "[\"\(name)\"]" : "\"\(name)\""
    case .optionalValue(_, let standard): "\"\(standard)\""
    }
  }

  private static func comment(_ text: String) -> String {
    var out = ""
    var line = "#"
    for word in text.split(separator: " ") {
      if line.count + word.count + 1 > 98 {
        out += line + "\n"
        line = "#"
      }
      line += " " + word
    }
    return out + line + "\n"
  }

  private static func escaped(_ text: String) -> String {
    text.map { $0 == "\"" || $0 == "\\" ? "\\\($0)" : String($0) }.joined()
  }
}

extension Option {
  /// What holds if it is not set, as the help says it: `(default 5)`, `off (default)`; empty if the
  /// help names nothing.
  fileprivate var standard: String {
    if let start = help.firstRange(of: "(default ") {
      return String(help[start.upperBound...].prefix { !";,)".contains($0) })
    }
    guard let mark = help.firstRange(of: " (default") else { return "" }
    return String(help[..<mark.lowerBound].reversed().prefix { $0 != " " }.reversed())
  }
}
