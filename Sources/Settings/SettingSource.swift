/// Where the value of an option comes from; what stands first here wins.
enum SettingSource: Sendable, Equatable {
  case commandLine
  case environment(String)
  /// The file nearest to the working directory.
  case workspace(path: String, line: Int)
  /// The person's own file.
  case user(path: String, line: Int)
  case standard

  /// How it is named in front of a complaint and behind a value.
  var description: String {
    switch self {
    case .commandLine: "command line"
    case .environment(let name): name
    case .workspace(let path, let line), .user(let path, let line): "\(path):\(line)"
    case .standard: "default"
    }
  }
}

extension Option {
  /// The environment variable that sets it.
  var variable: String {
    "HOLDFAST_" + name.uppercased().map { $0 == "-" ? "_" : String($0) }.joined()
  }

  /// Whether it can stand anywhere but on the command line.
  var isConfigurable: Bool { !Self.commandLineOnly.contains(name) }

  /// Whether the file of a workspace may set it. Somebody else may have written that file, and it is
  /// found by merely standing in its directory: it must not choose where prompts and credentials go,
  /// whether they are rewritten, what is written to disk, or who may connect.
  var isWorkspaceSetting: Bool { Self.workspaceSettings.contains(name) }

  private static let commandLineOnly: Set = [
    "help", "version", "config", "no-config", "print-config", "print-default-config", "json",
    "breaks", "window", "mode", "session", "workspace", "compare", "turns", "pace",
  ]

  private static let workspaceSettings: Set = [
    "no-pin", "no-affinity", "no-tui", "ascii", "color", "max-reprocessed", "min-preserved",
    "format",
  ]
}
