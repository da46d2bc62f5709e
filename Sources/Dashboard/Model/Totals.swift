import Prefix
import Turns
import Upstream

/// Sums over finished turns.
struct Totals: Sendable, Equatable {
  private(set) var turns = 0
  private(set) var promptTokens = 0
  /// Prompt and reused tokens of the turns whose server reports reuse.
  private(set) var reportedPrompt = 0
  private(set) var reused = 0
  private(set) var againAsForwarded = 0
  private(set) var againAsSent = 0
  private var predictedAgain = 0
  private(set) var newTokens = 0
  private(set) var writtenTokens: Int?
  /// Prefill time, and the tokens computed in it.
  private(set) var prefillMillis = 0.0
  private(set) var prefillTokens = 0
  private(set) var held = 0
  private(set) var broke = 0
  private(set) var failed = 0

  init() {}

  mutating func add(_ record: TurnRecord) {
    turns += 1
    if record.state == .failed {
      failed += 1
      return
    }
    let prompt = record.usage.promptTokens ?? record.promptTokens.value
    promptTokens += prompt
    if let cached = record.usage.cachedTokens, let reported = record.usage.promptTokens {
      reportedPrompt += reported
      reused += min(cached, reported)
    }
    againAsForwarded += record.computedAgain.value
    predictedAgain += record.reprocessedForwardedTokens.value
    againAsSent += record.reprocessedTokens.value
    newTokens += max(0, prompt - (record.previousTokens?.value ?? 0))
    if let written = record.usage.writtenTokens { writtenTokens = (writtenTokens ?? 0) + written }
    if let hour = record.usage.writtenHourTokens { writtenTokens = (writtenTokens ?? 0) + hour }
    if let millis = record.usage.promptMillis, millis.isFinite, millis >= 0,
      let processed = record.usage.processedTokens
    {
      prefillMillis += millis
      prefillTokens += processed
    }
    switch TurnMark(record) {
    case .held: held += 1
    case .broke, .rebased: broke += 1
    default: break
    }
  }

  /// Reported reuse over all turns that report it, 0...1.
  var hitShare: Double? {
    reportedPrompt > 0 ? Double(reused) / Double(reportedPrompt) : nil
  }

  /// Tokens that pinning kept from being computed again; negative if it cost some.
  var savedTokens: Int { againAsSent - predictedAgain }

  /// Seconds of prefill that `tokens` take at the speed seen here; nil if no speed is known.
  func prefillMillis(of tokens: Int) -> Double? {
    guard prefillTokens > 0, prefillMillis > 0 else { return nil }
    return Double(tokens) * prefillMillis / Double(prefillTokens)
  }
}
