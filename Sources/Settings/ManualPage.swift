/// The manual page in the man(7) macros, made from the tables.
public enum ManualPage {
  public static func text(version: String) -> String {
    var out = """
      .TH HOLDFAST 1 "" "holdfast \(version)" "User commands"
      .SH NAME
      holdfast \\- shows what a coding agent does to the prompt cache, and keeps it alive
      .SH SYNOPSIS
      .B holdfast
      .B \\-\\-upstream
      .I URL
      [\\fIoptions\\fR]

      """
    for command in Command.allCases where command != .proxy {
      out += ".br\n.B holdfast \(escaped(command.rawValue))\n[\\fIoptions\\fR]"
      out += command.arguments.map { " \\fI\(escaped($0))\\fR" } ?? ""
      out += "\n"
    }
    out += """
      .SH DESCRIPTION
      A proxy between coding agents and a model server. On every turn it shows where the prompt stopped
      being what the server already has, why, and what that cost; with
      .B \\-\\-pin
      it forwards requests so that the server's cache survives.
      .SH COMMANDS

      """
    for command in Command.allCases where command != .proxy {
      out += ".TP\n.B \(escaped(command.rawValue))\n\(escaped(command.summary)).\n"
    }
    out += ".SH OPTIONS\n"
    for option in OptionTable.options {
      let names = option.commands.map { $0 == .proxy ? "the proxy" : $0.rawValue }.sorted()
      out += ".TP\n\(spelling(option))\n\(escaped(option.help)).\n"
      if option.commands.count < Command.allCases.count {
        out += "For: \(escaped(names.joined(separator: ", "))).\n"
      }
    }
    out += """
      .SH ENVIRONMENT
      Every option that does not only concern one call can be set by a variable: HOLDFAST_ and its name
      in capitals, with _ for \\-, as in HOLDFAST_MAX_SESSIONS=50.
      .B NO_COLOR
      turns colours off.
      .BR HTTPS_PROXY ,
      .BR HTTP_PROXY ,
      .B ALL_PROXY
      and
      .BR NO_PROXY ,
      in small letters, too, are followed on the way to upstreams.
      .SH FILES
      .TP
      .I ~/.config/holdfast/config.toml
      Your configuration; keys are names of options.
      .B holdfast \\-\\-print\\-default\\-config
      prints one to begin with.
      .TP
      .I .holdfast.toml
      Configuration of a workspace, found from the working directory upwards; it may set what harms
      nobody.
      .TP
      .I ~/.local/state/holdfast/ledger.sqlite
      Turns and sessions.
      .SH SIGNALS
      .TP
      .BR SIGTERM ", " SIGINT
      Running answers are finished first; a second signal ends at once.
      .TP
      .B SIGHUP
      The configuration is read again and followed in \(reloadable).
      A file with a mistake changes nothing. Either is said in a notice. If the signal comes because
      the terminal is gone, the proxy ends as with SIGTERM.
      .SH EXIT STATUS
      0 when all went well, 1 when the proxy could not run or a check failed, 2 for a command line or a
      configuration that cannot be followed.

      """
    return out
  }

  private static var reloadable: String {
    let names = OptionTable.options.filter(\.isReloadable).map { escaped($0.name) }
    return names.dropLast().joined(separator: ", ") + " and " + (names.last ?? "")
  }

  private static func spelling(_ option: Option) -> String {
    let short = option.short.map { "\\fB\\-\($0)\\fR, " } ?? ""
    let name = "\\fB\\-\\-\(escaped(option.name))\\fR"
    return switch option.kind {
    case .flag: short + name
    case .value(let value): "\(short)\(name) \\fI\(escaped(value))\\fR"
    case .optionalValue(let value, _): "\(short)\(name)[=\\fI\(escaped(value))\\fR]"
    }
  }

  private static func escaped(_ text: String) -> String {
    text.map { character in
      switch character {
      case "\\": "\\e"
      case "-": "\\-"
      case "'": "\\(aq"
      default: String(character)
      }
    }.joined()
  }
}
