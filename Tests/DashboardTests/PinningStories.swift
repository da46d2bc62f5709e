import Dashboard
import DashboardFixtures
import Prefix
import Testing
import Turns

struct PinningStories {
  @Test func `p pins the selected session and a second p undoes it`() {
    var player = Player()
    player.press("jj")
    player.press("p")
    #expect(player.commands == [.setMode(session: Story.opencode, mode: .hold)])
    player.event(.modeChanged(session: Story.opencode, mode: .hold, fromTurn: 13))
    #expect(player.screen.contains("pinned 9f00e1aa (hold) from turn 13"))
    player.press("p")
    #expect(player.commands.last == .setMode(session: Story.opencode, mode: .off))
    player.event(.modeChanged(session: Story.opencode, mode: .off, fromTurn: 14))
    #expect(player.screen.contains("unpinned 9f00e1aa from turn 14"))
  }

  @Test func `P asks first`() {
    var player = Player()
    player.press("P")
    #expect(player.screen.contains("Set 4 sessions to hold"))
    player.press("n")
    #expect(player.commands.isEmpty)
    player.press("Py")
    #expect(player.commands == [.setMode(session: nil, mode: .hold)])
    player.event(.modeChanged(session: nil, mode: .hold, fromTurn: 0))
    #expect(player.state.traffic.rows.values.allSatisfy { $0.mode == .hold })
  }

  @Test func `m offers the modes with the present one marked`() {
    var player = Player()
    player.press("m")
    #expect(player.lines.contains { $0.hasPrefix(" > (*) hold") })
    player.press("<up><enter>")
    #expect(player.commands == [.setMode(session: Story.claude, mode: .safe)])
    player.press("m<esc>")
    #expect(player.state.overlay == nil)
  }

  @Test(arguments: ["p", "P", "m"])
  func `read-only refuses`(_ key: String) {
    var player = Player(readOnly: true)
    player.press(key)
    #expect(player.commands.isEmpty)
    #expect(player.screen.contains("read-only"))
  }

  @Test(arguments: ["p", "P", "m"])
  func `a build that only measures says so`(_ key: String) {
    var player = Player(canPin: false)
    player.press(key)
    #expect(player.commands.isEmpty)
    #expect(player.screen.contains("this build only measures"))
    #expect(!(player.lines.last ?? "").contains(" pin"))
  }
}
