import Prefix
import Prompt
import Turns
import Upstream

/// Numbers from outside, cut to what can be added up without ever overflowing.
enum Bounded {
  /// Tokens, bytes and counts: up to a million million.
  static func count(_ value: Int) -> Int { max(0, min(value, 1_000_000_000_000)) }

  /// Milliseconds since 1970, up to the year 31,000.
  static func time(_ value: Int64) -> Int64 { max(0, min(value, 1_000_000_000_000_000)) }

  static func millis(_ value: Double) -> Double? {
    value.isFinite && value >= 0 ? min(value, 1e12) : nil
  }
}

extension TurnRecord {
  /// A copy whose texts cannot harm a terminal and whose numbers cannot harm a sum.
  func madeSafe(ascii: Bool) -> TurnRecord {
    var copy = self
    copy.makeTextsSafe { Sanitised($0, ascii: ascii).text }
    copy.makeNumbersSafe()
    return copy
  }

  private mutating func makeTextsSafe(_ clean: (String) -> String) {
    agent = clean(agent)
    model = clean(model)
    upstream = clean(upstream)
    failure = failure.map(clean)
    verdict.was = clean(verdict.was)
    verdict.now = clean(verdict.now)
    verdict.detail = clean(verdict.detail)
    if let position = verdict.position {
      verdict.position?.path = clean(position.path)
      verdict.position?.field = clean(position.field)
    }
    if case .notWorking(let reason) = pinStatus { pinStatus = .notWorking(clean(reason)) }
    switch pin {
    case .refused(let reason): pin = .refused(clean(reason))
    case .rebased(let reason): pin = .rebased(clean(reason))
    case .untouched, .held: break
    }
  }

  private mutating func makeNumbersSafe() {
    func bounded(_ tokens: TokenCount) -> TokenCount {
      TokenCount(Bounded.count(tokens.value), estimated: tokens.estimated)
    }
    turn = Bounded.count(turn)
    startedAt = Bounded.time(startedAt)
    receivedBytes = Bounded.count(receivedBytes)
    forwardedBytes = Bounded.count(forwardedBytes)
    previousTokens = previousTokens.map(bounded)
    promptTokens = bounded(promptTokens)
    keptTokens = bounded(keptTokens)
    keptForwardedTokens = bounded(keptForwardedTokens)
    reprocessedTokens = bounded(reprocessedTokens)
    reprocessedForwardedTokens = bounded(reprocessedForwardedTokens)
    predictedTokens = predictedTokens.map(bounded)
    heldTokens = bounded(heldTokens)
    unpinTokens = bounded(unpinTokens)
    usage.promptTokens = usage.promptTokens.map(Bounded.count)
    usage.cachedTokens = usage.cachedTokens.map(Bounded.count)
    usage.writtenTokens = usage.writtenTokens.map(Bounded.count)
    usage.writtenHourTokens = usage.writtenHourTokens.map(Bounded.count)
    usage.outputTokens = usage.outputTokens.map(Bounded.count)
    usage.promptMillis = usage.promptMillis.flatMap(Bounded.millis)
    usage.generationMillis = usage.generationMillis.flatMap(Bounded.millis)
    if let position = verdict.position {
      verdict.position?.index = Bounded.count(position.index)
      verdict.position?.bodyOffset = Bounded.count(position.bodyOffset)
      verdict.position?.blockOffset = Bounded.count(position.blockOffset)
    }
  }
}
