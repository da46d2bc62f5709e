import Bytes
import Prefix
import Turns
import Upstream

/// Why a server reused clearly less of a prompt than is unchanged in it, by evidence. Pure.
struct ServerVerdict: Equatable {
  var cause: Cause
  /// One sentence about this very case; empty if the cause says it all.
  var detail = ""

  struct Evidence {
    var model: HitModel
    var query: HitQuery
    var predicted: Int
    var reported: Int
    /// Whether `predicted` is an estimate; then small differences prove nothing.
    var isEstimate: Bool
    /// Since the session's last turn ended; nil on a first turn.
    var idleMillis: UInt64?
    /// Turns that other sessions sent to the same upstream since then.
    var othersMeanwhile = 0
    /// Whether the upstream was down since then, or its process is another one.
    var wasRestarted = false
    /// Whether the request switches other beta features on than the one before.
    var changesFeatures = false
    /// Tokens of the last answer that came back unchanged.
    var wholeEcho = 0
    /// What the agent made of the last answer; nil if that is not known.
    var echo: Echo.Outcome?
    /// See `ReuseTraits`.
    var templateRewritesHistory = false
    /// Tokens of this prompt.
    var promptTokens: Int
  }

  /// Differences within this many tokens are rounding: servers evaluate at least the last token, and
  /// block caches round down.
  static let slack = 16

  /// nil if the server did what was predicted, or better, and the prediction is all that is
  /// unchanged.
  static func judge(_ evidence: Evidence) -> ServerVerdict? {
    let unchanged = evidence.query.kept
    // A few hundred tokens in front of an early break are not worth a slot: servers choose another.
    if evidence.isEstimate, unchanged < evidence.promptTokens / 8 { return nil }
    let isLow = isLess(evidence.reported, evidence.predicted, evidence.isEstimate)
    if isLow, evidence.wasRestarted { return ServerVerdict(cause: .serverRestarted) }
    if isLess(evidence.reported, unchanged, evidence.isEstimate), let rule = byRule(evidence) {
      return rule
    }
    if let echo = byEcho(evidence) { return echo }
    return isLow ? byNeighbours(evidence) : nil
  }

  private static func isLess(_ reported: Int, _ expected: Int, _ isEstimate: Bool) -> Bool {
    let tolerance =
      isEstimate ? max(4 * slack, expected * 3 / 20) : max(slack, expected / 100)
    return expected - reported > tolerance
  }

  /// What the server's own rules explain.
  private static func byRule(_ evidence: Evidence) -> ServerVerdict? {
    let query = evidence.query
    if evidence.reported == 0, let minimum = evidence.model.minimum,
      evidence.promptTokens < minimum
    {
      return ServerVerdict(
        cause: .belowMinimum,
        detail: "the prompt has \(evidence.promptTokens) tokens, \(minimum) are needed")
    }
    switch evidence.model {
    case .slot:
      guard SlotHits.isCheckpoint(evidence.reported, of: query.marks) else { return nil }
      return ServerVerdict(
        cause: .checkpointRollback,
        detail:
          "\(Humanised.grouped(evidence.reported)) tokens: a checkpoint near the end of an earlier prompt"
      )
    case .breakpoints(let hits):
      guard hits.hasLapsed(query) else { return nil }
      return lapsed(evidence)
    case .automatic, .units:
      guard let idle = evidence.idleMillis, let lifetime = evidence.model.lifetimeMillis,
        idle > lifetime
      else { return nil }
      return lapsed(evidence)
    case .blocks, .prefix: return nil
    }
  }

  private static func lapsed(_ evidence: Evidence) -> ServerVerdict {
    let idle = evidence.idleMillis.map { "idle for \($0 / 60_000) min" } ?? ""
    return ServerVerdict(cause: .lifetimeLapsed, detail: idle)
  }

  /// The whole previous prompt was reused, or all of it but a tail no longer than the last answer: it
  /// is the answer that was rendered in other tokens.
  private static func byEcho(_ evidence: Evidence) -> ServerVerdict? {
    let query = evidence.query
    guard query.kept >= query.previous, query.generated > 0
    else { return nil }
    switch evidence.model {
    case .slot, .blocks, .prefix: break
    case .automatic, .units, .breakpoints: return nil
    }
    let expected = query.previous + evidence.wholeEcho
    let missing = expected - evidence.reported
    guard missing > max(slack, expected / 100), missing <= query.generated + slack else {
      return nil
    }
    switch evidence.echo {
    case .changed, .absent, .reasoningMissing:
      return ServerVerdict(
        cause: .templateRerendered, detail: "the agent did not send the last answer back unchanged")
    case .same, .sameMeaning, nil:
      return ServerVerdict(cause: .templateRerendered)
    }
  }

  /// What is left: who else was there in between.
  private static func byNeighbours(_ evidence: Evidence) -> ServerVerdict {
    if evidence.changesFeatures {
      return ServerVerdict(
        cause: .knob, detail: "the anthropic-beta field is another one than on the turn before")
    }
    switch evidence.model {
    case .automatic, .units, .breakpoints: return ServerVerdict(cause: .otherReplica)
    case .slot, .blocks, .prefix: break
    }
    if evidence.templateRewritesHistory {
      return ServerVerdict(
        cause: .templateRerendered,
        detail: "its chat template was seen to render earlier messages in other words")
    }
    let others = evidence.othersMeanwhile
    guard others > 0 else { return ServerVerdict(cause: .serverUnknown) }
    let turns = others == 1 ? "1 turn" : "\(others) turns"
    return ServerVerdict(
      cause: .slotTaken, detail: "\(turns) of other sessions since this session's last one")
  }
}
