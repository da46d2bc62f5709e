import Bytes

/// The byte ranges of all blocks of one request body, in the order in which most servers render
/// them: `RenderingOrder` has the others.
///
/// Made by `RequestIndexer` without decoding anything. The offsets refer to the body it was made
/// from; the index does not keep that body.
public struct RequestIndex: Sendable {
  public let dialect: Dialect
  /// All blocks: knobs (ordered by name, so that the order of JSON members does not matter), tools,
  /// system blocks, messages.
  public let blocks: [Block]
  /// The indices in `blocks` of each group, by raw value of the group.
  private let starts: (knobs: Int, tools: Int, system: Int, messages: Int)

  /// Bytes that end up in the prompt: every block but the knobs.
  public let promptBytes: Int

  /// The model name between its quotes; nil if the body names none.
  public let model: Range<Int>?
  /// The value of `previous_response_id` between its quotes (OpenAI Responses).
  public let previousResponse: Range<Int>?
  /// An explicit conversation key inside the body (`prompt_cache_key`, `metadata`), for narrowing.
  public let conversationKey: Range<Int>?
  /// Whether the answer is asked for as a stream.
  public let streams: Bool
  /// The whole value of the `messages` or `input` array, brackets included; nil for a string.
  public let messagesArray: Range<Int>?
  public let toolsArray: Range<Int>?

  init(
    dialect: Dialect, knobs: [Block], tools: [Block], system: [Block], messages: [Block],
    model: Range<Int>?, previousResponse: Range<Int>?, conversationKey: Range<Int>?, streams: Bool,
    messagesArray: Range<Int>?, toolsArray: Range<Int>?
  ) {
    self.dialect = dialect
    var all: [Block] = []
    all.reserveCapacity(knobs.count + tools.count + system.count + messages.count)
    all.append(contentsOf: knobs)
    all.append(contentsOf: tools)
    all.append(contentsOf: system)
    all.append(contentsOf: messages)
    blocks = all
    promptBytes = all[knobs.count...].reduce(0) { $0 + Int($1.length) }
    let toolsStart = knobs.count
    let systemStart = toolsStart + tools.count
    starts = (0, toolsStart, systemStart, systemStart + system.count)
    self.model = model
    self.previousResponse = previousResponse
    self.conversationKey = conversationKey
    self.streams = streams
    self.messagesArray = messagesArray
    self.toolsArray = toolsArray
  }

  /// The indices in `blocks` that belong to `group`.
  public func indices(of group: BlockGroup) -> Range<Int> {
    switch group {
    case .knobs: starts.knobs..<starts.tools
    case .tools: starts.tools..<starts.system
    case .system: starts.system..<starts.messages
    case .messages: starts.messages..<blocks.count
    }
  }

  public func blocks(of group: BlockGroup) -> ArraySlice<Block> { blocks[indices(of: group)] }

  public var messageCount: Int { blocks.count - starts.messages }

  /// The blocks in the order in which a server renders them, in runs that can be compared one by one
  /// with those of another request. Knobs come first: they may change everything.
  public func segments(_ order: RenderingOrder) -> [Range<Int>] {
    let messages = indices(of: .messages)
    switch order {
    case .toolsFirst:
      return [indices(of: .knobs), indices(of: .tools), indices(of: .system), messages]
    case .systemFirst:
      var split = messages.lowerBound
      while split < messages.upperBound, blocks[split].kind == .system { split += 1 }
      return [
        indices(of: .knobs), indices(of: .system), messages.lowerBound..<split,
        indices(of: .tools), split..<messages.upperBound,
      ]
    }
  }

  /// Number of a block within its group, as the agent counts it.
  public func indexInGroup(_ block: Int) -> Int {
    block - indices(of: blocks[block].group).lowerBound
  }

  /// Offset just behind the last message; the bytes of an append-only next request are equal up to
  /// here. nil without messages.
  public var tip: Int? {
    starts.messages < blocks.count ? blocks[blocks.count - 1].range.upperBound : nil
  }
}
