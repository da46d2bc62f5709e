/// What pricing has to know about one turn.
public struct CostInput: Sendable, Equatable {
  var model: String
  /// Name of the upstream; prefill speed is measured per upstream and model.
  var upstream: String
  public var isLocal: Bool
  public var usage: Usage
  /// Milliseconds since 1970, for prices that depend on the hour.
  public var startedAt: Int64 = 0
  /// Tokens read from the cache that would have been computed had the agent's bytes been forwarded.
  public var savedTokens = 0
  public var receivedBytes = 0
  public var forwardedBytes = 0

  public init(model: String, upstream: String, isLocal: Bool, usage: Usage) {
    self.model = model
    self.upstream = upstream
    self.isLocal = isLocal
    self.usage = usage
  }
}

/// The prompt of one turn by what the server did with its tokens. The parts add up to the prompt.
public struct UsageSplit: Sendable, Equatable {
  /// Neither read from nor written to a cache.
  public var uncached: Int
  public var read: Int
  /// Written with the short lifetime, and with that of one hour.
  public var written: Int
  public var writtenHour: Int

  public init(uncached: Int, read: Int, written: Int = 0, writtenHour: Int = 0) {
    self.uncached = uncached
    self.read = read
    self.written = written
    self.writtenHour = writtenHour
  }

  public var prompt: Int { uncached + read + written + writtenHour }

  /// Share of the prompt that was read from the cache, 0...1; nil for an empty prompt.
  public var hitShare: Double? { prompt > 0 ? Double(read) / Double(prompt) : nil }
}

extension Usage {
  /// Nil unless the server reported both the prompt and how much of it was reused. Writes that are
  /// not reported are part of the uncached tokens.
  public var split: UsageSplit? {
    guard let promptTokens, let cachedTokens else { return nil }
    let read = min(cachedTokens, promptTokens)
    let written = min(writtenTokens ?? 0, promptTokens - read)
    let hour = min(writtenHourTokens ?? 0, promptTokens - read - written)
    return UsageSplit(
      uncached: promptTokens - read - written - hour, read: read, written: written,
      writtenHour: hour)
  }
}
