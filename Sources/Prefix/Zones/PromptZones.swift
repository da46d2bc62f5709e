import Bytes
public import Prompt

/// A prompt in three parts, by how often each is expected to change: the prefix (tools and system
/// prompt) never, the log (what earlier turns sent) only at its end, the tail (what this turn added)
/// every time.
public struct PromptZones: Sendable, Equatable {
  public struct Zone: Sendable, Equatable {
    public var bytes: Int
    /// Estimated, but for what the server has counted.
    public var tokens: Int
    /// Tells two contents apart for people; 0 without any.
    public var hash: UInt32

    public init(bytes: Int = 0, tokens: Int = 0, hash: UInt32 = 0) {
      self.bytes = bytes
      self.tokens = tokens
      self.hash = hash
    }
  }

  /// Zones that differ from those of the request before, in more than how they are written.
  public struct Changes: OptionSet, Sendable {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }
    public static let prefix = Changes(rawValue: 1)
    public static let log = Changes(rawValue: 2)
  }

  public var prefix = Zone()
  public var log = Zone()
  public var tail = Zone()
  public var changes: Changes = []

  public init() {}

  /// - Parameter estimate: of the session, for tokens.
  public init(_ reception: Reception, _ estimate: TokenEstimate) {
    let index = reception.history.index
    let messages = index.indices(of: .messages)
    let split = messages.lowerBound + Self.leading(index)
    let tailStart = max(split, Self.tailStart(reception, messages))
    let front = index.blocks[index.indices(of: .tools).lowerBound..<split]
    let parts = [front, index.blocks[split..<tailStart], index.blocks[tailStart...]]
    var zones: [Zone] = []
    var end = 0
    var tokensBefore = 0
    for part in parts {
      let bytes = part.reduce(0) { $0 + Int($1.length) }
      end += bytes
      let tokens = estimate.tokens(inFirst: end)
      zones.append(Zone(bytes: bytes, tokens: max(0, tokens - tokensBefore), hash: Self.hash(part)))
      tokensBefore = max(tokens, tokensBefore)
    }
    (prefix, log, tail) = (zones[0], zones[1], zones[2])
    changes = Self.changes(reception, index)
  }

  /// System messages that lead the conversation: part of the prefix.
  private static func leading(_ index: RequestIndex) -> Int {
    index.blocks(of: .messages).prefix { $0.kind == .system }.count
  }

  /// The first of the messages at the end that the request before did not have.
  private static func tailStart(_ reception: Reception, _ messages: Range<Int>) -> Int {
    guard let alignment = reception.alignment else { return messages.lowerBound }
    var start = messages.upperBound
    while start > messages.lowerBound, alignment.matches[start - 1] == .new { start -= 1 }
    return start
  }

  private static func hash(_ blocks: ArraySlice<Block>) -> UInt32 {
    guard !blocks.isEmpty else { return 0 }
    let digests = blocks.map(\.digest.low)
    return digests.withUnsafeBytes { UInt32(truncatingIfNeeded: hash64($0) >> 32) }
  }

  private static func changes(_ reception: Reception, _ new: RequestIndex) -> Changes {
    guard let old = reception.previous?.index, let alignment = reception.alignment else {
      return []
    }
    switch reception.relation {
    case .continuation, .mutation, .compaction: break
    case .first, .sideCall, .branch, .modelSwitch, .compactionCall: return []
    }
    var changes: Changes = []
    let oldLead = leading(old)
    let newLead = leading(new)
    func holds(_ olds: Range<Int>, _ news: Range<Int>) -> Bool {
      zip(olds, news).allSatisfy {
        alignment.matches[$1].isUnchanged && alignment.matches[$1].old == $0
      }
    }
    for group in [BlockGroup.tools, .system] {
      let (olds, news) = (old.indices(of: group), new.indices(of: group))
      if olds.count != news.count || !holds(olds, news) { changes.insert(.prefix) }
    }
    // A request that names the response it continues sends none of the messages again.
    guard !alignment.isChained else { return changes }
    let (olds, news) = (old.indices(of: .messages), new.indices(of: .messages))
    if oldLead != newLead || !holds(olds.prefix(oldLead), news.prefix(newLead)) {
      changes.insert(.prefix)
    }
    let (oldLog, newLog) = (olds.dropFirst(oldLead), news.dropFirst(newLead))
    if newLog.count < oldLog.count || !holds(oldLog, newLog) { changes.insert(.log) }
    return changes
  }
}
