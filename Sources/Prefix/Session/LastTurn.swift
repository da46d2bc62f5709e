/// What is remembered of a session's last answered turn, for judging the server on the next one.
public struct LastTurn: Sendable, Equatable {
  /// Monotonic milliseconds.
  public var endedAt: UInt64
  /// How many turns the upstream had answered, and how often it had been lost, at that time.
  public var upstreamTurns: Int
  public var upstreamLosses: Int
  public var outputTokens: Int?
  /// Tokens the server reported as reused; nil if it reported none.
  public var cachedTokens: Int?
  /// Hash of the beta features that were switched on; 0 without any.
  public var betaFeatures: UInt64

  public init(
    endedAt: UInt64, upstreamTurns: Int, upstreamLosses: Int, outputTokens: Int?,
    cachedTokens: Int? = nil, betaFeatures: UInt64 = 0
  ) {
    self.endedAt = endedAt
    self.upstreamTurns = upstreamTurns
    self.upstreamLosses = upstreamLosses
    self.outputTokens = outputTokens
    self.cachedTokens = cachedTokens
    self.betaFeatures = betaFeatures
  }
}
