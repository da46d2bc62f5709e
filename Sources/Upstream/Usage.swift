/// What a server says about one turn. Every field is what was reported; `nil` means that it was not
/// reported, which is never the same as zero.
///
/// Providers count differently; readers normalise to these meanings: `promptTokens` is the whole
/// prompt, `cachedTokens` the part of it that was reused.
public struct Usage: Sendable, Equatable {
  public var promptTokens: Int?
  public var cachedTokens: Int?
  /// Prompt tokens newly written to a cache with the short lifetime (five minutes where it is named).
  public var writtenTokens: Int?
  /// The same with a lifetime of one hour.
  public var writtenHourTokens: Int?
  public var outputTokens: Int?
  /// Wall time the server spent on the uncached part of the prompt.
  public var promptMillis: Double?
  public var generationMillis: Double?

  public init(
    promptTokens: Int? = nil, cachedTokens: Int? = nil, writtenTokens: Int? = nil,
    writtenHourTokens: Int? = nil, outputTokens: Int? = nil, promptMillis: Double? = nil,
    generationMillis: Double? = nil
  ) {
    self.promptTokens = promptTokens
    self.cachedTokens = cachedTokens
    self.writtenTokens = writtenTokens
    self.writtenHourTokens = writtenHourTokens
    self.outputTokens = outputTokens
    self.promptMillis = promptMillis
    self.generationMillis = generationMillis
  }

  /// Tokens the server had to compute for this prompt.
  public var processedTokens: Int? {
    guard let promptTokens, let cachedTokens else { return nil }
    return max(0, promptTokens - cachedTokens)
  }
}
