import Bytes
import Prefix
import Turns

extension DashboardState {
  /// What to ask for before anything was pressed.
  public var openingRequests: [Effect] { options.hasLedger ? [.read(.count)] : [] }

  // MARK: Asking

  mutating func openStoredList() -> [Effect] {
    guard options.hasLedger else {
      say("there is no ledger: earlier sessions are not stored")
      return []
    }
    stored.isReading = true
    stored.failure = nil
    overlay = .stored(index: 0)
    return [.read(.sessions)]
  }

  mutating func readCosts() -> [Effect] {
    guard options.hasLedger, !isReadingCosts else { return [] }
    isReadingCosts = true
    return [.read(.costs(dayStart: clock.midnight(max(live.lastTurnAt ?? 0, startedAt))))]
  }

  /// Asks for the next page if the cursor has come near the end of what is there.
  mutating func readAhead() -> [Effect] {
    guard options.hasLedger, screen == .session, let row = selectedRow else { return [] }
    let list = turnList
    if history == nil {
      // Nothing was read yet: only a person who scrolls back needs more.
      guard selectedTurn != nil || row.stored != nil, let oldest = row.window.first,
        oldest.turn > 1
      else { return [] }
      history = TurnHistory(session: row.id, run: row.stored?.key.run)
    }
    guard var history, history.pending == nil, history.failure == nil, let list else { return [] }
    let oldest = list.oldest?.turn ?? .max
    let index = selectedTurn.map { list.index(atOrAfterTurn: $0) } ?? list.count
    let edge: TurnPage.Edge
    if history.hasOlder, oldest > 1, index < max(layout.turnRows, 1) {
      edge = .before(oldest)
    } else if history.isDetached, let last = list.last, index >= list.count - layout.turnRows {
      edge = .after(last.turn)
    } else {
      return []
    }
    let page = history.page(edge)
    history.pending = page
    self.history = history
    return [.read(.turns(page))]
  }

  /// Goes to the first turn ever, or to the newest stored one.
  mutating func readAnew(_ edge: TurnPage.Edge) -> [Effect] {
    guard let row = selectedRow else { return [] }
    var history = TurnHistory(session: row.id, run: row.stored?.key.run)
    history.pending = history.page(edge)
    let effects: [Effect] = history.pending.map { [.read(.turns($0))] } ?? []
    self.history = history
    return effects
  }

  mutating func open(_ session: StoredSession) -> [Effect] {
    overlay = nil
    if live[session.key.session] != nil {
      select(session.key.session)
      show(.session)
      return []
    }
    show(.session)
    opened = SessionRow(session.madeSafe(ascii: options.ascii), prices: options.prices)
    selectedTurn = nil
    breakTurn = nil
    marked = nil
    return readAnew(.before(.max))
  }

  /// Back to the sessions that run.
  mutating func closeStored() {
    opened = nil
    history = nil
    selectedTurn = nil
    breakTurn = nil
  }

  // MARK: Answers

  mutating func answered(_ answer: ArchiveAnswer) -> [Effect] {
    switch answer {
    case .count(let count): storedCount = Bounded.count(count)
    case .sessions(let sessions):
      stored = StoredSessions(
        sessions: sessions.map { $0.madeSafe(ascii: options.ascii) }, isReading: false)
      storedCount = max(storedCount ?? 0, sessions.count)
    case .costs(let day, let all):
      isReadingCosts = false
      ledgerCosts = (day, all)
    case .turns(let page, let turns): return arrived(page, turns)
    case .failed(let request, let reason): failed(request, clean(reason))
    }
    return []
  }

  private mutating func arrived(_ page: TurnPage, _ turns: [StoredTurn]) -> [Effect] {
    guard var history, history.pending == page else { return [] }
    let window = opened == nil ? selectedRow?.window : nil
    let isFirst = history.turns.isEmpty
    history.add(
      page, turns.map { $0.record.madeSafe(ascii: options.ascii) },
      firstInMemory: window?.first?.turn)
    self.history = history
    historyMeets = window?.forgotten ?? 0
    if isFirst, case .after = page.edge, let first = history.turns.first {
      turnSeen = window?.last?.turn ?? history.turns.last?.turn ?? first.turn
      selectedTurn = first.turn
      turnTop = first.turn
    }
    keepSelectionInView()
    return readAhead()
  }

  private mutating func failed(_ request: ArchiveRequest, _ reason: String) {
    switch request {
    case .sessions:
      stored.isReading = false
      stored.failure = reason
    case .turns(let page):
      guard history?.pending == page else { return }
      history?.pending = nil
      history?.failure = reason
      say("the ledger cannot be read: \(reason)", .warn)
    case .count: break
    case .costs:
      isReadingCosts = false
      say("the ledger cannot be read: \(reason)", .warn)
    }
  }

  /// Turns that leave the memory while older ones are on screen open a hole between the two.
  mutating func noteForgotten() {
    guard opened == nil, let window = selectedRow?.window, history != nil else { return }
    if selectedTurn == nil {
      history = nil
    } else if window.forgotten > historyMeets {
      history?.detach()
    }
  }
}

extension StoredSession {
  /// A copy whose texts cannot harm a terminal.
  func madeSafe(ascii: Bool) -> StoredSession {
    var copy = self
    copy.agent = Sanitised(agent, ascii: ascii).text
    copy.model = Sanitised(model, ascii: ascii).text
    copy.upstream = Sanitised(upstream, ascii: ascii).text
    copy.workspace = workspace.map { Sanitised($0, ascii: ascii).text }
    copy.firstSeen = Bounded.time(firstSeen)
    copy.lastSeen = Bounded.time(lastSeen)
    return copy
  }
}
