/// How fast servers process prompts, per upstream and model, from the times they report.
public struct PrefillSpeeds: Sendable {
  private struct Sums {
    var tokens = 0
    var millis = 0.0
  }

  private var sums: [CostMeter.Machine: Sums] = [:]

  public init() {}

  mutating func add(_ machine: CostMeter.Machine, tokens: Int, millis: Double) {
    guard tokens > 0, millis > 0, millis.isFinite else { return }
    sums[machine, default: Sums()].tokens += tokens
    sums[machine, default: Sums()].millis += millis
  }

  public mutating func add(_ other: PrefillSpeeds) {
    for (machine, more) in other.sums { add(machine, tokens: more.tokens, millis: more.millis) }
  }

  func tokensPerSecond(_ machine: CostMeter.Machine) -> Double? {
    guard let sums = sums[machine], sums.millis > 0 else { return nil }
    return Double(sums.tokens) * 1000 / sums.millis
  }

  /// Uncached prompt tokens per second; nil if no server reported a time.
  public func tokensPerSecond(upstream: String, model: String) -> Double? {
    tokensPerSecond(CostMeter.Machine(upstream: upstream, model: model))
  }
}
