public import Turns
public import Upstream

/// Sums over stored turns, in all, per session, per day and over time. The counterparts that show it are
/// `StatsTable`, `StatsJSON` and `SessionsCSV`.
public struct StatsReport: Sendable {
  public struct Session: Sendable {
    var session: StoredSession
    var costs: CostSummary
  }

  /// All turns that began on one day.
  struct Day: Sendable {
    /// `YYYY-MM-DD`
    var date: String
    var totals: SessionTotals
    var costs: CostSummary
  }

  /// Tokens of the turns that began within one minute and reported reuse.
  struct Minute: Sendable {
    var read = 0
    var prompt = 0
  }

  private struct Sums {
    var session: StoredSession
    var meter: CostMeter
  }

  private struct DaySums {
    var totals = SessionTotals()
    var meter: CostMeter
  }

  /// In all, and by model.
  private(set) var breakdown: CostBreakdown
  private var sums: [SessionKey: Sums] = [:]
  private var daySums: [String: DaySums] = [:]
  private let date: @Sendable (Int64) -> String
  /// By minutes since 1970.
  private(set) var minutes: [Int64: Minute] = [:]
  private(set) var first: Int64 = .max
  private(set) var last: Int64 = .min

  /// - Parameter date: `YYYY-MM-DD` of milliseconds since 1970, where the reader is.
  public init(prices: PriceTable, date: @escaping @Sendable (Int64) -> String) {
    breakdown = CostBreakdown(prices: prices)
    self.date = date
  }

  /// Turns of one session come in the order of their start.
  public mutating func add(_ turn: StoredTurn) {
    let record = turn.record
    breakdown.add(record, isLocal: turn.isLocal)
    first = min(first, record.startedAt)
    last = max(last, record.startedAt)
    Self.add(turn, to: &sums[turn.key, default: Self.sums(turn, breakdown.prices)])
    let day = date(record.startedAt)
    daySums[day, default: DaySums(meter: CostMeter(breakdown.prices))].totals.add(record)
    daySums[day, default: DaySums(meter: CostMeter(breakdown.prices))].meter.add(turn.costInput)
    if let split = record.usage.split {
      let minute = record.startedAt / 60_000
      minutes[minute, default: Minute()].read += split.read
      minutes[minute, default: Minute()].prompt += split.prompt
    }
  }

  private static func sums(_ turn: StoredTurn, _ prices: PriceTable) -> Sums {
    let record = turn.record
    return Sums(
      session: StoredSession(
        key: turn.key, firstSeen: record.startedAt, lastSeen: record.startedAt,
        agent: record.agent, model: record.model, upstream: record.upstream,
        parent: record.parent, workspace: turn.workspace, mode: record.mode),
      meter: CostMeter(prices))
  }

  private static func add(_ turn: StoredTurn, to sums: inout Sums) {
    let record = turn.record
    sums.session.lastSeen = max(sums.session.lastSeen, record.startedAt)
    if !record.agent.isEmpty { sums.session.agent = record.agent }
    sums.session.model = record.model
    sums.session.mode = record.mode
    sums.session.totals.add(record)
    sums.meter.add(turn.costInput)
  }

  var totals: SessionTotals { breakdown.totals }
  var isEmpty: Bool { totals.turns == 0 }

  /// The one seen last first. Local turns are priced by the speed measured over all sessions.
  public var sessions: [Session] {
    let speeds = breakdown.speeds
    return sums.values.map { sums in
      Session(session: sums.session, costs: sums.meter.summary(speeds: speeds))
    }.sorted { a, b in
      (b.session.lastSeen, a.session.key.session) < (a.session.lastSeen, b.session.key.session)
    }
  }

  /// The oldest first; days without a turn are left out. Local turns are priced as those of sessions.
  var days: [Day] {
    let speeds = breakdown.speeds
    return daySums.map { date, sums in
      Day(date: date, totals: sums.totals, costs: sums.meter.summary(speeds: speeds))
    }.sorted { $0.date < $1.date }
  }

  /// Hit rate by tokens in `count` spans of equal length from the first turn to the last; nil where
  /// nothing was reported. Where there are fewer minutes than spans, neighbours share a minute.
  func series(_ count: Int) -> [Double?] {
    guard !isEmpty, count > 0 else { return [] }
    let from = first / 60_000
    let length = Int(last / 60_000 - from) + 1
    guard length < 1 << 40 else { return [] }
    var sums = [Minute](repeating: Minute(), count: count)
    for (minute, tokens) in minutes {
      // The spans that the minute lies in, at least one.
      let at = Int(minute - from)
      let low = min(count - 1, at * count / length)
      let high = max(low, min(count, (at + 1) * count / length) - 1)
      for span in low...high {
        sums[span].read += tokens.read
        sums[span].prompt += tokens.prompt
      }
    }
    return sums.map { $0.prompt > 0 ? Double($0.read) / Double($0.prompt) : nil }
  }
}
