public import Prefix
import Upstream

/// A session as the ledger keeps it, with sums over its turns.
public struct StoredSession: Sendable, Equatable {
  public var key: SessionKey
  /// Milliseconds since 1970.
  public var firstSeen: Int64
  public var lastSeen: Int64
  public var agent: String
  public var model: String
  public var upstream: String
  public var parent: SessionID?
  public var workspace: String?
  /// Mode of the last turn.
  public var mode: PinMode
  public var totals = SessionTotals()

  public init(
    key: SessionKey, firstSeen: Int64, lastSeen: Int64, agent: String, model: String,
    upstream: String, parent: SessionID? = nil, workspace: String? = nil, mode: PinMode = .off
  ) {
    self.key = key
    self.firstSeen = firstSeen
    self.lastSeen = lastSeen
    self.agent = agent
    self.model = model
    self.upstream = upstream
    self.parent = parent
    self.workspace = workspace
    self.mode = mode
  }
}

/// Sums over turns. What a server did not report is counted in turns, never taken as zero tokens.
public struct SessionTotals: Sendable, Equatable {
  public var turns = 0
  public var failedTurns = 0
  public var sideCalls = 0
  /// Turns in which the agent's own history changed.
  public var breaks = 0
  /// Turns whose server reported how much it reused; the three sums below are over these alone.
  public var reportedTurns = 0
  public var uncachedTokens = 0
  public var readTokens = 0
  /// Written to a cache, of either lifetime.
  public var writtenTokens = 0
  /// Over all turns that reported it.
  public var outputTokens = 0
  public var computedAgainTokens = 0
  /// Computed again had the agent's bytes been forwarded, minus what was computed again.
  public var savedTokens = 0

  public init() {}

  /// Turns that ended without a word about reuse.
  public var unreportedTurns: Int { turns - reportedTurns }

  /// Prompt tokens of the turns that reported reuse.
  public var promptTokens: Int { uncachedTokens + readTokens + writtenTokens }

  /// Share of the prompt tokens that were read from a cache, 0...1; nil if nobody reported any.
  public var hitShare: Double? {
    promptTokens > 0 ? Double(readTokens) / Double(promptTokens) : nil
  }

  public mutating func add(_ record: TurnRecord) {
    turns += 1
    if record.state == .failed { failedTurns += 1 }
    if record.isSideCall { sideCalls += 1 }
    if record.verdict.cause.isMutation { breaks += 1 }
    if let split = record.usage.split {
      reportedTurns += 1
      uncachedTokens += split.uncached
      readTokens += split.read
      writtenTokens += split.written + split.writtenHour
    }
    outputTokens += record.usage.outputTokens ?? 0
    computedAgainTokens += record.computedAgain.value
    savedTokens += record.savedTokens
  }
}

extension TurnRecord {
  /// Tokens that what was forwarded kept in the server's cache and the agent's own bytes would not
  /// have.
  public var savedTokens: Int {
    max(0, reprocessedTokens.value - reprocessedForwardedTokens.value)
  }
}
