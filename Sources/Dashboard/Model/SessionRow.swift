public import Prefix
public import Turns
import Upstream

/// What the dashboard knows about one session.
public struct SessionRow: Sendable {
  let id: SessionID
  var agent: String
  var model: String
  var upstream: String
  public internal(set) var mode: PinMode
  /// The session it branched off from or works for.
  let parent: SessionID?
  /// The turn from which `mode` applies, if it was changed here.
  var modeSince: Int?
  /// The classes of cause that are repaired, as far as the mode allows.
  var repairs: RepairSet
  public internal(set) var window = SessionWindow()
  var totals = Totals()
  /// When something last happened, in milliseconds since 1970.
  var lastActivity: Int64
  /// Prefill progress of the turn in flight.
  var progress: (processed: Int, total: Int)?
  /// Numbers of the turns in the window with a break, ascending.
  public internal(set) var breaks: [Int] = []
  /// Set if this is a session from the ledger, which has no turns in memory.
  let stored: StoredSession?
  var costs: CostMeter

  init(_ stored: StoredSession, prices: PriceTable) {
    id = stored.key.session
    agent = stored.agent
    model = stored.model
    upstream = stored.upstream
    mode = stored.mode
    parent = stored.parent
    repairs = .all
    lastActivity = stored.lastSeen
    self.stored = stored
    costs = CostMeter(prices)
  }

  init(_ record: TurnRecord, prices: PriceTable) {
    id = record.session
    agent = record.agent
    model = record.model
    upstream = record.upstream
    mode = record.mode
    parent = record.parent
    stored = nil
    costs = CostMeter(prices)
    repairs = record.repairs
    lastActivity = record.startedAt
  }

  /// The newest turn; nil for a stored session alone.
  var latest: TurnRecord? { window.last }

  mutating func record(_ record: TurnRecord, at now: Int64) {
    if !record.agent.isEmpty { agent = record.agent }
    if !record.model.isEmpty { model = record.model }
    if !record.upstream.isEmpty { upstream = record.upstream }
    window.record(record)
    lastActivity = max(lastActivity, now)
    if !record.state.isInFlight || record.turn > (window.last?.turn ?? 0) { progress = nil }
    note(record.turn, isBreak: TurnMark(record).isBreak)
    let oldest = window.first?.turn ?? 0
    if let first = breaks.first, first < oldest { breaks.removeAll { $0 < oldest } }
  }

  private mutating func note(_ turn: Int, isBreak: Bool) {
    let at = breaks.lastIndex { $0 <= turn }
    if let at, breaks[at] == turn {
      if !isBreak { breaks.remove(at: at) }
    } else if isBreak {
      breaks.insert(turn, at: at.map { $0 + 1 } ?? 0)
    }
  }
}
