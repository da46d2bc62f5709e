import Prefix
import Turns
import Upstream

/// Why a server reused clearly less than it had, by evidence. Pure.
enum ServerVerdict {
  struct Evidence {
    var kind: ServerKind
    var predicted: Int
    var reported: Int
    /// Whether `predicted` is an estimate; then small differences prove nothing.
    var isEstimate: Bool
    /// Since the session's last turn ended; nil on a first turn.
    var idleMillis: UInt64?
    /// Turns that other sessions sent to the same upstream since then.
    var othersMeanwhile: Int
    /// Whether the upstream was down since then.
    var wentDown: Bool
    /// Output tokens of the session's last answer.
    var lastOutput: Int?
    var promptTokens: Int
  }

  /// Differences within this many tokens are rounding: servers evaluate at least the last token, and
  /// block caches round down.
  static let slack = 16

  /// nil if the server did what was predicted, or better.
  static func cause(_ evidence: Evidence) -> Cause? {
    let missing = evidence.predicted - evidence.reported
    // A few hundred tokens in front of an early break are not worth a slot: servers choose another.
    if evidence.isEstimate, evidence.predicted < evidence.promptTokens / 8 { return nil }
    let tolerance =
      evidence.isEstimate
      ? max(4 * slack, evidence.predicted * 3 / 20) : max(slack, evidence.predicted / 50)
    guard missing > tolerance else { return nil }
    if evidence.wentDown { return .serverRestarted }
    switch evidence.kind {
    case .anthropic:
      if evidence.reported == 0, evidence.promptTokens < 1024 { return .belowMinimum }
      if let idle = evidence.idleMillis, idle > 5 * 60 * 1000 { return .lifetimeLapsed }
      return .otherReplica
    case .openAI:
      if evidence.reported == 0, evidence.promptTokens < 1024 { return .belowMinimum }
      if let idle = evidence.idleMillis, idle > 10 * 60 * 1000 { return .lifetimeLapsed }
      return .otherReplica
    case .llamaCpp, .lmStudio, .ollama, .unknown, .vLLM, .sgLang, .deepSeek:
      // Only the newest answer was rendered back in other words: the history in front of it held.
      if let output = evidence.lastOutput, missing <= output + slack { return .templateRerendered }
      if evidence.othersMeanwhile > 0 { return .slotTaken }
      return .serverUnknown
    }
  }
}
