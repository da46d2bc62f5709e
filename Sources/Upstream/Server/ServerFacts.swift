/// What a server says about itself, beside its answers to prompts. Every field is what was said; nil
/// or empty means that it was not.
public struct ServerFacts: Sendable, Equatable {
  public var kind = ServerKind.unknown
  /// Tokens that one conversation with a model may have, prompt and answer together.
  public var windows: [ModelWindow] = []
  /// Conversations that can be held at the same time.
  public var slotCount: Int?
  /// The server's own name for its build, for people.
  public var build: String?
  /// Whether its chat template renders reasoning that is sent back.
  public var rendersReasoning: Bool?
  /// Differs between two starts of the same server; 0 if the server says nothing that does.
  public var startMark: UInt64 = 0
  /// Differs if model, chat template or window differ.
  public var setupMark: UInt64 = 0

  public struct ModelWindow: Sendable, Equatable {
    /// As the server calls the model; empty if it serves one under any name.
    public var model: String
    public var tokens: Int

    public init(model: String, tokens: Int) {
      self.model = model
      self.tokens = tokens
    }
  }

  /// More models than this are not remembered.
  static let maxModels = 64

  public init() {}

  /// The window of a model, by the name that agents use; nil if it is not known.
  public func windowTokens(of model: String) -> Int? {
    if let exact = windows.first(where: { $0.model == model }) { return exact.tokens }
    // Ollama's name of a model without a tag.
    if let tagged = windows.first(where: { $0.model == model + ":latest" }) { return tagged.tokens }
    return windows.count == 1 && windows[0].model.isEmpty ? windows[0].tokens : nil
  }

  /// Takes over what `newer` says and keeps what it does not speak of.
  public mutating func merge(_ newer: ServerFacts) {
    if newer.kind != .unknown { kind = newer.kind }
    if !newer.windows.isEmpty { windows = newer.windows }
    slotCount = newer.slotCount ?? slotCount
    build = newer.build ?? build
    rendersReasoning = newer.rendersReasoning ?? rendersReasoning
    if newer.startMark != 0 { startMark = newer.startMark }
    if newer.setupMark != 0 { setupMark = newer.setupMark }
  }
}
