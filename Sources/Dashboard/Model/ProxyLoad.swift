import Bytes

/// How long the proxy's loop works between two looks at its sockets, over all rounds so far.
public struct ProxyLoad: Sendable, Equatable {
  /// Half of all rounds were no longer, in seconds.
  var median: Double
  /// 99 of 100 were no longer.
  var high: Double

  public init(median: Double, high: Double) {
    self.median = median
    self.high = high
  }

  var text: String {
    "loop rounds \(ProxyLoad.millis(median)) (median), \(ProxyLoad.millis(high)) (99%)"
  }

  private static func millis(_ seconds: Double) -> String {
    guard seconds.isFinite, seconds >= 0, seconds < 1_000_000 else { return "?" }
    let hundredths = Int((seconds * 100_000).rounded())
    if hundredths >= 1_000 { return "\(hundredths / 100)ms" }
    return "\(hundredths / 100).\(Humanised.padded(hundredths % 100, 2))ms"
  }
}
