/// The tools that the scripted agents offer.
enum AgentTools {
  static func offers(for agent: ScriptedAgent) -> [ToolOffer] {
    switch agent {
    case .aider: []
    case .claudeCode:
      [
        offer("Task", "Launches an agent for a search or a task of several steps.", schemas[0]),
        offer("Bash", "Runs a command in a persistent shell session.", schemas[1]),
        offer("Glob", "Finds files whose names match a pattern.", schemas[2]),
        offer("Grep", "Searches the contents of files.", schemas[3]),
        offer("Read", "Reads a file from the local file system.", schemas[4]),
        offer("Edit", "Replaces an exact string in a file.", schemas[5]),
        offer("Write", "Writes a file to the local file system.", schemas[6]),
        offer("TodoWrite", "Keeps a structured list of what is to be done.", schemas[7]),
      ]
    case .opencode:
      [
        offer("bash", "Executes a command with an optional time limit.", schemas[1]),
        offer("read", "Reads a file.", schemas[4]),
        offer("edit", "Replaces text in a file.", schemas[5]),
        offer("grep", "Searches files with a regular expression.", schemas[3]),
        offer("list", "Lists a folder.", schemas[8]),
      ]
    case .codex:
      [
        offer("shell", "Runs a shell command and returns its output.", schemas[9]),
        offer("update_plan", "Updates the plan of the task.", schemas[10]),
        offer("view_image", "Attaches a local image by its path.", schemas[8]),
      ]
    }
  }

  private static func offer(_ name: String, _ lead: String, _ schema: String) -> ToolOffer {
    let seed = name.utf8.reduce(7) { $0 &* 31 &+ UInt64($1) }
    let parameters = (try? JSONReader.read(schema)) ?? .object([])
    return ToolOffer(
      name: name,
      description: lead + " " + SourceText.instructions(sentences: 14, seed: seed),
      parameters: parameters)
  }

  /// The same schema with its keys in the opposite order.
  static func reordered(_ schema: JSONTree) -> JSONTree {
    guard let members = schema.members else { return schema }
    return .object(members.reversed())
  }

  private static let schemas: [String] = [
    #"{"type":"object","properties":{"description":{"type":"string","description":"What the agent does, in three to five words"},"prompt":{"type":"string","description":"The task of the agent"}},"required":["description","prompt"]}"#,
    #"{"type":"object","properties":{"command":{"type":"string","description":"The command to run"},"timeout":{"type":"number","description":"Time limit in milliseconds"},"description":{"type":"string","description":"What the command does, in five to ten words"}},"required":["command"]}"#,
    #"{"type":"object","properties":{"pattern":{"type":"string","description":"The pattern for file names"},"path":{"type":"string","description":"The folder to search in"}},"required":["pattern"]}"#,
    #"{"type":"object","properties":{"pattern":{"type":"string","description":"The regular expression"},"path":{"type":"string","description":"File or folder"},"output_mode":{"type":"string","enum":["content","files_with_matches","count"]}},"required":["pattern"]}"#,
    #"{"type":"object","properties":{"file_path":{"type":"string","description":"The absolute path of the file"},"offset":{"type":"number","description":"First line"},"limit":{"type":"number","description":"Number of lines"}},"required":["file_path"]}"#,
    #"{"type":"object","properties":{"file_path":{"type":"string"},"old_string":{"type":"string","description":"The text to replace"},"new_string":{"type":"string","description":"The text that takes its place"},"replace_all":{"type":"boolean","default":false}},"required":["file_path","old_string","new_string"]}"#,
    #"{"type":"object","properties":{"file_path":{"type":"string"},"content":{"type":"string","description":"The content of the file"}},"required":["file_path","content"]}"#,
    #"{"type":"object","properties":{"todos":{"type":"array","items":{"type":"object","properties":{"content":{"type":"string"},"status":{"type":"string","enum":["pending","in_progress","completed"]}},"required":["content","status"]}}},"required":["todos"]}"#,
    #"{"type":"object","properties":{"path":{"type":"string","description":"The path"}},"required":["path"]}"#,
    #"{"type":"object","properties":{"command":{"type":"string","description":"The command to run"},"workdir":{"type":"string","description":"Where to run it"}},"required":["command"],"additionalProperties":false}"#,
    #"{"type":"object","properties":{"explanation":{"type":"string"},"plan":{"type":"array","items":{"type":"object","properties":{"step":{"type":"string"},"status":{"type":"string"}}}}},"required":["plan"]}"#,
  ]
}
