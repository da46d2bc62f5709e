extension Option {
  /// The words it takes, where those are few; empty where they are not.
  public var choices: [String] { Self.choices[name] ?? [] }

  /// What a shell offers for the value.
  enum Completion {
    case words([String])
    case file, directory
    case nothing
  }

  var completion: Completion {
    if !choices.isEmpty { return .words(choices) }
    switch kind {
    case .value("FILE"), .value("PATH"): return .file
    case .value("DIR"): return .directory
    default: return .nothing
    }
  }

  private static let choices: [String: [String]] = [
    "color": ["auto", "always", "never"], "format": ["table", "json", "csv"],
    "pin-state": ["all", "replacements", "none"], "mode": ["off", "safe", "hold"],
    "pin": ["off", "safe", "hold"], "window": ["90m", "24h", "7d", "all"],
  ]
}

extension Command {
  /// What a shell offers behind the options.
  var completion: Option.Completion {
    switch self {
    case .cache: .words(["stats", "inspect", "zones"])
    case .explain, .check, .attach, .run: .file
    default: .nothing
    }
  }
}
