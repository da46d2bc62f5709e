import Dashboard
import DashboardFixtures
import Testing
import Turns

struct KeyTableTests {
  @Test(arguments: Screen.allCases)
  func `no key has two meanings on a screen`(_ screen: Screen) {
    var seen: Set<Key> = []
    for binding in KeyTable.bindings(on: screen) {
      for key in binding.keys { #expect(seen.insert(key).inserted, "\(key.name)") }
    }
  }

  @Test(arguments: Screen.allCases)
  func `help lists every key of the screen`(_ screen: Screen) {
    for columns in [40, 60, 80, 120] {
      var player = Player(columns: columns, rows: 100)
      player.press("\(screen.rawValue)?")
      var pages = player.screen
      for _ in 0..<4 {
        player.press("<pgdn>")
        pages += "\n" + player.screen
      }
      let lines = pages.split(separator: "\n")
      let packed = pages.filter { !$0.isWhitespace }
      for binding in KeyTable.bindings(on: screen) {
        let hasKeys = lines.contains { $0.contains(" \(binding.keyNames) ") }
        #expect(hasKeys, "\(binding.keyNames) at \(columns) columns")
        let hasText = packed.contains(binding.help.filter { !$0.isWhitespace })
        #expect(hasText, "\(binding.help) at \(columns) columns")
      }
    }
  }

  @Test(arguments: Screen.allCases)
  func `every key of the table can be pressed on every screen in every state`(_ screen: Screen) {
    let histories: [[TurnEvent]] = [
      [], [Story.upstreamUp], Story.events(), Story.whole(Story.claude, 1, secondsAgo: 3),
    ]
    for events in histories {
      for binding in KeyTable.bindings {
        for key in binding.keys {
          for (columns, rows) in [(120, 35), (40, 8), (20, 4)] {
            var player = Player(columns: columns, rows: rows, events: events)
            player.press("\(screen.rawValue)")
            player.press(key)
            player.press(key)
            #expect(player.lines.count == rows)
          }
        }
      }
    }
  }

  @Test func `every action has a key`() {
    for action in Action.allCases {
      #expect(KeyTable.bindings.contains { $0.action == action }, "\(action)")
    }
  }

  @Test func `the table for the README names every binding`() {
    let lines = KeyTable.markdown.split(separator: "\n")
    #expect(lines.count == KeyTable.bindings.count + 2)
  }
}
