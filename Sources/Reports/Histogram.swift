/// How often a value fell below each of some bounds.
public struct Histogram: Sendable, Equatable {
  /// Ascending. A value belongs to the first bound that is not below it.
  let bounds: [Double]
  /// One for each bound; values above the last are in `count` only.
  private(set) var counts: [Int]
  private(set) var count = 0
  private(set) var sum = 0.0

  init(bounds: [Double]) {
    self.bounds = bounds
    counts = bounds.map { _ in 0 }
  }

  /// From counts that were kept elsewhere, one for each bound and one for what is above the last.
  public init(bounds: [Double], counts: [Int], sum: Double) {
    self.init(bounds: bounds)
    for (place, count) in counts.enumerated() {
      if place < bounds.count { self.counts[place] = count }
      self.count += count
    }
    self.sum = sum
  }

  mutating func add(_ value: Double) {
    if let place = bounds.firstIndex(where: { value <= $0 }) { counts[place] += 1 }
    count += 1
    sum += value
  }
}
