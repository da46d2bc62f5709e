/// What the model wrote in one answer, as text. Recorded so that the agent's echo of it can be
/// compared with it on the next turn.
public struct GeneratedMessage: Sendable, Equatable {
  public struct ToolCall: Sendable, Equatable {
    public var id: String
    public var name: String
    /// The arguments exactly as the model wrote them.
    public var arguments: String

    public init(id: String, name: String, arguments: String) {
      self.id = id
      self.name = name
      self.arguments = arguments
    }
  }

  public var text = ""
  public var reasoning = ""
  public var toolCalls: [ToolCall] = []
  /// True if the answer was longer than what is recorded; then it is good for nothing but its
  /// beginning.
  public var isTruncated = false

  public init() {}

  /// Bytes of text it holds.
  public var byteCount: Int {
    toolCalls.reduce(text.utf8.count + reasoning.utf8.count) {
      $0 + $1.id.utf8.count + $1.name.utf8.count + $1.arguments.utf8.count
    }
  }

  public var isEmpty: Bool { text.isEmpty && reasoning.isEmpty && toolCalls.isEmpty }
}
