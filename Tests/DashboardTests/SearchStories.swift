import Dashboard
import DashboardFixtures
import Prefix
import Testing
import Turns

struct SearchStories {
  @Test func `a search moves to the match and n goes on`() {
    var player = Player()
    player.press("/co<enter>")
    // "content re-rendered" is in the first row, "opencode" and "codex" in others.
    #expect(player.state.selectedSession == Story.claude)
    player.press("n")
    #expect(player.state.selectedSession == Story.aider)
    player.press("n")
    #expect(player.state.selectedSession == Story.opencode)
    player.press("N")
    #expect(player.state.selectedSession == Story.aider)
    #expect(Dashboard.frame(player.state, now: player.now).roles.contains("mm"))
    player.press("<esc>")
    #expect(!Dashboard.frame(player.state, now: player.now).roles.contains("mm"))
  }

  @Test func `no match is said`() {
    var player = Player()
    player.press("/nowhere<enter>")
    #expect(player.screen.contains("no match for nowhere"))
    player.press("<esc>n")
    #expect(player.screen.contains("nothing to search for"))
  }

  @Test func `turns are searched by cause`() {
    var player = Player()
    player.press("2/re-rendered<enter>")
    player.press("n")
    #expect(player.state.selectedTurn == 33)
  }

  @Test func `a filter shows only matching rows until Esc`() {
    var player = Player()
    player.press("\\codex<enter>")
    #expect(player.screen.contains("filter: codex"))
    #expect(player.state.selectedSession == Story.codex)
    #expect(!player.lines.prefix(10).joined().contains("05de77f1"))
    player.press("<esc>")
    #expect(player.lines.prefix(10).joined().contains("05de77f1"))
    #expect(player.state.selectedSession == Story.codex)
  }

  @Test func `typing can be corrected and left`() {
    var player = Player()
    player.press("/abx<bs>")
    #expect(player.screen.contains(" /ab"))
    player.press("<^u>q")
    #expect(player.state.prompt?.text == "q")
    player.press("<esc>")
    #expect(player.state.prompt == nil)
  }

  @Test func `sorting by a column and back`() {
    var player = Player()
    player.press(">>>>")
    #expect(player.screen.contains("sorted by preserved"))
    #expect(player.lines[3].contains("77ab1c02"))
    player.press("I")
    #expect(player.lines[6].contains("77ab1c02"))
    player.press("I<<<<")
    #expect(player.lines[3].contains("a1b2c3d4"))
  }

  @Test func `t switches between clock and age`() {
    var player = Player()
    player.now += 38_000
    #expect(player.screen.contains("idle 14:03"))
    player.press("t")
    #expect(player.screen.contains("idle 38s"))
  }
}
