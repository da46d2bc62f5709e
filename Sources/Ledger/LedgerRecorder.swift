import Prefix
public import Turns
import Upstream

/// Collects finished turns and writes them in batches. Lives on the ledger thread; the counterpart
/// that reads is `LedgerReader`.
///
/// No failure leaves it: it says once that the ledger cannot be written, keeps what comes in up to a
/// limit, and tries again until it can.
public final class LedgerRecorder {
  private var settings: LedgerSettings
  private let clock: LedgerClock
  private let notify: (String) -> Void

  private var store: LedgerStore?
  private var upstreams: [String: (kind: ServerKind, isLocal: Bool)] = [:]
  /// As they came: to make rows of them waits until nobody waits.
  private var fresh: [TurnRecord] = []
  private var waiting: [StoredTurn] = []
  private var waitingSince: UInt64 = 0
  private var sessions = WaitingSessions()
  private var retryAt: UInt64?
  private var trimAt: UInt64 = 0
  private var erasedAt: UInt64?
  private var hasFailed = false
  private var lost = 0

  private static let trimEveryMillis: UInt64 = 3_600_000
  /// How often the log is emptied of text at most, which waits for the disk.
  private static let eraseEveryMillis: UInt64 = 1_000
  private static let eraseUnneededEveryMillis: UInt64 = 30_000

  /// - Parameters:
  ///   - upstreams: what is known about the upstreams before the first event.
  ///   - notify: gets a sentence about each change of fortune.
  public init(
    settings: LedgerSettings, clock: LedgerClock, upstreams: [UpstreamStatus] = [],
    notify: @escaping (String) -> Void
  ) {
    self.settings = settings
    self.clock = clock
    self.notify = notify
    for upstream in upstreams { note(upstream) }
  }

  /// Takes note of what concerns the ledger; writes when a batch is full.
  public func handle(_ event: TurnEvent) {
    switch event {
    case .finished(let record): add(record)
    case .upstream(let status):
      absorb()
      note(status)
    default: break
    }
  }

  private func note(_ status: UpstreamStatus) {
    upstreams[status.name] = (status.kind, status.isLocal)
  }

  /// Takes the newest state of a session; one with text is written by the next `tick`, others with
  /// the next batch.
  public func keep(_ session: KeptSession) {
    noteWaiting()
    var session = session
    session.run = settings.origins[session.snapshot.id]
    sessions.add(session)
  }

  /// Keeps turns for another time and up to another size; the next `tick` deletes what is over.
  public func retain(days: Int, maxBytes: Int) {
    settings.days = days
    settings.maxBytes = maxBytes
    trimAt = 0
  }

  /// Writes the states that an answer may wait for, and nothing that could wait.
  public func commitUrgent() {
    guard sessions.isUrgent else { return }
    let now = clock.monotonicMillis()
    if let retryAt, now < retryAt { return }
    if store == nil { open(now) }
    commitSessions(now)
  }

  /// Does what is due: opens, commits, deletes what is too old.
  public func tick() {
    let now = clock.monotonicMillis()
    if let retryAt, now < retryAt { return }
    if store == nil { open(now) }
    if sessions.isUrgent || isBatchDue(now) { commitSessions(now) }
    if isBatchDue(now) { commit(now) }
    if store != nil, now >= trimAt { trim(now) }
    if let eraseAt, now >= eraseAt { erase(now) }
    checkpoint(now)
  }

  /// Milliseconds until `tick` has something to do; nil if nothing waits.
  public var waitMillis: UInt64? {
    let now = clock.monotonicMillis()
    if let retryAt { return retryAt > now ? retryAt - now : 0 }
    if store == nil || sessions.isUrgent { return 0 }
    var due: [UInt64] = []
    if isWaiting { due.append(waitingSince + settings.batchMillis) }
    if let eraseAt { due.append(eraseAt) }
    return due.min().map { $0 > now ? $0 - now : 0 }
  }

  /// Turns that are not in the file yet.
  public var waitingTurns: Int { waiting.count + fresh.count }

  /// Writes what is left, with one attempt, and closes the file.
  public func finish() {
    let now = clock.monotonicMillis()
    retryAt = nil
    if store == nil, isWaiting { open(now) }
    commitSessions(now)
    commit(now)
    // All is written; whoever opens the file next empties the log where this cannot.
    try? store?.eraseDropped()
    lost += waiting.count
    waiting = []
    if lost > 0 {
      notify("\(lost == 1 ? "1 turn is" : "\(lost) turns are") not in the ledger \(settings.path)")
    }
    store = nil
  }

  // MARK: Writing

  private var isWaiting: Bool { waitingTurns > 0 || !sessions.isEmpty }

  private func noteWaiting() {
    if !isWaiting { waitingSince = clock.monotonicMillis() }
  }

  private func add(_ record: TurnRecord) {
    noteWaiting()
    fresh.append(record)
    if waitingTurns >= settings.batchTurns {
      absorb()
      tick()
    }
  }

  private func absorb() {
    for record in fresh { absorb(record) }
    fresh.removeAll(keepingCapacity: true)
  }

  private func absorb(_ record: TurnRecord) {
    let upstream = upstreams[record.upstream]
    var turn = StoredTurn(
      run: settings.origins[record.session] ?? settings.run, record: record,
      server: upstream?.kind ?? .unknown,
      isLocal: upstream?.isLocal ?? false, workspace: settings.workspace,
      sections: record.map.map { PromptSections($0) })
    // What is not stored need not be held while it waits.
    turn.record.map = nil
    turn.record.detail = nil
    if waiting.count >= settings.maxWaitingTurns {
      // A share at a time: removing one from the front moves all others.
      let excess = min(waiting.count, max(1, settings.maxWaitingTurns / 16))
      waiting.removeFirst(excess)
      lost += excess
    }
    waiting.append(turn)
  }

  private func isBatchDue(_ now: UInt64) -> Bool {
    isWaiting
      && (waitingTurns >= settings.batchTurns || now >= waitingSince + settings.batchMillis
        || hasFailed)
  }

  private func open(_ now: UInt64) {
    do {
      let store = try LedgerStore(
        path: settings.path, now: clock.wallMillis(), busyMillis: settings.busyMillis)
      self.store = store
      retryAt = nil
      if let name = store.setAside {
        notify("the ledger was damaged; it was set aside as \(name) and a new one begun")
      }
      if !isWaiting { recovered() }
    } catch {
      failed(error, now)
    }
  }

  private func commit(_ now: UInt64) {
    absorb()
    guard let store else { return }
    do {
      while !waiting.isEmpty {
        let batch = waiting.prefix(1024)
        try store.write(batch)
        waiting.removeFirst(batch.count)
      }
      try store.dropUnneeded()
      recovered()
    } catch {
      // A new connection is the surest way out of whatever state the failure left.
      self.store = nil
      failed(error, now)
    }
  }

  private func commitSessions(_ now: UInt64) {
    guard let store, !sessions.isEmpty else { return }
    do {
      let limits = KeptLimits(oldest: clock.wallMillis() - settings.keptMillis)
      try store.write(sessions.newest, run: settings.run, limits: limits)
      sessions.removeAll()
      if waitingTurns == 0 { recovered() }
    } catch {
      self.store = nil
      failed(error, now)
    }
  }

  private func trim(_ now: UInt64) {
    trimAt = now + Self.trimEveryMillis
    let oldest = clock.wallMillis() - Int64(settings.days) * 86_400_000
    do {
      try store?.trim(oldest: oldest, maxBytes: settings.maxBytes)
    } catch {
      store = nil
      failed(error, now)
    }
  }

  /// When the log is to be emptied; nil if it holds no text that was deleted.
  private var eraseAt: UInt64? {
    guard let store, store.leftover != .none else { return nil }
    guard let erasedAt else { return 0 }
    return erasedAt
      + (store.leftover == .forbidden ? Self.eraseEveryMillis : Self.eraseUnneededEveryMillis)
  }

  private func erase(_ now: UInt64) {
    erasedAt = now
    do {
      try store?.eraseDropped()
    } catch {
      store = nil
      failed(error, now)
    }
  }

  private func checkpoint(_ now: UInt64) {
    do {
      try store?.checkpointIfLong()
    } catch {
      store = nil
      failed(error, now)
    }
  }

  private func failed(_ error: LedgerError, _ now: UInt64) {
    retryAt = now + settings.retryMillis
    guard !hasFailed else { return }
    hasFailed = true
    notify("\(error); turns go on and wait in memory to be written")
  }

  private func recovered() {
    retryAt = nil
    guard hasFailed else { return }
    hasFailed = false
    let missing = lost > 0 ? "; \(lost) turns are missing" : ""
    lost = 0
    notify("the ledger is written again\(missing)")
  }
}
