public import Prefix

/// How the zones of one session's prompts changed from turn to turn. A value that takes the turns in
/// order; pure.
///
/// The prefix is held against a baseline: that of the first turn, and after a declared change
/// (compaction, a rebase) that of its turn. A drift is shown until the prefix is as it was, or the
/// change is declared; it never becomes the baseline by itself.
public struct ZoneHistory: Sendable {
  public struct Change: Sendable, Equatable {
    public var turn: Int
    public var cause: Cause
    /// Where in the request; empty if that is not known.
    public var path: String
  }

  public struct Stability: Sendable, Equatable {
    public var changes = 0
    /// The newest change.
    public var last: Change?
  }

  /// Turns counted.
  public private(set) var turns = 0
  private(set) var firstTurn: Int?
  private(set) var lastTurn: Int?
  /// Of the newest turn.
  public private(set) var latest: PromptZones?
  public private(set) var prefix = Stability()
  public private(set) var log = Stability()
  /// Hash of the prefix that the session is held against.
  public private(set) var baseline: UInt32?
  /// The turn since which the prefix differs from the baseline; nil while it does not.
  public private(set) var driftedSince: Int?

  public init() {}

  public init(_ records: some Sequence<TurnRecord>) {
    self.init()
    for record in records { add(record) }
  }

  /// Turns without zones, side calls and turns that reached no server do not count.
  public mutating func add(_ record: TurnRecord) {
    guard let zones = record.zones, !record.isSideCall, record.state != .failed else { return }
    turns += 1
    firstTurn = firstTurn ?? record.turn
    lastTurn = record.turn
    latest = zones
    let change = Change(
      turn: record.turn, cause: record.verdict.cause, path: record.verdict.position?.path ?? "")
    if zones.changes.contains(.prefix) { Self.count(change, &prefix) }
    if zones.changes.contains(.log) { Self.count(change, &log) }
    if baseline == nil || record.declaresPrefix { baseline = zones.prefix.hash }
    if zones.prefix.hash == baseline {
      driftedSince = nil
    } else if zones.changes.contains(.prefix), driftedSince == nil {
      driftedSince = record.turn
    } else if driftedSince == nil {
      // The same in another writing.
      baseline = zones.prefix.hash
    }
  }

  private static func count(_ change: Change, _ stability: inout Stability) {
    stability.changes += 1
    stability.last = change
  }

  /// Turns since the prefix changed last, the newest included.
  public var stableTurns: Int {
    guard let lastTurn, let firstTurn else { return 0 }
    return lastTurn - (prefix.last?.turn ?? firstTurn) + 1
  }
}

extension TurnRecord {
  /// Whether a change of the prefix on this turn is a declared one.
  var declaresPrefix: Bool {
    if case .rebased = pin { return true }
    switch verdict.cause {
    case .compaction, .modelSwitch, .branch: return true
    default: return false
    }
  }
}

extension SessionWindow {
  /// The zones over the turns in the window.
  public var zones: ZoneHistory { ZoneHistory((0..<count).lazy.map { self[$0] }) }
}
