import Dashboard
import DashboardFixtures
import Testing
import Turns

struct LeavingStories {
  @Test(arguments: [("d", LeaveReason.lineMode), ("s", .drain), ("k", .stopNow)])
  func `the stop question offers three ways out`(_ key: String, _ reason: LeaveReason) {
    var player = Player()
    player.press("q")
    #expect(player.screen.contains("2 requests in flight"))
    player.press(key)
    #expect(player.left == [reason])
  }

  @Test func `Esc and q go back from the stop question`() {
    var player = Player()
    player.press("q<esc>")
    #expect(player.state.overlay == nil)
    player.press("qq")
    #expect(player.state.overlay == nil)
    #expect(player.left.isEmpty)
  }

  @Test func `q goes back one level`() {
    var player = Player()
    player.press("3q")
    #expect(player.state.screen == .session)
    player.press("q")
    #expect(player.state.screen == .sessions)
    player.press("4q")
    #expect(player.state.screen == .sessions)
  }

  @Test func `a second Q within two seconds stops at once`() {
    var player = Player()
    player.press("Q")
    #expect(player.screen.contains("Q once more"))
    player.now += 1_900
    player.press("Q")
    #expect(player.left == [.stopNow])
  }

  @Test func `a second Q that comes late or behind another key does not stop`() {
    var player = Player()
    player.press("Q")
    player.now += 2_100
    player.press("Q")
    player.press("j")
    player.press("Q")
    #expect(player.left.isEmpty)
  }

  @Test func `interrupt acts like q and a second one stops at once`() {
    var player = Player()
    player.press("/abc<^c>")
    #expect(player.state.prompt == nil)
    #expect(player.state.overlay == .stopQuestion)
    player.press("<^c>")
    #expect(player.left == [.stopNow])
  }

  @Test func `suspending is refused`() {
    var player = Player()
    player.press("<^z>")
    #expect(player.screen.contains("stopping the proxy would stop the agent"))
    #expect(player.left.isEmpty)
  }

  @Test func `q leaves a screen that is too small`() {
    var player = Player(columns: 30, rows: 5)
    player.press("q")
    #expect(player.left == [.lineMode])
  }
}
