import Prefix
import Turns

/// What keys do while something lies over the screen.
extension DashboardState {
  mutating func answered(_ key: Key, _ overlay: Overlay) -> [Effect] {
    switch overlay {
    case .help(let top):
      self.overlay = scrolling(key, top, lines: HelpView.lines(self).count, rows: layout.body.rows)
        .map { .help(top: $0) }
    case .notices(let top):
      self.overlay = scrolling(
        key, top, lines: NoticesView.lines(self).count, rows: layout.body.rows - 1
      ).map { .notices(top: $0) }
    case .compare(let top):
      self.overlay = scrolling(
        key, top, lines: CompareView.rowCount(self), rows: CompareView.rows(self)
      ).map { .compare(top: $0) }
    case .block(let page): self.overlay = turned(page, key).map { .block($0) }
    case .stored(let index): return answeredStored(key, index)
    case .stopQuestion: return answeredStop(key)
    case .modeMenu(let index): return answeredMenu(key, index)
    case .confirmAll(let mode):
      self.overlay = nil
      guard key == .character("y") else {
        say("nothing changed")
        return []
      }
      return [.command(.setMode(session: nil, mode: mode))]
    }
    return []
  }

  /// The new first line, or nil if the key is not one for scrolling.
  private func scrolling(_ key: Key, _ top: Int, lines: Int, rows: Int) -> Int? {
    scrollStep(key, lines: lines, rows: rows).map { max(0, min(top + $0, lines - rows)) }
  }

  /// How far a key scrolls; nil if it does not.
  private func scrollStep(_ key: Key, lines: Int, rows: Int) -> Int? {
    switch KeyTable.action(for: key, on: screen) {
    case .up: -1
    case .down: 1
    case .pageUp: -rows
    case .pageDown: rows
    case .halfUp: -rows / 2
    case .halfDown: rows / 2
    case .first: -lines
    case .last: lines
    default: key == .character(" ") ? rows : nil
    }
  }

  mutating func openBlock() {
    guard let record = breakRecord else {
      say("no break is shown")
      return
    }
    if let missing = BlockView.missing(record, self) {
      say(missing)
      return
    }
    overlay = .block(BlockPage(side: .after))
  }

  /// nil if the key closes the block.
  private func turned(_ page: BlockPage, _ key: Key) -> BlockPage? {
    switch key {
    case .character("o"), .tab, .backTab:
      return BlockPage(side: page.side == .after ? .before : .after)
    default:
      guard let text = BlockView.lines(page.side, self) else { return nil }
      let top = BlockView.top(page, text, self)
      return scrolling(key, top, lines: text.lines.count, rows: BlockView.rows(self))
        .map { BlockPage(side: page.side, top: $0) }
    }
  }

  private mutating func answeredStored(_ key: Key, _ index: Int) -> [Effect] {
    let rows = max(1, layout.body.rows - 2)
    let last = max(0, stored.sessions.count - 1)
    if key == .enter {
      guard stored.sessions.indices.contains(index) else { return [] }
      return open(stored.sessions[index])
    }
    guard let step = scrollStep(key, lines: stored.sessions.count, rows: rows) else {
      overlay = nil
      return []
    }
    overlay = .stored(index: max(0, min(last, index + step)))
    return []
  }

  mutating func toggleMark() {
    guard let record = currentTurn else {
      say("no turn selected")
      return
    }
    if marked?.turn == record.turn {
      marked = nil
      say("mark taken away")
    } else {
      marked = record
      say("turn \(record.turn) marked; Enter on another turn compares the two", .marked)
    }
  }

  private mutating func answeredStop(_ key: Key) -> [Effect] {
    switch key {
    case .character("d"): return [.leave(.lineMode)]
    case .character("s"): return [.leave(.drain)]
    case .character("k"): return [.leave(.stopNow)]
    case .escape, .character("q"):
      overlay = nil
      return []
    default: return []
    }
  }

  private mutating func answeredMenu(_ key: Key, _ index: Int) -> [Effect] {
    let modes = PinMode.allCases
    let last = modes.count + RepairClass.allCases.count - 1
    switch key {
    case .up, .character("k"): overlay = .modeMenu(index: max(0, index - 1))
    case .down, .character("j"): overlay = .modeMenu(index: min(last, index + 1))
    case .enter where index >= modes.count:
      // The menu stays, so that several classes can be switched in a row.
      guard let row = selectedRow, index - modes.count < RepairClass.allCases.count else {
        return []
      }
      let one = RepairSet(RepairClass.allCases[index - modes.count])
      return [
        .command(.setRepairs(session: row.id, repairs: row.repairs.symmetricDifference(one)))
      ]
    case .enter:
      overlay = nil
      guard let session = selectedSession else { return [] }
      return [.command(.setMode(session: session, mode: modes[index]))]
    case .escape, .character("q"), .character("m"): overlay = nil
    default: break
    }
    return []
  }
}
