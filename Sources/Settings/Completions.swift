/// Completion scripts for shells, made from the tables.
public enum Completions {
  public static var bash: String {
    var cases = ""
    for command in Command.allCases where command != .proxy {
      cases +=
        "    \(command.rawValue)) options='\(names(command))' rest=(\(bash(command.completion))) ;;\n"
    }
    return """
      # Completion of holdfast for bash.
      _holdfast() {
        local word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} options rest
        COMPREPLY=()
        # bash takes --option=WORD for three words.
        if [[ $word == = ]]; then
          word=
        elif [[ $previous == = ]]; then
          previous=${COMP_WORDS[COMP_CWORD-2]}
        fi
        case $previous in
      \(valueCases)  esac
        if [[ $COMP_CWORD -eq 1 && $word != -* ]]; then
          COMPREPLY=($(compgen -W '\(commands)' -- "$word"))
          return
        fi
        case ${COMP_WORDS[1]} in
      \(cases)    *) options='\(names(.proxy))' rest=() ;;
        esac
        if [[ $word == -* ]]; then
          COMPREPLY=($(compgen -W "$options" -- "$word"))
        elif [[ ${#rest[@]} -gt 0 ]]; then
          COMPREPLY=($(compgen "${rest[@]}" -- "$word"))
        fi
      }
      complete -o filenames -F _holdfast holdfast

      """
  }

  /// Arguments of compgen.
  private static func bash(_ completion: Option.Completion) -> String {
    switch completion {
    case .words(let words): "-W '\(words.joined(separator: " "))'"
    case .file: "-f"
    case .directory: "-d"
    case .nothing: ""
    }
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
        # The command is a word like the program's name, not an argument.
        if [[ ${words[2]} != -* ]]; then
          words=("${(@)words[2,-1]}")
          (( CURRENT -= 1 ))
        fi
        _arguments -s $options
      fi

      """
  }

  public static var fish: String {
    var out = "# Completion of holdfast for fish.\ncomplete -c holdfast -f\n"
    for command in Command.allCases where command != .proxy {
      out += "complete -c holdfast -n __fish_use_subcommand -a \(command.rawValue)"
      out += " -d '\(quoted(command.summary, apostrophe: "\\'"))'\n"
      let condition = "__fish_seen_subcommand_from \(command.rawValue)"
      switch command.completion {
      case .words(let words):
        out += "complete -c holdfast -n '\(condition)' -a '\(words.joined(separator: " "))'\n"
      case .file, .directory: out += "complete -c holdfast -n '\(condition)' -F\n"
      case .nothing: break
      }
    }
    for option in OptionTable.options {
      let words = option.commands.filter { $0 != .proxy }.map(\.rawValue).sorted()
      var conditions =
        words.isEmpty ? [] : ["__fish_seen_subcommand_from " + words.joined(separator: " ")]
      if option.commands.contains(.proxy) { conditions.append("__fish_use_subcommand") }
      out += "complete -c holdfast -n '\(conditions.joined(separator: "; or "))' -l \(option.name)"
      if let short = option.short { out += " -s \(short)" }
      if option.kind != .flag { out += fish(option) }
      out += " -d '\(quoted(brief(option), apostrophe: "\\'"))'\n"
    }
    return out
  }

  /// How the value of an option is completed.
  private static func fish(_ option: Option) -> String {
    var isOptional = false
    if case .optionalValue = option.kind { isOptional = true }
    let needed = isOptional ? "" : " -r"
    return switch option.completion {
    case .words(let words): "\(needed) -f -a '\(words.joined(separator: " "))'"
    case .file: "\(needed) -F"
    case .directory: "\(needed) -f -a '(__fish_complete_directories)'"
    case .nothing: "\(needed) -f"
    }
  }

  private static var commands: String {
    Command.allCases.filter { $0 != .proxy }.map(\.rawValue).joined(separator: " ")
  }

  private static func names(_ command: Command) -> String {
    OptionTable.options(for: command).map { "--\($0.name)" }.joined(separator: " ")
  }

  private static var valueCases: String {
    var seen: Set<String> = []
    return OptionTable.options.filter { $0.kind != .flag && seen.insert($0.name).inserted }
      .compactMap { option in
        let offer =
          switch option.completion {
          case .words(let words): "-W '\(words.joined(separator: " "))'"
          case .file: "-f"
          case .directory: "-d"
          case .nothing: ""
          }
        // The value of an option that may stand alone is in the same word.
        if case .optionalValue = option.kind {
          return "    --\(option.name)) if [[ ${COMP_WORDS[COMP_CWORD-1]} == = || "
            + "${COMP_WORDS[COMP_CWORD]} == = ]]; then\n"
            + "      COMPREPLY=($(compgen \(offer) -- \"$word\")); return; fi ;;\n"
        }
        guard !offer.isEmpty else { return "    --\(option.name)) return ;;\n" }
        return
          "    --\(option.name)) COMPREPLY=($(compgen \(offer) -- \"$word\")); return ;;\n"
      }.joined()
  }

  private static func zshOptions(_ command: Command) -> String {
    let options = OptionTable.options(for: command).map { option in
      let text = quoted(brief(option)).replacing("[", "(").replacing("]", ")")
      let name =
        if case .optionalValue = option.kind { "--\(option.name)=-" } else { "--\(option.name)" }
      let many = option.isRepeatable ? "*" : ""
      return "  '\(many)\(name)[\(text)]\(zshValue(option))'\n"
    }.joined()
    let rest = zsh(command.completion)
    return options + (rest.isEmpty ? "" : "  '*:\(rest)'\n")
  }

  private static func zshValue(_ option: Option) -> String {
    let offer = zsh(option.completion)
    let title = offer.isEmpty ? zshTitle(option) + ":" : offer
    return switch option.kind {
    case .flag: ""
    case .value: ":" + title
    case .optionalValue: "::" + title
    }
  }

  private static func zshTitle(_ option: Option) -> String {
    switch option.kind {
    case .flag: ""
    case .value(let name), .optionalValue(let name, _):
      name.replacing(":", " ").replacing("[", "").replacing("]", "")
    }
  }

  /// Title and action of zsh's `_arguments`.
  private static func zsh(_ completion: Option.Completion) -> String {
    switch completion {
    case .words(let words): "word:(\(words.joined(separator: " ")))"
    case .file: "file:_files"
    case .directory: "directory:_files -/"
    case .nothing: ""
    }
  }

  /// The first clause of the help.
  private static func brief(_ option: Option) -> String {
    let end = option.help.firstIndex { $0 == ";" || $0 == "(" } ?? option.help.endIndex
    var text = option.help[..<end]
    while text.last == " " || text.last == "," { text.removeLast() }
    return String(text)
  }

  /// Inside single quotes; `apostrophe` is how the shell writes one there.
  private static func quoted(_ text: String, apostrophe: String = "'\\''") -> String {
    text.replacing("\\", "").replacing(":", " -").replacing("'", apostrophe)
  }
}

extension String {
  fileprivate func replacing(_ old: Character, _ new: String) -> String {
    map { $0 == old ? new : String($0) }.joined()
  }
}
