import Prefix
import Turns

extension DashboardState {
  var pageRows: Int {
    switch screen {
    case .sessions: pane == .table ? max(1, layout.sessionRows) : max(1, layout.tailRows)
    case .session: max(1, layout.turnRows)
    case .breakPoint: 1
    case .costs: max(1, layout.costRows)
    }
  }

  mutating func move(by step: Int) {
    switch (screen, pane) {
    case (.sessions, .table), (.costs, _): moveSession(by: step)
    case (.sessions, .other): moveTail(by: step)
    case (.session, _): moveTurn(by: step)
    case (.breakPoint, _): goToBreak(step < 0 ? -1 : 1)
    }
  }

  mutating func moveSideways(by step: Int) {
    if screen == .sessions, pane == .table {
      fold(step < 0)
      return
    }
    guard screen == .session, mapByBlock else { return }
    let count = currentTurn?.map?.entries.count ?? 0
    guard count > 0 else { return }
    pane = .other
    mapCursor = max(0, min(count - 1, mapCursor + step))
  }

  mutating func switchPane() {
    guard screen == .sessions || screen == .session else { return }
    pane = pane == .table ? .other : .table
    if screen == .session { mapByBlock = pane == .other }
    if pane == .table {
      tailCursor = nil
    } else if screen == .sessions, !layout.tail.isEmpty {
      tailSeen = traffic.tailCount
      tailCursor = traffic.tail.isEmpty ? nil : traffic.tailCount - 1
    } else if screen == .sessions {
      pane = .table
    }
  }

  private mutating func moveSession(by step: Int) {
    guard !visible.isEmpty else { return }
    let index = visible.firstIndex { $0 == selectedSession } ?? 0
    select(visible[max(0, min(visible.count - 1, index + step))])
    keepSelectionInView()
  }

  /// Left hides what branched off from the selected session, or goes to the session that one
  /// branched off from; right shows it again.
  private mutating func fold(_ hides: Bool) {
    guard let selected = selectedSession, let place = tree[selected] else {
      say(tree.isEmpty ? "no session branched off from another" : "nothing to fold here")
      return
    }
    if hides, place.descendants > 0, !place.isFolded {
      folded.insert(selected)
    } else if hides, place.depth > 0, let parent = traffic[selected]?.parent,
      visible.contains(parent)
    {
      select(parent)
    } else if !hides {
      folded.remove(selected)
    }
    settle()
  }

  private mutating func moveTail(by step: Int) {
    guard !traffic.tail.isEmpty else { return }
    let newest = traffic.tailCount - 1
    let oldest = traffic.tailCount - traffic.tail.count
    if tailCursor == nil { tailSeen = traffic.tailCount }
    let next = (tailCursor ?? newest) + step
    tailCursor = max(oldest, min(newest, next))
  }

  private mutating func moveTurn(by step: Int) {
    guard let window = turnList, let last = window.last else { return }
    let newest = window.count - 1
    let index = selectedTurn.flatMap { window.index(ofTurn: $0) } ?? newest
    let next = index + step
    if next > newest, selectedTurn != nil {
      guard history?.isDetached != true else {
        selectedTurn = last.turn
        keepSelectionInView()
        return
      }
      selectedTurn = nil
      return
    }
    if selectedTurn == nil {
      guard step < 0 else { return }
      turnSeen = last.turn
      turnTop = window[max(0, window.count - layout.turnRows)].turn
    }
    selectedTurn = window[max(0, min(newest, next))].turn
    keepSelectionInView()
  }

  mutating func moveToFirst() {
    switch (screen, pane) {
    case (.sessions, .table), (.costs, _): moveSession(by: -visible.count)
    case (.sessions, .other): moveTail(by: -Traffic.tailLimit * 2)
    case (.session, _): moveTurn(by: -(turnList?.count ?? 0))
    case (.breakPoint, _):
      breakTurn = breaksAtHand.first ?? breakTurn
      hunk = 0
    }
  }

  mutating func moveToLast() {
    switch (screen, pane) {
    case (.sessions, .table), (.costs, _):
      tailCursor = nil
      moveSession(by: visible.count)
    case (.sessions, .other):
      tailCursor = nil
      pane = .table
    case (.session, _):
      selectedTurn = nil
      if opened == nil { history = nil }
    case (.breakPoint, _):
      breakTurn = breaksAtHand.last ?? breakTurn
      hunk = 0
    }
  }

  mutating func open() {
    switch (screen, pane) {
    case (.sessions, .other):
      guard let tailCursor else { return }
      let index = tailCursor - (traffic.tailCount - traffic.tail.count)
      guard traffic.tail.indices.contains(index), let key = traffic.tail[index].key,
        traffic[key.session] != nil
      else { return }
      select(key.session)
      openTurn(key.turn)
    case (.sessions, .table), (.costs, _):
      if selectedSession != nil { show(.session) }
    case (.session, _):
      guard let record = currentTurn else { return }
      if let marked, marked.turn != record.turn {
        overlay = .compare(top: 0)
        return
      }
      guard TurnMark(record).isBreak else {
        say("turn \(record.turn) did not break; e goes to the next break")
        return
      }
      breakTurn = record.turn
      show(.breakPoint)
    case (.breakPoint, _): return
    }
  }

  /// The session in which something broke last.
  private var newestBreak: SessionID? {
    for entry in traffic.tail.reversed() {
      guard case .turn(let record) = entry.content, TurnMark(record).isBreak,
        traffic[record.session]?.breaks.isEmpty == false
      else { continue }
      return record.session
    }
    return nil
  }

  private mutating func openTurn(_ turn: Int) {
    show(.session)
    guard let window = turnList, let last = window.last, last.turn != turn else {
      return
    }
    turnSeen = last.turn
    selectedTurn = turn
    turnTop = turn
    keepSelectionInView()
  }

  /// The next or previous break of the session; from outside of the Break screen the newest one up
  /// to the turn at hand comes first. From the list of sessions, one without a break leads to the
  /// newest break of all.
  mutating func goToBreak(_ step: Int) {
    if screen == .sessions, opened == nil, selectedRow?.breaks.isEmpty != false,
      let newest = newestBreak
    {
      select(newest)
    }
    let breaks = breaksAtHand
    guard let list = turnList, !breaks.isEmpty else {
      say(selectedRow == nil ? "no session selected" : "no break in this session")
      return
    }
    let target: Int
    var wrapped = false
    if screen == .breakPoint, let at = breakTurn {
      if step > 0 {
        target = breaks.first { $0 > at } ?? breaks[0]
        wrapped = target <= at
      } else {
        target = breaks.last { $0 < at } ?? breaks[breaks.count - 1]
        wrapped = target >= at
      }
    } else {
      let at = currentTurn?.turn ?? Int.max
      target =
        (selectedTurn != nil && step > 0 ? breaks.first { $0 > at } : breaks.last { $0 <= at })
        ?? breaks[breaks.count - 1]
    }
    breakTurn = target
    hunk = 0
    if screen == .session {
      turnSeen = list.last?.turn ?? 0
      selectedTurn = target
    }
    show(.breakPoint)
    if wrapped && breaks.count > 1 {
      say(step > 0 ? "back at the first break" : "at the last break")
    }
  }
}
