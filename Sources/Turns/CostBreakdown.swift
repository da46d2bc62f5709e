public import Upstream

/// Tokens and costs of some turns, in all and by model, as a costs screen or a report shows them.
public struct CostBreakdown: Sendable {
  public struct Model: Sendable {
    public var upstream: String
    public var model: String
    public var totals = SessionTotals()
    public var costs = CostSummary()
    /// Uncached prompt tokens per second on a local server, if one was measured.
    public var prefillSpeed: Double?
  }

  private struct Key: Hashable {
    var upstream: String
    var model: String
  }

  private struct Sums {
    var totals = SessionTotals()
    var meter: CostMeter
  }

  /// Names of models come from outside: beyond so many the rest is summed up together.
  private static let modelLimit = 500
  private static let otherModels = "other models"

  /// For turns that are added from now on.
  public var prices: PriceTable {
    didSet { for key in sums.keys { sums[key]?.meter.prices = prices } }
  }
  public private(set) var totals = SessionTotals()
  private var sums: [Key: Sums] = [:]

  public init(prices: PriceTable) { self.prices = prices }

  public mutating func add(_ record: TurnRecord, isLocal: Bool) {
    totals.add(record)
    var key = Key(upstream: record.upstream, model: record.model)
    if sums.count >= Self.modelLimit, sums[key] == nil { key.model = Self.otherModels }
    sums[key, default: Sums(meter: CostMeter(prices))].totals.add(record)
    sums[key, default: Sums(meter: CostMeter(prices))].meter.add(
      record.costInput(isLocal: isLocal))
  }

  /// Most prompt tokens first.
  public var models: [Model] {
    sums.map { key, sums in
      Model(
        upstream: key.upstream, model: key.model, totals: sums.totals,
        costs: sums.meter.summary(),
        prefillSpeed: sums.meter.measuredSpeeds.tokensPerSecond(
          upstream: key.upstream, model: key.model))
    }.sorted { a, b in
      (b.totals.promptTokens, a.model, a.upstream) < (a.totals.promptTokens, b.model, b.upstream)
    }
  }

  public var costs: CostSummary {
    var all = CostSummary()
    for sums in sums.values { all.add(sums.meter.summary()) }
    return all
  }

  /// Prefill speeds over all these turns, for pricing parts of them alike.
  public var speeds: PrefillSpeeds {
    var all = PrefillSpeeds()
    for sums in sums.values { all.add(sums.meter.measuredSpeeds) }
    return all
  }
}
