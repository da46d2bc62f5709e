import Prompt
import TestSupport

/// A conversation as an agent keeps it, whatever API it speaks. `Rendering` turns it into a body.
struct Talk {
  struct Tool: Equatable {
    var name: String
    var description: String
    /// JSON text of the schema.
    var schema: String
  }

  enum Part: Equatable {
    case text(String)
    case reasoning(String, signature: String?)
    /// `arguments` is JSON text.
    case call(id: String, name: String, arguments: String)
    case result(id: String, text: String)
    /// Base64 data.
    case image(String)
  }

  struct Message: Equatable {
    enum Role: String { case user, assistant, system, tool }

    var role: Role
    var parts: [Part]
    /// Text alone is written as a string, or else as a list of one part.
    var textAsParts = false
    /// Carries a cache marker (Anthropic) on its last part.
    var marked = false
  }

  var dialect: Dialect
  var model = "model-a"
  var system: [String]
  var tools: [Tool]
  var messages: [Message] = []
  /// Name and JSON text, in the order in which they are sent.
  var knobs: [(name: String, value: String)]
  var random: SplitMix
  private var calls = 0

  init(_ dialect: Dialect, seed: UInt64) {
    self.dialect = dialect
    random = SplitMix(seed: seed)
    system = [
      """
      You are a coding agent working for session-independent users. Answer briefly.

      # Environment
      Working directory: /home/user/project\(seed)
      Git status: 3 files changed
      Today's date: 2026-11-21 09:14:07

      # Memory
      - prefers small functions
      - project \(seed) uses tabs

      # Style
      Write plain sentences, and never apologise.
      """
    ]
    tools = ["read_file", "write_file", "run_command", "search"].map(Self.tool)
    switch dialect {
    case .anthropicMessages:
      knobs = [
        ("max_tokens", "8192"), ("temperature", "0.2"), ("tool_choice", #"{"type":"auto"}"#),
        ("thinking", #"{"type":"enabled","budget_tokens":4096}"#),
      ]
    case .openAIResponses:
      knobs = [
        ("temperature", "0.2"), ("tool_choice", #""auto""#),
        ("reasoning", #"{"effort":"medium"}"#),
      ]
    default:
      knobs = [
        ("temperature", "0.2"), ("tool_choice", #""auto""#), ("reasoning_effort", #""medium""#),
      ]
    }
    messages = [user("Task \(seed): please fix " + words(12) + ". The failing test is known.")]
  }

  static func tool(_ name: String) -> Tool {
    Tool(
      name: name, description: "Use \(name) on a path of the workspace; relative paths only.",
      schema:
        #"{"type":"object","properties":{"path":{"type":"string","description":"where"},"limit":{"type":"integer"}},"required":["path","limit"]}"#
    )
  }

  // MARK: Going on

  /// One step of the tool loop: the model calls, the tool answers.
  mutating func step() {
    calls += 1
    let id = "call_\(dialect.shortName)_\(calls)_\(number(1_000_000))"
    messages.append(
      Message(
        role: .assistant,
        parts: [
          .reasoning("I should look at " + words(9), signature: signature()),
          .text("Step \(calls): " + words(6) + "."),
          .call(
            id: id, name: tools[number(tools.count)].name,
            arguments: #"{"path":"src/file\#(calls).swift","limit":\#(20 + number(100))}"#),
        ]))
    messages.append(Message(role: .tool, parts: [.result(id: id, text: output())]))
  }

  /// The model answers, and the person goes on.
  mutating func ask() {
    messages.append(
      Message(
        role: .assistant,
        parts: [
          .reasoning("So the answer is " + words(8), signature: signature()),
          .text("Done: " + words(14) + "."),
        ]))
    messages.append(user("Next, " + words(10) + "."))
  }

  mutating func goOn() {
    if number(4) == 0 { ask() } else { step() }
  }

  func user(_ text: String) -> Message { Message(role: .user, parts: [.text(text)]) }

  private mutating func signature() -> String? {
    dialect == .anthropicMessages ? "sig\(random.next())" : nil
  }

  // MARK: Text

  mutating func number(_ below: Int) -> Int { Int.random(in: 0..<below, using: &random) }

  private static let vocabulary = [
    "parser", "buffer", "index", "socket", "window", "branch", "ledger", "prefix", "stream",
    "frame", "kernel", "cursor", "socket", "thread", "signal", "vector", "packet", "column",
  ]

  mutating func words(_ count: Int) -> String {
    (0..<count).map { _ in Self.vocabulary[number(Self.vocabulary.count)] + "\(number(1000))" }
      .joined(separator: " ")
  }

  private mutating func output() -> String {
    (0..<(6 + number(20))).map { "\($0 + 1)\tlet " + words(5) + "\n" }.joined()
  }
}

extension Dialect {
  var shortName: String {
    switch self {
    case .anthropicMessages: "a"
    case .openAIResponses: "r"
    default: "c"
    }
  }
}
