import Bytes
import Prefix
import Prompt
import Turns
import Upstream

/// The words of a turn, shared by all views.
extension TurnRecord {
  /// Where it broke: `msg[3] tool_result`; `-` if it did not.
  var breakPlace: String {
    guard let position = verdict.position, verdict.cause.isMutation || verdict.cause == .branch
    else { return "-" }
    let place = position.shortPath
    let word = position.kind.word
    return position.group == .knobs || place.hasPrefix(word)
      ? (position.group == .knobs ? "setting \(place)" : place) : "\(place) \(word)"
  }

  /// The same with the offset inside the block, for wide tables.
  var breakPlaceWithOffset: String {
    guard let position = verdict.position, breakPlace != "-" else { return "-" }
    return "\(breakPlace) +\(Humanised.count(position.blockOffset))"
  }

  /// Cause of a break, the agent's first, then the server's.
  var causeTitle: String {
    if verdict.cause != .none { return verdict.cause.title }
    if let serverCause { return serverCause.title }
    return "-"
  }

  var keptText: String { previousTokens == nil ? "-" : Humanised.share(keptShare) }
  var sentText: String { previousTokens == nil ? "-" : Humanised.share(sentShare) }

  /// Reported reuse: `..` while the answer is not complete, `?` if the server does not say.
  var hitText: String {
    if usage.cachedTokens == nil && state.isInFlight { return ".." }
    return Humanised.share(hitShare)
  }

  var againText: String { Humanised.tokens(computedAgain) }

  var keptRole: Role { previousTokens == nil ? .normal : Role.forShare(keptShare) }
  var sentRole: Role { previousTokens == nil ? .normal : Role.forShare(sentShare) }
  /// A first turn has nothing to hit, so nothing is wrong with 0 %.
  var hitRole: Role { previousTokens == nil ? .normal : Role.forShare(hitShare) }

  var prefillText: String {
    usage.promptMillis == nil ? "-" : Humanised.work(millis: usage.promptMillis)
  }

  var generationRate: String {
    guard let tokens = usage.outputTokens, let millis = usage.generationMillis, millis > 0 else {
      return "-"
    }
    let rate = Double(tokens) * 1_000 / millis
    return rate < 100_000 ? String(Int(rate)) : "-"
  }

  /// Whether the server contradicts what pinning claims.
  var pinFails: Bool {
    if case .notWorking = pinStatus { return mode != .off }
    return false
  }

  var pinText: String {
    switch pin {
    case .untouched: mode == .off ? "-" : mode.name
    case .held: "held"
    case .refused: "no"
    case .rebased: "base"
    }
  }
}
