/// What a key asks for.
public enum Action: Sendable, Hashable, CaseIterable {
  case help, back, stopNow, interrupt, escape
  case showSessions, showSession, showBreak, showCosts
  case nextPane, previousPane
  case up, down, left, right, pageUp, pageDown, halfUp, halfDown, first, last
  case open, search, nextMatch, previousMatch, filter
  case nextBreak, previousBreak
  case freeze, follow
  case sortLeft, sortRight, reverseSort
  case toggleAge, toggleUnit
  case copy, save, notices, redraw, suspend
  case togglePin, pinAll, modeMenu
  case openStored, mark
  case mapByBlock
  case previousHunk, nextHunk, moreContext, lessContext, toggleHex, sideBySide, showBlock
}
