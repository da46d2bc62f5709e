import Glibc

/// Two-sided rank tests: whether two groups of numbers differ, without assuming how either is
/// spread. Ties share their mean rank.
///
/// Small groups are tested exactly, by counting all ways in which the ranks could have fallen:
///
///     unpaired  [1, 2, 3] against [4, 5, 6]             p = 0.1
///     unpaired  [1, 2, 3, 4] against [5, 6, 7, 8]       p = 0.0286
///     paired    differences [1, 2, 3, 4, 5, 6]          p = 0.03125
enum StatsRankTest {
  /// Up to so many values the count is exact; beyond, the normal approximation is used.
  private static let exactLimit = 60

  /// Mann-Whitney's test. Nil if a group is empty.
  static func unpaired(_ a: [Double], _ b: [Double]) -> Double? {
    guard !a.isEmpty, !b.isEmpty else { return nil }
    let ranks = doubledRanks(a + b)
    let observed = ranks[..<a.count].reduce(0, +)
    let total = ranks.reduce(0, +)
    let all = a.count + b.count
    if all <= exactLimit {
      // ways[k][s]: subsets of k ranks that add up to s.
      var ways = [[Double]](
        repeating: [Double](repeating: 0, count: total + 1), count: a.count + 1)
      ways[0][0] = 1
      for rank in ranks {
        for k in stride(from: a.count, to: 0, by: -1) {
          for sum in stride(from: total, through: rank, by: -1) where ways[k - 1][sum - rank] > 0 {
            ways[k][sum] += ways[k - 1][sum - rank]
          }
        }
      }
      return tail(ways[a.count], observed, doubledMean: 2 * a.count * (all + 1))
    }
    let mean = Double(a.count * (all + 1))
    let squares = ranks.reduce(0.0) {
      $0 + (Double($1) - Double(all + 1)) * (Double($1) - Double(all + 1))
    }
    let variance = Double(a.count) * Double(b.count) * squares / (Double(all) * Double(all - 1))
    return normal(Double(observed) - mean, variance)
  }

  /// Wilcoxon's signed-rank test of paired differences. Nil if none differs from zero.
  static func paired(_ differences: [Double]) -> Double? {
    let changed = differences.filter { $0 != 0 }
    guard !changed.isEmpty else { return nil }
    let ranks = doubledRanks(changed.map { abs($0) })
    let observed = zip(ranks, changed).reduce(0) { $0 + ($1.1 > 0 ? $1.0 : 0) }
    let total = ranks.reduce(0, +)
    if changed.count <= exactLimit {
      var ways = [Double](repeating: 0, count: total + 1)
      ways[0] = 1
      for rank in ranks {
        for sum in stride(from: total, through: rank, by: -1) { ways[sum] += ways[sum - rank] }
      }
      return tail(ways, observed, doubledMean: total)
    }
    let variance = ranks.reduce(0.0) { $0 + Double($1) * Double($1) } / 4
    return normal(Double(observed) - Double(total) / 2, variance)
  }

  /// Twice the rank of each value, so that shared ranks are whole numbers.
  private static func doubledRanks(_ values: [Double]) -> [Int] {
    let order = values.indices.sorted { values[$0] < values[$1] }
    var ranks = [Int](repeating: 0, count: values.count)
    var at = 0
    while at < order.count {
      var end = at + 1
      while end < order.count, values[order[end]] == values[order[at]] { end += 1 }
      for place in at..<end { ranks[order[place]] = at + 1 + end }
      at = end
    }
    return ranks
  }

  /// Share of the ways that are at least as far from the mean as the observed sum.
  private static func tail(_ ways: [Double], _ observed: Int, doubledMean: Int) -> Double {
    let distance = abs(2 * observed - doubledMean)
    var all = 0.0
    var far = 0.0
    for (sum, count) in ways.enumerated() {
      all += count
      if abs(2 * sum - doubledMean) >= distance { far += count }
    }
    return min(1, far / all)
  }

  private static func normal(_ deviation: Double, _ variance: Double) -> Double {
    guard variance > 0 else { return 1 }
    // Half a rank for continuity; ranks are doubled here.
    let z = max(0, abs(deviation) - 1) / variance.squareRoot()
    return erfc(z / 2.0.squareRoot())
  }
}
