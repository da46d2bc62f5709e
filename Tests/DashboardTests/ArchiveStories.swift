import Dashboard
import DashboardFixtures
import Prefix
import Testing
import Turns

struct ArchiveStories {
  @Test func `o lists stored sessions and Enter opens one with its newest turns`() {
    var player = Player()
    player.press("o<down>")
    #expect(player.screen.contains("2 of 4"))
    #expect(player.screen.contains("2026-11-20 14:03"))
    player.press("<enter>")
    #expect(player.state.screen == .session)
    #expect(player.screen.contains("of 412"))
    #expect(player.screen.contains("stored, 412 turns"))
    #expect(player.lines.contains { $0.hasPrefix(">") && $0.contains(" 412 ") })
  }

  @Test func `a stored session scrolls back to its first turn, page by page`() {
    var player = Player()
    player.press("o<down><enter>")
    for _ in 0..<600 { player.press("k") }
    #expect(player.state.selectedTurn == 1)
    #expect(player.lines.contains { $0.hasPrefix(">     1 ") })
    for _ in 0..<600 { player.press("j") }
    #expect(player.lines.contains { $0.hasPrefix(">   412 ") })
  }

  @Test func `g goes to the first turn ever and G to the newest`() {
    var player = Player()
    player.press("o<down><enter>g")
    #expect(player.state.selectedTurn == 1)
    player.press("G")
    #expect(player.lines.contains { $0.hasPrefix(">   412 ") })
  }

  @Test func `breaks of a stored session are found, and its text is said to be missing`() {
    var player = Player()
    player.press("o<down><enter>e")
    #expect(player.state.screen == .breakPoint)
    #expect(player.screen.contains("turn 410"))
    #expect(player.screen.contains("the ledger keeps no text of prompts"))
  }

  @Test func `a running session shows what left the memory`() {
    // Turns 31 to 47 are in memory.
    var player = Player()
    player.press("2")
    #expect(!player.lines.contains { $0.hasPrefix("     30 ") })
    for _ in 0..<60 { player.press("k") }
    #expect(player.state.selectedTurn == 1)
    for _ in 0..<30 { player.press("j") }
    #expect(player.state.selectedTurn == 31)
    player.press("G")
    #expect(player.state.selectedTurn == nil)
    #expect(player.screen.contains("following"))
  }

  @Test func `a stored session cannot be pinned, and leaving it leads back to what runs`() {
    var player = Player()
    player.press("o<down><enter>p")
    #expect(player.screen.contains("nothing runs in it"))
    #expect(player.commands.isEmpty)
    player.press("q")
    #expect(player.state.screen == .sessions)
    player.press("2")
    #expect(player.screen.contains("of 47"))
  }

  @Test func `a stored session that still runs opens as it runs`() {
    var player = Player()
    player.press("o<enter>")
    #expect(player.state.selectedSession == Story.claude)
    #expect(player.screen.contains("following"))
  }

  @Test func `without a ledger o says so`() {
    var state = DashboardState(
      options: Story.options(ascii: true, hasLedger: false), size: Size(columns: 80, rows: 24),
      startedAt: Story.now)
    #expect(state.reduce(.key(.character("o")), now: Story.now).isEmpty)
    #expect(Dashboard.frame(state, now: Story.now).text.contains("there is no ledger"))
  }

  @Test func `a ledger that cannot be read is said in the list`() {
    var state = Story.state(size: Size(columns: 80, rows: 24), ascii: true)
    _ = state.reduce(.key(.character("o")), now: Story.now)
    _ = state.reduce(.archive(.failed(.sessions, reason: "no such file")), now: Story.now)
    #expect(Dashboard.frame(state, now: Story.now).text.contains("cannot be read: no such file"))
  }

  @Test func `answers that nobody waits for any more change nothing`() {
    var state = Story.state(size: Size(columns: 80, rows: 24), ascii: true)
    let before = Dashboard.frame(state, now: Story.now)
    let page = TurnPage(session: Story.claude, run: nil, edge: .before(9), limit: 5)
    _ = state.reduce(.archive(.turns(page, Story.storedTurns(page))), now: Story.now)
    #expect(Dashboard.frame(state, now: Story.now) == before)
  }

  @Test func `an empty screen tells how many sessions are stored`() {
    var state = Story.state(size: Size(columns: 80, rows: 24), ascii: true, events: [])
    for effect in state.openingRequests {
      guard case .read(let request) = effect else { continue }
      _ = state.reduce(.archive(Story.answer(request)), now: Story.now)
    }
    #expect(Dashboard.frame(state, now: Story.now).text.contains("(4 stored)"))
  }

  @Test func `Space marks a turn and Enter on another one compares the two`() {
    var player = Player()
    player.press("2kk G<enter>")
    #expect(player.screen.contains("turn 45 and turn 47"))
    #expect(player.screen.contains("kind 45"))
    #expect(player.screen.contains("turn 47: content re-rendered"))
    #expect(player.screen.contains("prompt tok"))
    player.press("<esc>")
    #expect(player.lines.contains { $0.hasPrefix(" *   45 ") })
    player.press("kk ")
    player.press("<enter>")
    #expect(player.screen.contains("did not break"))
  }
}
