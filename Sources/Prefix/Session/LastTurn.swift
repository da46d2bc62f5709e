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

  public init(
    endedAt: UInt64, upstreamTurns: Int, upstreamLosses: Int, outputTokens: Int?,
    cachedTokens: Int? = nil
  ) {
    self.endedAt = endedAt
    self.upstreamTurns = upstreamTurns
    self.upstreamLosses = upstreamLosses
    self.outputTokens = outputTokens
    self.cachedTokens = cachedTokens
  }
}
