import Bytes

/// One place of a llama.cpp server for a conversation, as `GET /slots` shows it.
public struct SlotState: Sendable, Equatable {
  public var id: Int
  public var isBusy: Bool
  public var windowTokens: Int?
  /// Number of the task it works on or worked on last, counted from the server's start; nil if it
  /// was never used.
  public var task: Int?
  /// Tokens it holds: of the prompt under way, or what the last answer left. 0 for a slot that was
  /// used and cleared; nil for one that was never used.
  public var tokens: Int?
  /// Tokens of the prompt under way that were computed so far.
  public var processedTokens: Int?
  /// Tokens of the prompt under way that were there before.
  public var cachedTokens: Int?

  public init(
    id: Int, isBusy: Bool, windowTokens: Int? = nil, task: Int? = nil, tokens: Int? = nil,
    processedTokens: Int? = nil, cachedTokens: Int? = nil
  ) {
    self.id = id
    self.isBusy = isBusy
    self.windowTokens = windowTokens
    self.task = task
    self.tokens = tokens
    self.processedTokens = processedTokens
    self.cachedTokens = cachedTokens
  }

  static let maxSlots = 256

  /// Reads `GET /slots` of llama.cpp (tools/server/README.md); nil if it is something else.
  public static func list(_ json: UnsafeRawBufferPointer) -> [SlotState]? {
    guard let slots = JSONValue(json)?.array, !slots.isEmpty else { return nil }
    var found: [SlotState] = []
    for slot in slots.prefix(maxSlots) {
      guard let id = slot["id"]?.integer, (0..<4096).contains(id),
        case .bool(let isBusy)? = slot["is_processing"]
      else { return nil }
      func count(_ key: String) -> Int? { slot[key]?.integer.map { min(max(0, $0), 1 << 40) } }
      let task = slot["id_task"]?.integer.flatMap { $0 >= 0 ? $0 : nil }
      found.append(
        SlotState(
          id: id, isBusy: isBusy, windowTokens: count("n_ctx"), task: task,
          tokens: task == nil ? nil : count("n_prompt_tokens"),
          processedTokens: count("n_prompt_tokens_processed"),
          cachedTokens: count("n_prompt_tokens_cache")))
    }
    return found
  }
}
