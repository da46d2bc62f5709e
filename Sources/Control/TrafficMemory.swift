import Prefix
import Turns

/// What a dashboard that attaches late is told first: the newest turns of each session, the state of
/// the upstreams, and the last notices. Bounded.
struct TrafficMemory {
  struct KnownSession {
    var id: SessionID
    var mode: PinMode
    /// The turn from which `mode` applies, if it was changed.
    var modeSince: Int?
    var repairs: RepairSet
    var window = SessionWindow()
    var totals = SessionTotals()
    /// The newest turn ever seen.
    var latest: TurnRecord
    var inFlight: [Int: TurnRecord] = [:]
    /// In milliseconds since 1970.
    var lastActivity: Int64
  }

  private(set) var upstreams: [UpstreamStatus] = []
  private(set) var sessions: [SessionID: KnownSession] = [:]
  private var sideCalls: [TurnRecord] = []
  private var notices: [TurnEvent] = []
  private(set) var inFlight = 0
  private(set) var defaultMode: PinMode
  private var recordCount = 0
  private var texts = BlockTextBudget(limit: 2 << 20)

  private let sessionLimit: Int
  private let recordLimit: Int
  private static let noticeLimit = 200
  private static let sideCallLimit = 200
  private static let quietTurns = 10

  init(mode: PinMode, sessionLimit: Int = 1_000, recordLimit: Int = 20_000) {
    defaultMode = mode
    self.sessionLimit = sessionLimit
    self.recordLimit = recordLimit
  }

  mutating func note(_ event: TurnEvent) {
    switch event {
    case .started(let record): started(record)
    case .finished(let record): finished(record)
    case .firstByte(let session, let turn, let millis):
      guard var record = sessions[session]?.inFlight[turn] else { return }
      record.firstByteMillis = millis
      if record.state == .waiting { record.state = .streaming }
      sessions[session]?.inFlight[turn] = record
    case .progress: break
    case .unmeasured, .notice:
      notices.append(event)
      if notices.count > Self.noticeLimit { notices.removeFirst(Self.noticeLimit / 4) }
    case .sessionEvicted(let session): forget(session)
    case .upstream(let status):
      if let index = upstreams.firstIndex(where: { $0.name == status.name }) {
        upstreams[index] = status
      } else if upstreams.count < 64 {
        upstreams.append(status)
      }
    case .modeChanged(let session, let mode, let turn): modeChanged(session, mode, turn)
    case .repairsChanged(let session, let repairs, _):
      for id in session.map({ [$0] }) ?? Array(sessions.keys) { sessions[id]?.repairs = repairs }
    case .defaultsChanged(let mode, _): defaultMode = mode
    }
  }

  private mutating func started(_ record: TurnRecord) {
    makeRoom(for: record)
    var isNew = false
    update(record) { isNew = $0.inFlight.updateValue(record, forKey: record.turn) == nil }
    if isNew { inFlight += 1 }
  }

  private mutating func finished(_ record: TurnRecord) {
    makeRoom(for: record)
    var wasInFlight = false
    if record.isSideCall {
      sideCalls.append(record)
      if sideCalls.count > Self.sideCallLimit { sideCalls.removeFirst(Self.sideCallLimit / 4) }
      var isOver = false
      update(record) {
        wasInFlight = $0.inFlight.removeValue(forKey: record.turn) != nil
        isOver = $0.window.isEmpty && $0.inFlight.isEmpty
      }
      if isOver { sessions[record.session] = nil }
    } else {
      var added = 0
      update(record) {
        wasInFlight = $0.inFlight.removeValue(forKey: record.turn) != nil
        $0.totals.add(record)
        added = -$0.window.count
        $0.window.record(record)
        added += $0.window.count
      }
      recordCount += added
      for (session, turn) in texts.add(record) {
        sessions[session]?.window.update(turn: turn) { $0.detail = $0.detail?.withoutTexts }
      }
      shrinkIfNeeded()
    }
    if wasInFlight { inFlight -= 1 }
  }

  /// Changes the record's session where it stands: taken out and put back, its turns would be copied.
  private mutating func update(_ record: TurnRecord, _ change: (inout KnownSession) -> Void) {
    let ended = record.startedAt + Int64(record.totalMillis ?? 0)
    func apply(_ session: inout KnownSession) {
      if record.turn >= session.latest.turn { session.latest = record }
      session.lastActivity = max(session.lastActivity, ended)
      change(&session)
    }
    apply(
      &sessions[
        record.session,
        default: KnownSession(
          id: record.session, mode: record.mode, repairs: record.repairs, latest: record,
          lastActivity: record.startedAt)])
  }

  /// Some more than needed go at once, so that the walk over all is not made for each new session.
  private mutating func makeRoom(for record: TurnRecord) {
    guard sessions[record.session] == nil, sessions.count >= sessionLimit else { return }
    let byAge = sessions.map { (lastActivity: $0.value.lastActivity, id: $0.key) }
      .sorted { $0.lastActivity < $1.lastActivity }
    for session in byAge.prefix(1 + sessionLimit / 16) { forget(session.id) }
  }

  private mutating func forget(_ id: SessionID) {
    guard let session = sessions.removeValue(forKey: id) else { return }
    recordCount -= session.window.count
    inFlight -= session.inFlight.count
  }

  private mutating func shrinkIfNeeded() {
    guard recordCount > recordLimit else { return }
    for session in sessions.values.sorted(by: { $0.lastActivity < $1.lastActivity }) {
      guard recordCount > recordLimit / 2 else { return }
      recordCount -= max(0, session.window.count - Self.quietTurns)
      sessions[session.id]?.window.keepNewest(Self.quietTurns)
    }
  }

  private mutating func modeChanged(_ id: SessionID?, _ mode: PinMode, _ turn: Int) {
    if let id {
      sessions[id]?.mode = mode
      sessions[id]?.modeSince = turn
      return
    }
    defaultMode = mode
    for id in sessions.keys {
      sessions[id]?.mode = mode
      sessions[id]?.modeSince = nil
    }
  }

  /// The events that bring a reader to what is known here, in the order in which they happened as
  /// far as that is known.
  var replay: [TurnEvent] {
    var turns: [(record: TurnRecord, event: TurnEvent)] = sideCalls.map { ($0, .finished($0)) }
    var modes: [TurnEvent] = []
    for session in sessions.values {
      for index in 0..<session.window.count {
        let record = session.window[index]
        turns.append((record, .finished(record)))
      }
      for record in session.inFlight.values { turns.append((record, .started(record))) }
      // A reader takes mode and repairs of a session from its first turn.
      let first = session.window.first ?? session.inFlight.values.first
      if let first, first.mode != session.mode, !first.isSideCall {
        modes.append(
          .modeChanged(
            session: session.id, mode: session.mode, fromTurn: session.modeSince ?? first.turn))
      }
      if let first, first.repairs != session.repairs, !first.isSideCall {
        modes.append(
          .repairsChanged(
            session: session.id, repairs: session.repairs, fromTurn: session.latest.turn + 1))
      }
    }
    turns.sort { a, b in
      (a.record.startedAt, a.record.session, a.record.turn)
        < (b.record.startedAt, b.record.session, b.record.turn)
    }
    return upstreams.map { .upstream($0) } + turns.map(\.event) + modes + notices
  }
}
