import Bytes
import Prefix
import Turns

/// What a pin mode would mean for a session, judged by its turns so far.
enum ModeEffect {
  /// `covers 2 of 3 breaks`, or what turning pinning off costs once; nil if there is nothing to go
  /// by.
  static func text(_ mode: PinMode, _ turns: TurnList, _ current: PinMode?, short: Bool) -> String?
  {
    if mode == .off {
      guard let current, current != .off, let cost = unpinCost(turns.last) else { return nil }
      return short ? "costs \(cost) tok" : "the next turn computes \(cost) tokens again"
    }
    var seen = 0
    var held = 0
    for index in 0..<turns.count where turns[index].verdict.cause.isMutation {
      seen += 1
      if mode.covers(turns[index].verdict.tier) { held += 1 }
    }
    return seen == 0 ? nil : "covers \(held) of \(Humanised.plural(seen, "break"))"
  }
}

extension ModeEffect {
  /// Tokens that the next turn computes again if pinning is turned off; nil if none.
  static func unpinCost(_ latest: TurnRecord?) -> String? {
    guard let latest, latest.unpinTokens.value > 0 else { return nil }
    return Humanised.tokens(latest.unpinTokens)
  }
}

extension PinMode {
  /// Whether breaks of this tier may be held.
  fileprivate func covers(_ tier: RepairTier) -> Bool {
    switch tier {
    case .never: false
    case .lossless: self != .off
    case .moved, .restored: self == .hold
    }
  }
}
