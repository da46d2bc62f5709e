public import Prefix
public import Turns
import Upstream

/// Names one turn.
public struct TurnKey: Hashable, Sendable {
  var session: SessionID
  var turn: Int

  public init(session: SessionID, turn: Int) {
    self.session = session
    self.turn = turn
  }
}

/// One line of the list of all turns.
public struct TailEntry: Sendable {
  enum Content: Sendable {
    case turn(TurnRecord)
    /// Events that never arrived here; the records have them.
    case gap(Int)
  }

  /// Names the turn; nil for a gap. Stands beside the record because it is looked for all the time.
  let key: TurnKey?
  var content: Content

  init(_ record: TurnRecord) {
    key = TurnKey(session: record.session, turn: record.turn)
    content = .turn(record)
  }

  init(gap count: Int) {
    key = nil
    content = .gap(count)
  }
}

/// Everything that arrived, bounded. A value: freezing the dashboard keeps a copy.
public struct Traffic: Sendable {
  /// Sessions as they arrived.
  var order: [SessionID] = []
  public internal(set) var rows: [SessionID: SessionRow] = [:]
  /// The newest turns of all sessions, oldest first.
  public internal(set) var tail: [TailEntry] = []
  /// How many tail entries ever arrived.
  var tailCount = 0
  var upstreams: [UpstreamStatus] = []
  public internal(set) var notices: [Notice] = []
  var totals = Totals()
  var byUpstream: [(name: String, totals: Totals)] = []
  /// What was spent, by upstream and model.
  public internal(set) var costs: CostBreakdown
  /// Reported prompt and reused tokens for each local hour, ascending.
  var hours: [(hour: Int, prompt: Int, reused: Int)] = []
  var inFlight: Set<TurnKey> = []
  public internal(set) var turnsSeen = 0
  var unmeasured = 0
  var lostEvents = 0
  var lastTurnAt: Int64?

  static let tailLimit = 200
  static let noticeLimit = 200
  static let sessionLimit = 1_000
  /// Turn records kept over all sessions; beyond it quiet sessions keep only a few.
  static let recordLimit = 50_000
  /// Bytes of broken blocks kept over all sessions.
  static let textLimit = 16 << 20
  private var texts = BlockTextBudget(limit: Traffic.textLimit)

  /// For turns that end from now on.
  var prices: PriceTable {
    didSet {
      costs.prices = prices
      for session in rows.keys { rows[session]?.costs.prices = prices }
    }
  }

  init(prices: PriceTable = .standard) {
    self.prices = prices
    costs = CostBreakdown(prices: prices)
  }

  public var sessionCount: Int { order.count }

  public subscript(session: SessionID) -> SessionRow? { rows[session] }

  /// The upstream that is down, if any.
  var failing: UpstreamStatus? {
    upstreams.first {
      if case .down = $0.state { return true }
      return false
    }
  }

  // MARK: Events

  mutating func started(_ record: TurnRecord, at now: Int64) {
    turnsSeen += 1
    lastTurnAt = max(lastTurnAt ?? 0, record.startedAt)
    inFlight.insert(TurnKey(session: record.session, turn: record.turn))
    store(record, at: now)
  }

  mutating func finished(_ record: TurnRecord, clock: WallClock, at now: Int64) {
    let key = TurnKey(session: record.session, turn: record.turn)
    if inFlight.remove(key) == nil, !isKnown(key) { turnsSeen += 1 }
    lastTurnAt = max(lastTurnAt ?? 0, record.startedAt)
    store(record, at: now)
    rows[record.session]?.totals.add(record)
    totals.add(record)
    let isLocal = upstreams.first { $0.name == record.upstream }?.isLocal ?? false
    costs.add(record, isLocal: isLocal)
    rows[record.session]?.costs.add(record.costInput(isLocal: isLocal))
    if let index = byUpstream.firstIndex(where: { $0.name == record.upstream }) {
      byUpstream[index].totals.add(record)
    } else if byUpstream.count < 64 {
      var first = Totals()
      first.add(record)
      byUpstream.append((record.upstream, first))
    }
    addHour(record, clock: clock)
  }

  mutating func firstByte(_ key: TurnKey, afterMillis: Int) {
    update(key) {
      if $0.state == .waiting { $0.state = .streaming }
      $0.firstByteMillis = afterMillis
    }
    rows[key.session]?.progress = nil
  }

  mutating func progress(_ key: TurnKey, _ processed: Int, of total: Int) {
    guard rows[key.session]?.window.last?.turn == key.turn else { return }
    rows[key.session]?.progress = (processed, total)
  }

  mutating func setMode(_ mode: PinMode, of session: SessionID, from turn: Int?) {
    rows[session]?.mode = mode
    rows[session]?.modeSince = turn
  }

  mutating func setRepairs(_ repairs: RepairSet, of session: SessionID) {
    rows[session]?.repairs = repairs
  }

  mutating func evict(_ session: SessionID) {
    guard rows.removeValue(forKey: session) != nil else { return }
    order.removeAll { $0 == session }
    inFlight = inFlight.filter { $0.session != session }
  }

  mutating func add(_ notice: Notice) {
    notices.append(notice)
    if notices.count > Traffic.noticeLimit { notices.removeFirst(Traffic.noticeLimit / 4) }
  }

  /// The end of any running turn may be among what was lost: none of them counts as running until
  /// it is heard of again.
  mutating func lost(_ count: Int) {
    lostEvents += count
    for key in inFlight { update(key) { $0.state = .done } }
    inFlight.removeAll()
    if case .gap(let earlier)? = tail.last?.content {
      tail[tail.count - 1] = TailEntry(gap: earlier + count)
    } else {
      append(TailEntry(gap: count))
    }
  }

  private func isKnown(_ key: TurnKey) -> Bool {
    rows[key.session]?.window.index(ofTurn: key.turn) != nil || tail.contains { $0.key == key }
  }

  private mutating func store(_ record: TurnRecord, at now: Int64) {
    let key = TurnKey(session: record.session, turn: record.turn)
    var isNew = false
    if !record.isSideCall {
      if rows[record.session] == nil {
        if order.count >= Traffic.sessionLimit { evictOldest() }
        rows[record.session] = SessionRow(record, prices: prices)
        order.append(record.session)
      }
      isNew = rows[record.session]?.window.last.map { $0.turn < record.turn } ?? true
      rows[record.session]?.record(record, at: now)
      for (session, turn) in texts.add(record) {
        rows[session]?.window.update(turn: turn) { $0.detail = $0.detail?.withoutTexts }
      }
      shrinkIfNeeded()
    }
    var line = record
    line.map = nil
    line.detail = nil
    if !isNew, let index = tail.lastIndex(where: { $0.key == key }) {
      tail[index] = TailEntry(line)
    } else {
      append(TailEntry(line))
    }
  }

  private mutating func append(_ entry: TailEntry) {
    tail.append(entry)
    tailCount += 1
    if tail.count > Traffic.tailLimit + 50 { tail.removeFirst(50) }
  }

  private mutating func update(_ key: TurnKey, _ change: (inout TurnRecord) -> Void) {
    rows[key.session]?.window.update(turn: key.turn, change)
    if let index = tail.lastIndex(where: { $0.key == key }),
      case .turn(var record) = tail[index].content
    {
      change(&record)
      tail[index].content = .turn(record)
    }
  }

  private mutating func evictOldest() {
    let oldest = rows.values.min { $0.lastActivity < $1.lastActivity }
    if let oldest { evict(oldest.id) }
  }

  private mutating func shrinkIfNeeded() {
    guard turnsSeen % 1_000 == 0 else { return }
    var total = rows.values.reduce(0) { $0 + $1.window.count }
    guard total > Traffic.recordLimit else { return }
    for row in rows.values.sorted(by: { $0.lastActivity < $1.lastActivity }) {
      guard total > Traffic.recordLimit / 2 else { return }
      total -= max(0, row.window.count - 10)
      rows[row.id]?.window.keepNewest(10)
    }
  }

  private mutating func addHour(_ record: TurnRecord, clock: WallClock) {
    guard let prompt = record.usage.promptTokens, let reused = record.usage.cachedTokens else {
      return
    }
    let hour = clock.hour(record.startedAt)
    if let index = hours.lastIndex(where: { $0.hour == hour }) {
      hours[index].prompt += prompt
      hours[index].reused += min(prompt, reused)
    } else {
      hours.append((hour, prompt, min(prompt, reused)))
      if hours.count > 24 { hours.removeFirst() }
    }
  }
}
