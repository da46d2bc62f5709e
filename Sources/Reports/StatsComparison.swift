import Bytes
public import Prefix
public import Turns
import Upstream

/// Two pin modes side by side, over sessions: whether what the data show could be chance.
///
/// The session is the unit, because the turns of one session depend on each other. Side calls are
/// left out.
public struct StatsComparison: Sendable {
  let modes: (PinMode, PinMode)
  private var sums: [Key: Sums] = [:]

  private struct Key: Hashable {
    var session: SessionKey
    var mode: PinMode
  }

  private struct Sums {
    var turns = 0
    var read = 0
    var prompt = 0
    var followingTurns = 0
    var computedAgain = 0
    var firstByteTurns = 0
    var firstByteMillis = 0

    var hitPercent: Double? { prompt > 0 ? 100 * Double(read) / Double(prompt) : nil }
    var againPerTurn: Double? {
      followingTurns > 0 ? Double(computedAgain) / Double(followingTurns) : nil
    }
    var firstByte: Double? {
      firstByteTurns > 0 ? Double(firstByteMillis) / Double(firstByteTurns) : nil
    }
  }

  private struct Measure: Sendable {
    var name: String
    var digits: Int
    var value: @Sendable (Sums) -> Double?
  }

  private static let measures = [
    Measure(name: "cache hits, % of tokens", digits: 1) { $0.hitPercent },
    Measure(name: "computed again, tokens/turn", digits: 0) { $0.againPerTurn },
    Measure(name: "first byte, ms", digits: 0) { $0.firstByte },
  ]

  /// Several measures are tested at once, so each has to pass a stricter test.
  private static let level = 0.05 / Double(measures.count)
  /// With fewer pairs no result could pass.
  private static let enoughPairs = 8

  public init(_ first: PinMode, _ second: PinMode) { modes = (first, second) }

  public mutating func add(_ turn: StoredTurn) {
    let record = turn.record
    guard record.mode == modes.0 || record.mode == modes.1, !record.isSideCall else { return }
    var sums = sums[Key(session: turn.key, mode: record.mode)] ?? Sums()
    sums.turns += 1
    if let split = record.usage.split {
      sums.read += split.read
      sums.prompt += split.prompt
    }
    if record.previousTokens != nil, record.state == .done {
      sums.followingTurns += 1
      sums.computedAgain += record.computedAgain.value
    }
    if record.state == .done, let millis = record.firstByteMillis {
      sums.firstByteTurns += 1
      sums.firstByteMillis += millis
    }
    self.sums[Key(session: turn.key, mode: record.mode)] = sums
  }

  /// The result of one measure.
  struct Result {
    var name: String
    var digits: Int
    var first: Spread
    var second: Spread
    var isPaired: Bool
    /// Nil if there is nothing to test.
    var p: Double?
    var isDifferent: Bool
  }

  struct Spread {
    var count: Int
    var mean: Double?
    /// Standard deviation; nil below two values.
    var deviation: Double?

    init(_ values: [Double]) {
      count = values.count
      guard !values.isEmpty else { return }
      let mean = values.reduce(0, +) / Double(count)
      self.mean = mean
      guard count > 1 else { return }
      let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
      deviation = (squares / Double(count - 1)).squareRoot()
    }
  }

  var results: [Result] { Self.measures.map(result) }

  private func result(_ measure: Measure) -> Result {
    var values: [SessionKey: (Double?, Double?)] = [:]
    for (key, sums) in sums {
      guard let value = measure.value(sums) else { continue }
      var pair = values[key.session] ?? (nil, nil)
      if key.mode == modes.0 { pair.0 = value } else { pair.1 = value }
      values[key.session] = pair
    }
    let pairs = values.values.compactMap { pair in
      pair.0.flatMap { a in pair.1.map { (a, $0) } }
    }
    let isPaired = pairs.count >= Self.enoughPairs
    // Sessions of both modes would count on both sides of an unpaired test.
    let first = isPaired ? pairs.map(\.0) : values.values.filter { $0.1 == nil }.compactMap(\.0)
    let second = isPaired ? pairs.map(\.1) : values.values.filter { $0.0 == nil }.compactMap(\.1)
    let p =
      isPaired
      ? StatsRankTest.paired(pairs.map { $0.1 - $0.0 }) : StatsRankTest.unpaired(first, second)
    return Result(
      name: measure.name, digits: measure.digits, first: Spread(first), second: Spread(second),
      isPaired: isPaired, p: p, isDifferent: p.map { $0 <= Self.level } ?? false)
  }

  // MARK: Text

  public func text(question: String) -> String {
    let results = results
    var out = "\(modes.0.name) against \(modes.1.name), by session, \(question)\n\n"
    out += StatsText.cell("", 28) + StatsText.right("n", 4) + StatsText.right("mean", 10)
    out += StatsText.right("spread", 10) + "\n"
    for result in results {
      out += result.name + "\n"
      out += line(modes.0, result.first, result.digits)
      out += line(modes.1, result.second, result.digits)
      out += "  " + finding(result) + "\n"
    }
    out += "\n"
    if results.contains(where: \.isDifferent) {
      out += "Sessions were not assigned to modes at random: a difference may have other causes.\n"
    } else {
      out += "The data does not support a difference between \(modes.0.name) and "
      out += "\(modes.1.name).\n"
    }
    return out
  }

  private func line(_ mode: PinMode, _ spread: Spread, _ digits: Int) -> String {
    func number(_ value: Double?) -> String { value.map { Humanised.fixed($0, digits) } ?? "-" }
    return "  " + StatsText.cell(mode.name, 26) + StatsText.right("\(spread.count)", 4)
      + StatsText.right(number(spread.mean), 10) + StatsText.right(number(spread.deviation), 10)
      + "\n"
  }

  private func finding(_ result: Result) -> String {
    guard let p = result.p else { return "no test: too few sessions" }
    let test = result.isPaired ? "Wilcoxon signed-rank" : "Mann-Whitney"
    let value = p < 0.0001 ? "p < 0.0001" : "p = \(Humanised.fixed(p, 4))"
    guard result.isDifferent, let a = result.first.mean, let b = result.second.mean else {
      return "\(test), \(value): the data does not support a difference"
    }
    let higher = b > a ? "higher" : "lower"
    return "\(test), \(value): \(higher) with \(modes.1.name)"
  }

  public func json() -> [UInt8] {
    var json = JSONObjectWriter()
    json.add("first_mode", modes.0.name)
    json.add("second_mode", modes.1.name)
    json.add("level", Self.level)
    json.add("measures", objects: results.map(Self.object))
    json.add("supports_difference", results.contains(where: \.isDifferent))
    return json.finish() + [0x0A]
  }

  /// One line for each measure.
  public func csv() -> String {
    let spread = ["sessions", "mean", "deviation"]
    var out = CSVLine.text(
      ["measure", "first_mode"] + spread.map { "first_\($0)" } + ["second_mode"]
        + spread.map { "second_\($0)" } + ["test", "p", "level", "supports_difference"])
    func cells(_ spread: Spread) -> [String] {
      ["\(spread.count)"] + [spread.mean, spread.deviation].map { $0.map { "\($0)" } ?? "" }
    }
    for result in results {
      out += CSVLine.text(
        [result.name, modes.0.name] + cells(result.first) + [modes.1.name] + cells(result.second)
          + [
            result.isPaired ? "wilcoxon" : "mann-whitney", result.p.map { "\($0)" } ?? "",
            "\(Self.level)", "\(result.isDifferent)",
          ])
    }
    return out
  }

  private static func object(_ result: Result) -> [UInt8] {
    var json = JSONObjectWriter()
    json.add("measure", result.name)
    for (name, spread) in [("first", result.first), ("second", result.second)] {
      json.add("\(name)_sessions", spread.count)
      json.add("\(name)_mean", spread.mean)
      json.add("\(name)_deviation", spread.deviation)
    }
    json.add("test", result.isPaired ? "wilcoxon" : "mann-whitney")
    json.add("p", result.p)
    json.add("supports_difference", result.isDifferent)
    return json.finish()
  }
}
