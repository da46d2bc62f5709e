import Bytes

/// What pinning did for a session so far, in tokens.
public struct PinTotals: Sendable, Equatable {
  /// Turns whose forwarded body differed from the received one.
  public var turns = 0
  /// Tokens the server had and would have had to compute again, had every request been forwarded as
  /// the agent sent it.
  public var asSent = 0
  /// Tokens it had to compute again for what was forwarded: as predicted, and by its own count where
  /// it gives one.
  public var asForwarded = 0
  public var computed = 0
  /// Tokens forwarded that the agent did not send, added up over the turns: what pinning costs. The
  /// server has them cached, but they take room in its window and, where cached tokens are paid for,
  /// money.
  public var held = 0

  public init() {}

  public static func + (a: PinTotals, b: PinTotals) -> PinTotals {
    var sum = a
    sum.turns += b.turns
    sum.asSent += b.asSent
    sum.asForwarded += b.asForwarded
    sum.computed += b.computed
    sum.held += b.held
    return sum
  }
}

/// Whether what pinning claims is what the server reports.
public enum PinStatus: Sendable, Equatable {
  /// Nothing was held that the server could have confirmed or denied.
  case unproven
  /// The last turn on which a repair should have saved something confirmed it.
  case working
  /// Several turns in a row the server reused much less than was held for it, for no other reason.
  case notWorking(String)
}

/// Holds the promise of each pinned turn against the server's count.
public struct PinAudit: Sendable, Equatable {
  /// One answered turn of a pinned session, in tokens.
  public struct Turn {
    /// Tokens of the previous prompt that the request still begins with: as sent, and as forwarded.
    var keptAsSent: Int
    var keptForwarded: Int
    /// Tokens the server reused; nil if it does not say.
    var reported: Int?
    /// The classes that were repaired on this turn.
    var repairs: RepairSet
    /// Whether something else explains a low count: a restart, another session, a lapsed lifetime.
    var isExplained: Bool

    public init(
      keptAsSent: Int, keptForwarded: Int, reported: Int?, repairs: RepairSet, isExplained: Bool
    ) {
      self.keptAsSent = keptAsSent
      self.keptForwarded = keptForwarded
      self.reported = reported
      self.repairs = repairs
      self.isExplained = isExplained
    }
  }

  /// A gain smaller than this proves nothing: templates and block sizes round by as much.
  static let smallestGain = 256
  /// So many turns in a row without the gain are a contradiction.
  public static let patience = 3

  public private(set) var status = PinStatus.unproven
  public var totals = PinTotals()
  /// Whether the server ever counted any reuse in this session. One that always says 0 does not count,
  /// or has no cache: that is no word on what pinning does.
  private var hasReported = false
  private var missesInARow = 0
  private var misses: [RepairClass: Int] = [:]

  public init() {}

  /// - Returns: the classes that are contradicted by now, and should stop.
  public mutating func judge(_ turn: Turn) -> RepairSet {
    if let reported = turn.reported, reported > 0 { hasReported = true }
    let gain = turn.keptForwarded - turn.keptAsSent
    guard hasReported, gain >= Self.smallestGain, let reported = turn.reported, !turn.isExplained,
      !turn.repairs.isEmpty
    else { return [] }
    if reported >= turn.keptAsSent + gain / 2 {
      status = .working
      missesInARow = 0
      for one in turn.repairs.classes { misses[one] = nil }
      return []
    }
    missesInARow += 1
    var stopped: RepairSet = []
    for one in turn.repairs.classes {
      misses[one, default: 0] += 1
      if misses[one, default: 0] >= Self.patience {
        stopped.insert(RepairSet(one))
        misses[one] = nil
      }
    }
    if missesInARow >= Self.patience {
      status = .notWorking(
        "the server reused \(reported) tokens where \(turn.keptForwarded) were held for it, "
          + "and too little on the \(missesInARow - 1) pinned turns before")
    }
    return stopped
  }

  func encode(to writer: inout BinaryWriter) {
    for count in [totals.turns, totals.asSent, totals.asForwarded, totals.computed, totals.held] {
      writer.count(count)
    }
  }

  /// The totals go on over a restart; the judgement begins anew with the server's answers.
  init(from reader: inout BinaryReader) throws(BinaryReader.Damaged) {
    let limit = 1 << 48
    totals.turns = try reader.count(upTo: limit)
    totals.asSent = try reader.count(upTo: limit)
    totals.asForwarded = try reader.count(upTo: limit)
    totals.computed = try reader.count(upTo: limit)
    totals.held = try reader.count(upTo: limit)
  }
}
