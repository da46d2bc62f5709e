/// Completion scripts for shells, made from the tables.
public enum Completions {
  public static var bash: String {
    var cases = ""
    for command in Command.allCases where command != .proxy {
      cases += "    \(command.rawValue)) options='\(names(command))' ;;\n"
    }
    return """
      # Completion of holdfast for bash.
      _holdfast() {
        local word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} options
        COMPREPLY=()
        case $previous in
      \(valueCases)  esac
        if [[ $COMP_CWORD -eq 1 && $word != -* ]]; then
          COMPREPLY=($(compgen -W '\(commands)' -- "$word"))
          return
        fi
        case ${COMP_WORDS[1]} in
      \(cases)    *) options='\(names(.proxy))' ;;
        esac
        if [[ $word == -* ]]; then
          COMPREPLY=($(compgen -W "$options" -- "$word"))
        else
          COMPREPLY=($(compgen -f -- "$word"))
        fi
      }
      complete -o filenames -F _holdfast holdfast

      """
  }

  public static var zsh: String {
    var out = """
      #compdef holdfast
      # Completion of holdfast for zsh.
      local -a commands
      commands=(

      """
    for command in Command.allCases where command != .proxy {
      out += "  '\(command.rawValue):\(quoted(command.summary))'\n"
    }
    out += ")\nlocal -a options\ncase ${words[2]} in\n"
    for command in Command.allCases where command != .proxy {
      out += "\(command.rawValue)) options=(\n\(zshOptions(command))) ;;\n"
    }
    out += "*) options=(\n\(zshOptions(.proxy))) ;;\nesac\n"
    return out + """
      if (( CURRENT == 2 )) && [[ ${words[2]} != -* ]]; then
        _describe command commands
      else
        _arguments -s $options '*:file:_files'
      fi

      """
  }

  public static var fish: String {
    var out = "# Completion of holdfast for fish.\n"
    for command in Command.allCases where command != .proxy {
      out += "complete -c holdfast -n __fish_use_subcommand -a \(command.rawValue)"
      out += " -d '\(quoted(command.summary))'\n"
    }
    for option in OptionTable.options {
      let words = option.commands.filter { $0 != .proxy }.map(\.rawValue).sorted()
      var conditions =
        words.isEmpty ? [] : ["__fish_seen_subcommand_from " + words.joined(separator: " ")]
      if option.commands.contains(.proxy) { conditions.append("__fish_use_subcommand") }
      out += "complete -c holdfast -n '\(conditions.joined(separator: "; or "))' -l \(option.name)"
      if let short = option.short { out += " -s \(short)" }
      if case .value(let value) = option.kind { out += value == "FILE" ? " -r -F" : " -r -f" }
      out += " -d '\(quoted(brief(option)))'\n"
    }
    return out
  }

  private static var commands: String {
    Command.allCases.filter { $0 != .proxy }.map(\.rawValue).joined(separator: " ")
  }

  private static func names(_ command: Command) -> String {
    OptionTable.options(for: command).map { "--\($0.name)" }.joined(separator: " ")
  }

  /// Options that take a word of a few.
  private static var valueCases: String {
    [
      ("--color", "auto always never"), ("--format", "table json csv"),
      ("--pin-state", "all replacements none"), ("--mode", "off safe hold"),
    ].map { "    \($0.0)) COMPREPLY=($(compgen -W '\($0.1)' -- \"$word\")); return ;;\n" }.joined()
  }

  private static func zshOptions(_ command: Command) -> String {
    OptionTable.options(for: command).map { option in
      let text = quoted(brief(option)).replacing("[", "(").replacing("]", ")")
      let value =
        switch option.kind {
        case .flag: ""
        case .value("FILE"): ":file:_files"
        case .value(let name), .optionalValue(let name, _):
          ":\(name.replacing(":", " ").replacing("[", "").replacing("]", "")):"
        }
      let name =
        if case .optionalValue = option.kind { "--\(option.name)=-" } else { "--\(option.name)" }
      let many = option.isRepeatable ? "*" : ""
      return "  '\(many)\(name)[\(text)]\(value)'\n"
    }.joined()
  }

  /// The first clause of the help.
  private static func brief(_ option: Option) -> String {
    let end = option.help.firstIndex { $0 == ";" || $0 == "(" } ?? option.help.endIndex
    var text = option.help[..<end]
    while text.last == " " || text.last == "," { text.removeLast() }
    return String(text)
  }

  /// Inside single quotes.
  private static func quoted(_ text: String) -> String {
    text.replacing("'", "").replacing(":", " -").replacing("\\", "")
  }
}

extension String {
  fileprivate func replacing(_ old: Character, _ new: String) -> String {
    map { $0 == old ? new : String($0) }.joined()
  }
}
