import Prefix
import Turns

extension DashboardState {
  /// Longest text of a search or filter.
  private static let promptLimit = 100

  /// A key while something is typed at the bottom.
  mutating func typed(_ key: Key) {
    guard var prompt else { return }
    switch key {
    case .escape:
      self.prompt = nil
      if prompt.purpose == .search { search = "" }
      return
    case .enter:
      self.prompt = nil
      if prompt.purpose == .search {
        search = prompt.text
        if !search.isEmpty { find(startingAtCurrent: true, step: 1) }
      }
      return
    case .backspace, .delete:
      if prompt.text.isEmpty {
        self.prompt = nil
        return
      }
      prompt.text.removeLast()
    case .control("u"): prompt.text = ""
    case .character(let character):
      guard prompt.text.count < DashboardState.promptLimit else { return }
      prompt.text += clean(String(character))
    default: return
    }
    self.prompt = prompt
    switch prompt.purpose {
    case .search: search = prompt.text
    case .filter:
      filter = prompt.text
      settle()
    }
  }

  mutating func findNext(_ step: Int) {
    guard !search.isEmpty else {
      say("nothing to search for: / begins a search")
      return
    }
    find(startingAtCurrent: false, step: step)
  }

  /// Moves the selection to the next row whose text holds what is searched for.
  private mutating func find(startingAtCurrent: Bool, step: Int) {
    let wanted = search.lowercased()
    let found: Bool
    switch screen {
    case .sessions, .costs:
      let traffic = self.traffic
      let index = visible.firstIndex { $0 == selectedSession } ?? 0
      let match = DashboardState.match(
        from: index, step: step, count: visible.count, including: startingAtCurrent
      ) { traffic[visible[$0]].map { SessionTexts.searchable($0).contains(wanted) } ?? false }
      if let match { select(visible[match]) }
      found = match != nil
    case .session:
      guard let window = turnList, let current = currentTurn else { return }
      let index = window.index(ofTurn: current.turn) ?? 0
      let match = DashboardState.match(
        from: index, step: step, count: window.count, including: startingAtCurrent
      ) {
        let record = window[$0]
        return "\(record.turn) \(record.breakPlace) \(record.causeTitle)".lowercased()
          .contains(wanted)
      }
      if let match, window[match].turn != current.turn {
        turnSeen = window.last?.turn ?? 0
        if selectedTurn == nil { turnTop = window[max(0, window.count - layout.turnRows)].turn }
        selectedTurn = window[match].turn
      }
      found = match != nil
    case .breakPoint:
      let frame = Dashboard.frame(self, now: startedAt)
      found = frame.text.lowercased().contains(wanted)
    }
    if !found { say("no match for \(search)") }
    keepSelectionInView()
  }

  /// First index after `from` in direction `step`, going round, for which `test` holds.
  private static func match(
    from: Int, step: Int, count: Int, including: Bool, _ test: (Int) -> Bool
  ) -> Int? {
    guard count > 0 else { return nil }
    for distance in (including ? 0 : 1)...count {
      let index = ((from + step * distance) % count + count) % count
      if test(index) { return index }
    }
    return nil
  }
}
