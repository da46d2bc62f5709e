import Dashboard
import DashboardFixtures
import Prefix
import Testing
import Turns

struct BranchStories {
  private func names(_ player: Player) -> [String] {
    player.lines.compactMap { line in
      let words = line.drop { " >+-`".contains($0) }.split(separator: " ")
      guard let name = words.first, name.count == 8, name.allSatisfy(\.isHexDigit) else {
        return nil
      }
      return String(name)
    }
  }

  @Test func `subagents stand under their session, and Left and Right fold them`() {
    var player = Player(rows: 20, events: Story.events() + Story.subagents())
    let open = ["a1b2c3d4", "11110001", "11110002", "11110003"]
    #expect(names(player).prefix(4) == open[...])
    player.press("<left>")
    #expect(names(player).prefix(2) == ["a1b2c3d4", "05de77f1"])
    #expect(player.lines.contains { $0.hasPrefix(">+a1b2c3d4") })
    player.press("<right>")
    #expect(names(player).prefix(4) == open[...])
  }

  @Test func `Left on a branch leads to where it branched off`() {
    var player = Player(events: Story.events() + Story.subagents())
    player.press("j<left>")
    #expect(player.state.selectedSession == Story.claude)
  }

  @Test func `sessions that name each other as parents are all listed`() {
    var one = Story.clean(SessionID(raw: 1), 1, at: Story.now)
    one.parent = SessionID(raw: 2)
    var two = Story.clean(SessionID(raw: 2), 1, at: Story.now)
    two.parent = SessionID(raw: 1)
    let player = Player(events: [.finished(one), .finished(two)])
    #expect(player.screen.contains("00000001") && player.screen.contains("00000002"))
  }

  @Test func `a thousand sessions with branches are sorted and folded`() {
    let events = (0..<1_000).map { number -> TurnEvent in
      var record = Story.clean(SessionID(raw: UInt32(number + 1)), 1, at: Story.now)
      if number % 10 > 0 { record.parent = SessionID(raw: UInt32(number / 10 * 10 + 1)) }
      return .finished(record)
    }
    var player = Player(events: events)
    player.press("G")
    #expect(player.state.selectedSession == SessionID(raw: 1_000))
    player.press("h")
    #expect(player.state.selectedSession == SessionID(raw: 991))
    player.press("h")
    #expect(player.lines.contains { $0.hasPrefix(">+000003df") })
    player.press(">>>>")
    #expect(player.state.selectedSession == SessionID(raw: 991))
  }
}
