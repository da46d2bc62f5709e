/// The counters behind /metrics.
struct ServerTotals {
  private(set) var promptTokens = 0
  private(set) var cachedTokens = 0
  private(set) var promptMillis = 0.0
  private(set) var generatedTokens = 0
  private(set) var generationMillis = 0.0
  private(set) var longest = 0

  mutating func add(_ figures: Figures) {
    promptTokens += figures.processedTokens
    cachedTokens += figures.cachedTokens
    promptMillis += figures.promptMillis
    generatedTokens += figures.outputTokens
    generationMillis += figures.outputMillis
    longest = max(longest, figures.promptTokens + figures.outputTokens)
  }
}
