public import Bytes
public import Prefix
public import Prompt
public import Upstream

/// A number of tokens, and whether it is an estimate. Estimates are shown with `~`.
public struct TokenCount: Sendable, Equatable {
  public var value: Int
  public var estimated: Bool

  public init(_ value: Int, estimated: Bool) {
    self.value = value
    self.estimated = estimated
  }
}

extension Humanised {
  /// A number of tokens, with `~` in front of an estimate.
  public static func tokens(_ tokens: TokenCount) -> String {
    (tokens.estimated && tokens.value > 0 ? "~" : "") + count(tokens.value)
  }
}

/// How far a turn has come.
public enum TurnState: Sendable, Equatable {
  /// Sent to the upstream, nothing back yet.
  case waiting
  /// The answer is arriving.
  case streaming
  /// The answer was relayed to its end, and its status, in `TurnRecord.status`, is below 400.
  case done
  /// No complete answer (`TurnRecord.failure` says why), or one with a status from 400 on.
  case failed
  /// The agent went away before the answer was complete.
  case aborted

  public var isInFlight: Bool { self == .waiting || self == .streaming }
}

/// What pinning did to a turn.
public enum PinOutcome: Sendable, Equatable {
  /// Nothing to do, or pinning is off.
  case untouched
  /// Repairs kept the server's prefix.
  case held
  /// A break was forwarded as sent, for this reason.
  case refused(String)
  /// The change was accepted and becomes the new history.
  case rebased(String)
}

/// Everything known about one turn. A value: it is copied to whoever shows or stores it.
public struct TurnRecord: Sendable {
  public var session: SessionID
  /// Number of the turn in its session, from 1.
  public var turn: Int
  /// The session this one branched off or belongs to (forks, side calls, subagents).
  public var parent: SessionID?
  /// A small request outside the conversation: a title, a probe, a summary.
  public var isSideCall = false
  /// Short name of the agent program, from its User-Agent; empty if unknown.
  public var agent = ""
  public var model = ""
  public var upstream = ""
  public var dialect: Dialect
  public var mode: PinMode = .off
  public var state: TurnState = .waiting

  /// Milliseconds since 1970, when the request was complete.
  public var startedAt: Int64
  /// From the complete request to its being handed to the upstream's connection.
  public var addedMicros: Int?
  public var firstByteMillis: Int?
  public var totalMillis: Int?
  /// HTTP status sent to the agent.
  public var status: Int?
  /// What went wrong, as a sentence; no credentials, no addresses with user information.
  public var failure: String?

  public var receivedBytes = 0
  public var forwardedBytes = 0
  public var blockCount = 0
  /// Messages in the previous request, in this one, and how many lead both unchanged.
  public var previousMessages = 0
  public var incomingMessages = 0
  public var commonMessages = 0

  /// Tokens of the previous prompt; nil on a session's first turn.
  public var previousTokens: TokenCount?
  public var promptTokens = TokenCount(0, estimated: true)
  /// How many of the previous prompt's tokens this request still begins with, as the agent sent it.
  public var keptTokens = TokenCount(0, estimated: true)
  /// The same for what was forwarded.
  public var keptForwardedTokens = TokenCount(0, estimated: true)
  /// Tokens the server had and must compute again, as the agent sent it and as forwarded.
  public var reprocessedTokens = TokenCount(0, estimated: true)
  public var reprocessedForwardedTokens = TokenCount(0, estimated: true)
  /// Tokens the server should reuse for what was forwarded, by the rule of its kind; nil on a
  /// session's first turn.
  public var predictedTokens: TokenCount?

  public var usage = Usage()
  public var verdict = Verdict.clean
  /// Set when the server reused clearly less than is unchanged in what was forwarded.
  public var serverCause: Cause?
  /// One sentence of evidence for `serverCause`; empty if the cause says it all.
  public var serverDetail = ""
  /// What the agent made of the model's last answer; nil if there was none to compare.
  public var echo: Echo.Outcome?
  public var pin: PinOutcome = .untouched
  /// The classes that may be repaired in the session, and those this turn needed.
  public var repairs = RepairSet.all
  public var repaired: RepairSet = []
  /// Tokens forwarded that the agent did not send: restored text and notes.
  public var heldTokens = TokenCount(0, estimated: true)
  /// Tokens the server would have to compute again if pinning were turned off from the next turn on:
  /// all behind the first block that it has in other bytes than the agent's.
  public var unpinTokens = TokenCount(0, estimated: false)
  /// What pinning did for the session, this turn included once it is done.
  public var pinTotals = PinTotals()
  public var pinStatus = PinStatus.unproven
  /// The prompt by how often its parts change; nil for a summary call, and where it is not known.
  public var zones: PromptZones?
  /// Tokens by which the session's reuse fell sharply on this turn; nil if it did not (`HitDrop`).
  public var hitDrop: Int?
  public var map: PromptMap?
  public var detail: BreakDetail?

  public init(session: SessionID, turn: Int, dialect: Dialect, startedAt: Int64) {
    self.session = session
    self.turn = turn
    self.dialect = dialect
    self.startedAt = startedAt
  }

  /// Share of the previous prompt that the agent sent again unchanged, 0...1; nil on a first turn.
  public var keptShare: Double? { share(keptTokens, of: previousTokens) }
  public var sentShare: Double? { share(keptForwardedTokens, of: previousTokens) }

  /// Share of this prompt that the server reports as reused, 0...1; nil if it does not report it.
  public var hitShare: Double? {
    guard let cached = usage.cachedTokens, let prompt = usage.promptTokens, prompt > 0 else {
      return nil
    }
    return min(1, Double(cached) / Double(prompt))
  }

  /// Tokens computed a second time: by the server's own count where it has one, else predicted.
  public var computedAgain: TokenCount {
    guard let previous = previousTokens else { return TokenCount(0, estimated: false) }
    guard let cached = usage.cachedTokens else { return reprocessedForwardedTokens }
    return TokenCount(max(0, previous.value - cached), estimated: previous.estimated)
  }

  private func share(_ part: TokenCount, of whole: TokenCount?) -> Double? {
    guard let whole, whole.value > 0 else { return nil }
    return min(1, Double(part.value) / Double(whole.value))
  }
}
