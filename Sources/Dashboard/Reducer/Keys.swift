import Prefix
import Turns

extension DashboardState {
  /// A second press of a stopping key counts within this time.
  static let secondPressMillis: Int64 = 2_000

  mutating func pressed(_ key: Key, now: Int64) -> [Effect] {
    let armed = (stop: stopArmedAt, interrupt: interruptArmedAt)
    stopArmedAt = nil
    interruptArmedAt = nil
    message = nil
    if size.isTooSmall {
      return key == .character("q") || key == .control("c") ? [.leave(.lineMode)] : []
    }
    if key == .control("c"), let first = armed.interrupt,
      now - first <= DashboardState.secondPressMillis
    {
      return [.leave(options.isAttached ? .lineMode : .stopNow)]
    }
    if prompt != nil && key != .control("c") {
      typed(key)
      return []
    }
    if let overlay, key != .control("c") { return answered(key, overlay) }
    guard let action = KeyTable.action(for: key, on: screen) else { return [] }
    if options.isAttached, leaves(action) { return [.leave(.lineMode)] }
    switch action {
    case .stopNow:
      if let first = armed.stop, now - first <= DashboardState.secondPressMillis {
        return [.leave(.stopNow)]
      }
      stopArmedAt = now
      say("Q once more stops the proxy at once", .warn)
      return []
    case .interrupt:
      interruptArmedAt = now
      prompt = nil
      overlay = nil
      back()
      return []
    default: return perform(action, now: now)
    }
  }

  private mutating func perform(_ action: Action, now: Int64) -> [Effect] {
    switch action {
    case .help: overlay = .help(top: 0)
    case .back: back()
    case .escape: escape()
    case .showSessions: show(.sessions)
    case .showSession: show(.session)
    case .showBreak: showBreak()
    case .showCosts:
      show(.costs)
      return readCosts()
    case .openStored: return openStoredList()
    case .mark: toggleMark()
    case .nextPane, .previousPane: switchPane()
    case .up: move(by: -1)
    case .down: move(by: 1)
    case .left: moveSideways(by: -1)
    case .right: moveSideways(by: 1)
    case .pageUp: move(by: -pageRows)
    case .pageDown: move(by: pageRows)
    case .halfUp: move(by: -max(1, pageRows / 2))
    case .halfDown: move(by: max(1, pageRows / 2))
    case .first:
      moveToFirst()
      if screen == .session, options.hasLedger, turnList?.oldest.map({ $0.turn > 1 }) ?? false {
        return readAnew(.after(0))
      }
    case .last:
      moveToLast()
      if screen == .session, opened != nil, history?.isDetached == true {
        return readAnew(.before(.max))
      }
    case .open: open()
    case .search: prompt = Prompt(purpose: .search)
    case .filter: prompt = Prompt(purpose: .filter, text: filter)
    case .nextMatch: findNext(1)
    case .previousMatch: findNext(-1)
    case .nextBreak: goToBreak(1)
    case .previousBreak: goToBreak(-1)
    case .freeze: toggleFreeze(now: now)
    case .follow:
      if frozen != nil { toggleFreeze(now: now) }
      moveToLast()
    case .sortLeft: changeSort(by: -1)
    case .sortRight: changeSort(by: 1)
    case .reverseSort:
      sortReversed.toggle()
      settle()
    case .toggleAge: showsAge.toggle()
    case .toggleUnit:
      let units = CostUnit.allCases
      unit = units[((units.firstIndex(of: unit) ?? 0) + 1) % units.count]
    case .notices:
      unseenWarnings = 0
      overlay = .notices(top: 0)
      return [.readLoad]
    case .redraw: return [.redraw]
    case .suspend:
      say("stopping the proxy would stop the agent; detach tmux instead, or q and d", .warn)
    case .copy: return copy()
    case .save: return save()
    case .togglePin: return togglePin()
    case .pinAll: askPinAll()
    case .modeMenu: openModeMenu()
    case .mapByBlock:
      mapByBlock.toggle()
      mapCursor = 0
      pane = mapByBlock ? .other : .table
    case .previousHunk: changeHunk(by: -1)
    case .nextHunk: changeHunk(by: 1)
    case .moreContext: context = min(2, context + 1)
    case .lessContext: context = max(0, context - 1)
    case .toggleHex: showsHex.toggle()
    case .sideBySide: stacked.toggle()
    case .showBlock: openBlock()
    case .stopNow, .interrupt: break
    }
    return []
  }

  // MARK: Leaving

  /// Whether a key that would ask about the proxy, or stop it, only ends this view of it.
  private func leaves(_ action: Action) -> Bool {
    switch action {
    case .stopNow: true
    case .back, .interrupt: screen == .sessions
    default: false
    }
  }

  private mutating func back() {
    switch screen {
    case .sessions: overlay = .stopQuestion
    case .session, .costs: show(.sessions)
    case .breakPoint: show(.session)
    }
  }

  private mutating func escape() {
    if !search.isEmpty {
      search = ""
    } else if !filter.isEmpty {
      filter = ""
      settle()
    } else if pane == .other {
      switchPane()
    }
  }

  mutating func show(_ next: Screen) {
    if next == .sessions || next == .costs, opened != nil { closeStored() }
    if next != screen {
      pane = .table
      tailCursor = nil
      if next == .breakPoint { hunk = 0 }
    }
    screen = next
    settle()
  }

  /// The break nearest to the turn at hand.
  private mutating func showBreak() {
    if selectedRow != nil, screen != .breakPoint {
      let breaks = breaksAtHand
      let at = currentTurn?.turn ?? 0
      breakTurn =
        breaks.contains(at) ? at : breaks.last { $0 <= at } ?? breaks.first
    }
    show(.breakPoint)
  }

  private mutating func toggleFreeze(now: Int64) {
    if frozen == nil {
      frozen = live
      frozenAt = now
    } else {
      frozen = nil
      settle()
      say("going on")
    }
  }

  // MARK: Pinning

  /// nil if pinning can be changed; otherwise says why not.
  private mutating func refusesPinning() -> Bool {
    if opened != nil {
      say("a stored session: nothing runs in it, so there is nothing to pin")
      return true
    }
    if options.readOnly {
      say("read-only: pinning stays as it is", .warn)
      return true
    }
    if !options.canPin {
      say("this build only measures: it forwards every request as it is", .warn)
      return true
    }
    return false
  }

  private mutating func togglePin() -> [Effect] {
    guard !refusesPinning() else { return [] }
    guard let row = selectedRow else {
      say("no session selected")
      return []
    }
    return [.command(.setMode(session: row.id, mode: row.mode == .off ? .hold : .off))]
  }

  private mutating func askPinAll() {
    guard !refusesPinning() else { return }
    let anyOff = traffic.rows.values.contains { $0.mode == .off }
    overlay = .confirmAll(anyOff ? .hold : .off)
  }

  private mutating func openModeMenu() {
    guard !refusesPinning() else { return }
    guard let row = selectedRow else {
      say("no session selected")
      return
    }
    overlay = .modeMenu(index: Int(row.mode.rawValue))
  }

  // MARK: Evidence

  private mutating func copy() -> [Effect] {
    let text: String
    switch screen {
    case .sessions:
      guard let row = selectedRow else { return [] }
      text = SessionTexts.sentence(row, options: options, long: true)
    case .session, .breakPoint:
      guard let record = turnAtHand else { return [] }
      text =
        "\(record.session) turn \(record.turn): "
        + BreakView.facts(record, self).map { "\($0.0): \($0.1)" }.joined(separator: "\n")
    case .costs: text = CostsView.commaSeparated(self)
    }
    say("sent to the terminal's clipboard, if it allows that; w saves a file")
    return [.copy(text)]
  }

  private mutating func save() -> [Effect] {
    switch screen {
    case .costs:
      return [.save(.table(name: "holdfast-costs.csv", text: CostsView.commaSeparated(self)))]
    case .sessions, .session, .breakPoint:
      guard let record = turnAtHand else {
        say("no turn selected")
        return []
      }
      return [.save(.turn(record))]
    }
  }

  private mutating func changeHunk(by step: Int) {
    let count = breakRecord?.detail?.hunks.count ?? 0
    guard count > 0 else { return }
    hunk = max(0, min(count - 1, hunk + step))
  }

  private mutating func changeSort(by step: Int) {
    let columns = SortColumn.allCases
    let index = Int(sort.rawValue) + step
    sort = columns[(index + columns.count) % columns.count]
    settle()
    say("sorted by \(sort.title)")
  }
}
