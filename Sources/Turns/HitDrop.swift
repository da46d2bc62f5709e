/// What a share of reused tokens is worth a look.
public enum HitLevel: Sendable, Hashable {
  case low, middling, high

  /// - Parameter share: 0...1. Below 40 % is low, from 80 % on high.
  public init(share: Double) {
    self = share < 0.4 ? .low : share < 0.8 ? .middling : .high
  }
}

/// A sharp loss of reuse from one turn to the next.
public enum HitDrop {
  /// Fewer tokens than this are no loss worth a word.
  private static let least = 2000

  /// Tokens by which a session's reuse fell; nil if it did not fall sharply: by 2,000 tokens at least
  /// and below 95 % of the turn before.
  public static func tokens(from before: Int?, to reused: Int?) -> Int? {
    guard let before, let reused, before - reused >= least,
      Double(reused) < Double(before) * 0.95
    else { return nil }
    return before - reused
  }
}
