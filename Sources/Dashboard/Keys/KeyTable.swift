/// One line of the key table: the keys of an action, what it does and where.
public struct KeyBinding: Sendable {
  public let action: Action
  public let keys: [Key]
  /// For help and for the README.
  public let help: String
  /// A word or two for the hint line; nil if it is not hinted.
  let hint: String?
  /// The key as the hint line names it.
  let hintKey: String
  let screens: Set<Screen>
  let section: KeySection

  init(
    _ action: Action, _ keys: [Key], _ help: String, hint: String? = nil, hintKey: String? = nil,
    on screens: Set<Screen> = Set(Screen.allCases), in section: KeySection
  ) {
    self.action = action
    self.keys = keys
    self.help = help
    self.hint = hint
    self.hintKey = hintKey ?? keys.first?.name ?? ""
    self.screens = screens
    self.section = section
  }

  /// All keys with a blank between them.
  public var keyNames: String { keys.map(\.name).joined(separator: " ") }
}

/// Headings of the help.
enum KeySection: String, Sendable, CaseIterable {
  case screens = "keys: screens"
  case moving = "keys: moving"
  case view = "keys: what is shown"
  case pinning = "keys: pinning"
  case evidence = "keys: evidence"
  case breaks = "keys: at a break"
}

/// The one list of keys: the reducer obeys it, the hint line and the help are made from it.
public enum KeyTable {
  public static let bindings: [KeyBinding] = [
    KeyBinding(.help, [.character("?"), .function(1)], "this help", hint: "help", in: .screens),
    KeyBinding(
      .back, [.character("q")], "back one level; at Sessions: stop (asks)",
      hint: "back",
      in: .screens),
    KeyBinding(.stopNow, [.character("Q")], "stop at once, with a second Q", in: .screens),
    KeyBinding(
      .interrupt, [.control("c")], "like q; a second one within 2 s stops at once", in: .screens),
    KeyBinding(
      .escape, [.escape], "close what is open; clear search and filter", in: .screens),
    KeyBinding(.showSessions, [.character("1")], "Sessions", in: .screens),
    KeyBinding(.showSession, [.character("2")], "Session: map and turns", in: .screens),
    KeyBinding(.showBreak, [.character("3")], "Break: before and after", in: .screens),
    KeyBinding(.showCosts, [.character("4")], "Costs", in: .screens),
    KeyBinding(
      .open, [.enter], "open the row", hint: "open",
      on: [.sessions, .session, .costs], in: .screens),
    KeyBinding(
      .openStored, [.character("o")], "open a stored session from the ledger", hint: "stored",
      on: [.sessions, .session, .costs], in: .screens),
    KeyBinding(.notices, [.character("!")], "servers and notices", in: .screens),
    KeyBinding(.redraw, [.control("l")], "redraw", in: .screens),
    KeyBinding(.suspend, [.control("z")], "refused: agents depend on the proxy", in: .screens),

    KeyBinding(.up, [.up, .character("k")], "up", in: .moving),
    KeyBinding(.down, [.down, .character("j")], "down", in: .moving),
    KeyBinding(
      .left, [.left, .character("h")], "left; fold what branched off", in: .moving),
    KeyBinding(
      .right, [.right, .character("l")], "right; unfold", in: .moving),
    KeyBinding(.pageUp, [.pageUp, .control("b")], "page up", in: .moving),
    KeyBinding(.pageDown, [.pageDown, .control("f")], "page down", in: .moving),
    KeyBinding(.halfUp, [.control("u")], "half a page up", in: .moving),
    KeyBinding(.halfDown, [.control("d")], "half a page down", in: .moving),
    KeyBinding(.first, [.home, .character("g")], "first", in: .moving),
    KeyBinding(.last, [.end, .character("G")], "last, and follow", in: .moving),
    KeyBinding(
      .nextPane, [.tab], "next pane", on: [.sessions, .session], in: .moving),
    KeyBinding(
      .previousPane, [.backTab], "previous pane", on: [.sessions, .session], in: .moving),

    KeyBinding(
      .nextBreak, [.character("e")], "next break", hint: "break",
      on: [.sessions, .session, .breakPoint], in: .view),
    KeyBinding(
      .previousBreak, [.character("E")], "previous break",
      on: [.sessions, .session, .breakPoint], in: .view),
    KeyBinding(
      .togglePin, [.character("p")], "pin or unpin this session from its next turn",
      hint: "pin", on: [.sessions, .session, .breakPoint], in: .pinning),
    KeyBinding(
      .pinAll, [.character("P")], "pin or unpin every session (asks)",
      on: [.sessions, .session, .breakPoint], in: .pinning),
    KeyBinding(
      .modeMenu, [.character("m")], "choose off, safe or hold", hint: "mode",
      on: [.sessions, .session, .breakPoint], in: .pinning),

    KeyBinding(
      .showBlock, [.character("o")], "the whole block, after and before", hint: "block",
      on: [.breakPoint], in: .breaks),
    KeyBinding(
      .previousHunk, [.character("[")], "previous difference", on: [.breakPoint], in: .breaks),
    KeyBinding(
      .nextHunk, [.character("]")], "next difference", hint: "difference", hintKey: "[ ]",
      on: [.breakPoint],
      in: .breaks),
    KeyBinding(
      .moreContext, [.character("+")], "more context", on: [.breakPoint], in: .breaks),
    KeyBinding(.lessContext, [.character("-")], "less context", on: [.breakPoint], in: .breaks),
    KeyBinding(
      .toggleHex, [.character("x")], "bytes in hexadecimal", hint: "hex", on: [.breakPoint],
      in: .breaks),
    KeyBinding(
      .sideBySide, [.character("s")], "side by side or stacked", on: [.breakPoint], in: .breaks),

    KeyBinding(
      .search, [.character("/")], "search as you type", hint: "search", in: .view),
    KeyBinding(.nextMatch, [.character("n")], "next match", in: .view),
    KeyBinding(.previousMatch, [.character("N")], "previous match", in: .view),
    KeyBinding(
      .filter, [.character("\\")], "filter the rows", on: [.sessions, .costs], in: .view),
    KeyBinding(
      .freeze, [.character("f")], "freeze the view; traffic goes on", hint: "freeze", in: .view),
    KeyBinding(.follow, [.character("F")], "follow the newest", hint: "follow", in: .view),
    KeyBinding(
      .sortLeft, [.character("<")], "sort column left", on: [.sessions, .costs], in: .view),
    KeyBinding(
      .sortRight, [.character(">")], "sort column right", hint: "sort", hintKey: "< >",
      on: [.sessions, .costs],
      in: .view),
    KeyBinding(
      .reverseSort, [.character("I")], "reverse the order", on: [.sessions, .costs], in: .view),
    KeyBinding(
      .toggleAge, [.character("t")], "clock or age", on: [.sessions, .session], in: .view),
    KeyBinding(
      .toggleUnit, [.character("u")], "tokens, seconds or money", hint: "unit", on: [.costs],
      in: .view),
    KeyBinding(
      .mark, [.character(" ")], "mark a turn; Enter on another one compares", hint: "mark",
      on: [.session], in: .view),
    KeyBinding(
      .mapByBlock, [.character("b")], "map by bytes or one cell per block", hint: "by block",
      on: [.session], in: .view),

    KeyBinding(
      .copy, [.character("y")], "copy to the terminal's clipboard", hint: "copy", in: .evidence),
    KeyBinding(
      .save, [.character("w")], "save as a file", hint: "save", in: .evidence),
  ]

  private static let byScreen: [Screen: [Key: Action]] = Dictionary(
    uniqueKeysWithValues: Screen.allCases.map { screen in
      var actions: [Key: Action] = [:]
      for binding in bindings where binding.screens.contains(screen) {
        for key in binding.keys { actions[key] = binding.action }
      }
      return (screen, actions)
    })

  /// What `key` does on `screen`; nil if nothing.
  static func action(for key: Key, on screen: Screen) -> Action? {
    byScreen[screen]?[key]
  }

  public static func bindings(on screen: Screen) -> [KeyBinding] {
    bindings.filter { $0.screens.contains(screen) }
  }

  /// The table in Markdown, for the README.
  public static var markdown: String {
    var lines = ["| key | does | where |", "|---|---|---|"]
    for binding in bindings {
      let keys = binding.keys.map { "`\($0.name)`" }.joined(separator: " ")
      let screens =
        binding.screens.count == Screen.allCases.count
        ? "everywhere"
        : Screen.allCases.filter { binding.screens.contains($0) }.map(\.title)
          .joined(separator: ", ")
      lines.append("| \(keys) | \(binding.help) | \(screens) |")
    }
    return lines.joined(separator: "\n") + "\n"
  }
}
