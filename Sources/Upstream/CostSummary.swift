/// Why a turn has no price. Such turns are counted, never taken as free.
public enum UnpricedReason: UInt8, Sendable, Hashable, Comparable {
  case unknownModel
  case usageNotReported
  case reuseNotReported
  case outputNotReported
  case writePriceUnpublished
  case lengthUnpublished
  case speedNotMeasured

  public var text: String {
    switch self {
    case .unknownModel: "model not in the price list"
    case .usageNotReported: "no usage reported"
    case .reuseNotReported: "reuse not reported"
    case .outputNotReported: "output not reported"
    case .writePriceUnpublished: "price of cache writes not published"
    case .lengthUnpublished: "price at this prompt length not published"
    case .speedNotMeasured: "no prefill speed measured"
    }
  }

  public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
}

/// What some turns cost, three times over the same turns.
public struct CostFigures: Sendable, Equatable {
  public var turns = 0
  /// What was spent.
  public var paid = 0.0
  /// Had every prompt been computed in full.
  public var withoutCache = 0.0
  /// Had the agent's own bytes been forwarded.
  public var agentAlone = 0.0

  public init() {}

  mutating func add(_ other: CostFigures) {
    turns += other.turns
    paid += other.paid
    withoutCache += other.withoutCache
    agentAlone += other.agentAlone
  }
}

/// What turns cost: money and seconds of one's own machines are never mixed.
public struct CostSummary: Sendable, Equatable {
  public var dollars = CostFigures()
  /// Prefill time.
  public var seconds = CostFigures()
  /// Turns that are in neither.
  public var unpriced: [UnpricedReason: Int] = [:]

  public init() {}

  public mutating func add(_ other: CostSummary) {
    dollars.add(other.dollars)
    seconds.add(other.seconds)
    unpriced.merge(other.unpriced, uniquingKeysWith: +)
  }
}
