import Dashboard
import DashboardFixtures
import Prefix
import Turns

/// A dashboard that is told a story: keys and events in, screens and effects out.
struct Player {
  var state: DashboardState
  var now = Story.now
  var effects: [Effect] = []

  init(
    columns: Int = 120, rows: Int = 35, canPin: Bool = true, readOnly: Bool = false,
    hasLedger: Bool = true, events: [TurnEvent] = Story.events()
  ) {
    state = Story.state(
      size: Size(columns: columns, rows: rows), ascii: true, canPin: canPin, readOnly: readOnly,
      hasLedger: hasLedger, events: events)
  }

  /// Characters are keys; names in angle brackets are special keys: `2<up><enter>`.
  mutating func press(_ keys: String) {
    var rest = Substring(keys)
    while let first = rest.first {
      if first == "<", let end = rest.firstIndex(of: ">"),
        let key = Player.special[String(rest[rest.index(after: rest.startIndex)..<end])]
      {
        press(key)
        rest = rest[rest.index(after: end)...]
      } else {
        press(.character(first))
        rest = rest.dropFirst()
      }
    }
  }

  mutating func press(_ key: Key) { effects += state.play([key], now: now) }

  mutating func event(_ event: TurnEvent) {
    effects += state.reduce(.event(event), now: now)
    state.catchUp()
  }

  mutating func turn(_ session: SessionID, _ turn: Int, broke: Bool = false) {
    for part in Story.whole(session, turn, secondsAgo: 0, broke: broke) { event(part) }
  }

  var screen: String { Dashboard.frame(state, now: now).text }
  var lines: [String] {
    screen.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
  }
  var commands: [ProxyCommand] {
    effects.compactMap {
      if case .command(let command) = $0 { return command }
      return nil
    }
  }
  var left: [LeaveReason] {
    effects.compactMap {
      if case .leave(let reason) = $0 { return reason }
      return nil
    }
  }

  private static let special: [String: Key] = [
    "up": .up, "down": .down, "left": .left, "right": .right, "pgup": .pageUp, "pgdn": .pageDown,
    "home": .home, "end": .end, "enter": .enter, "esc": .escape, "tab": .tab, "s-tab": .backTab,
    "bs": .backspace, "f1": .function(1), "^b": .control("b"), "^c": .control("c"),
    "^d": .control("d"), "^f": .control("f"), "^l": .control("l"), "^u": .control("u"),
    "^z": .control("z"),
  ]
}

extension DashboardState {
  /// Presses keys; the ledger of the story answers at once.
  /// - Returns: what else has to be done outside.
  @discardableResult
  mutating func play(_ keys: [Key], now: Int64 = Story.now) -> [Effect] {
    var others: [Effect] = []
    for key in keys {
      var open = reduce(.key(key), now: now)
      while !open.isEmpty {
        let effect = open.removeFirst()
        if case .read(let request) = effect {
          open += reduce(.archive(Story.answer(request)), now: now)
        } else if case .readLoad = effect {
          open += reduce(.load(Story.load), now: now)
        } else {
          others.append(effect)
        }
      }
    }
    return others
  }
}
