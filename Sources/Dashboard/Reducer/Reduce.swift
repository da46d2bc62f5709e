import Prefix
import Turns

extension DashboardState {
  /// Takes one input in and returns what has to be done outside.
  /// - Parameter now: milliseconds since 1970.
  public mutating func reduce(_ input: DashboardInput, now: Int64) -> [Effect] {
    switch input {
    case .key(let key):
      catchUp()
      return pressed(key, now: now) + readAhead()
    case .event(let event):
      arrived(event, now: now)
      noteForgotten()
      return []
    case .eventsLost(let count):
      guard count > 0 else { return [] }
      live.lost(count)
      return []
    case .resized(let size):
      self.size = size
      settle()
      return []
    case .pasteIgnored:
      say("paste ignored")
      return []
    case .saved(.written(let path)):
      say("saved: \(clean(path))", .good)
      return []
    case .saved(.failed(let reason)):
      say("not saved: \(clean(reason))", .bad)
      return []
    case .archive(let answer): return answered(answer)
    case .load(let load):
      self.load = load
      return []
    case .prices(let prices):
      options.prices = prices
      live.prices = prices
      return []
    }
  }

  /// Sorts the rows if events have put them out of order. To be called before a frame is drawn: it is
  /// not done for each event because there may be thousands between two frames.
  public mutating func catchUp() {
    if isOrderStale { settle() }
  }

  mutating func say(_ text: String, _ role: Role = .normal) {
    message = Message(text: text, role: role)
  }

  func clean(_ text: String) -> String { Sanitised(text, ascii: options.ascii).text }

  /// Brings selection and scrolling back to where they can be.
  mutating func settle() {
    sortSessions()
    if let selected = selectedSession, traffic[selected] == nil { selectedSession = nil }
    if selectedSession == nil || !visible.contains(where: { $0 == selectedSession }) {
      if screen == .sessions || screen == .costs || selectedSession == nil {
        select(visible.first)
      }
    }
    keepSelectionInView()
  }

  mutating func select(_ session: SessionID?) {
    guard session != selectedSession else { return }
    selectedSession = session
    opened = nil
    history = nil
    marked = nil
    selectedTurn = nil
    breakTurn = nil
    hunk = 0
    mapCursor = 0
  }

  /// Scrolls as little as needed.
  mutating func keepSelectionInView() {
    if let selected = selectedSession, let index = visible.firstIndex(of: selected) {
      sessionTop = DashboardState.scrolled(
        sessionTop, to: index, rows: layout.sessionRows, count: visible.count)
      costTop = DashboardState.scrolled(
        costTop, to: index, rows: layout.costRows, count: visible.count)
    }
    if let list = turnList, let selectedTurn {
      if list.index(ofTurn: selectedTurn) == nil, let first = list.oldest {
        self.selectedTurn = max(first.turn, min(selectedTurn, list.last?.turn ?? first.turn))
      }
      let index = list.index(atOrAfterTurn: self.selectedTurn ?? selectedTurn)
      let top = DashboardState.scrolled(
        list.index(atOrAfterTurn: turnTop), to: index, rows: layout.turnRows, count: list.count)
      if !list.isEmpty { turnTop = list[min(top, list.count - 1)].turn }
    }
  }

  static func scrolled(_ top: Int, to index: Int, rows: Int, count: Int) -> Int {
    guard rows > 0 else { return 0 }
    var top = top
    if index < top { top = index }
    if index >= top + rows { top = index - rows + 1 }
    return max(0, min(top, count - rows))
  }
}
