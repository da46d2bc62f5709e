import Dashboard
import DashboardFixtures
import Prefix
import Testing
import Turns

struct MovingStories {
  private func session(_ number: Int) -> SessionID { SessionID(raw: UInt32(0x1000_0000 + number)) }

  private func many(_ count: Int) -> [TurnEvent] {
    (0..<count).flatMap { Story.whole(session($0), 1, secondsAgo: 60) }
  }

  @Test func `arrows and pages move the selection and the view follows`() {
    var player = Player(columns: 80, rows: 24, events: many(50))
    player.press("<down>j<up>k")
    #expect(player.state.selectedSession == session(0))
    player.press("<pgdn><^f>")
    #expect(player.screen.contains("> \(player.state.selectedSession!)"))
    player.press("G")
    #expect(player.state.selectedSession == session(49))
    #expect(player.screen.contains("> \(session(49))"))
    player.press("g")
    #expect(player.state.selectedSession == session(0))
    player.press("<end><home><^d><^u><pgup><^b>")
    #expect(player.state.selectedSession == session(0))
  }

  @Test func `the selection is a session and not a row`() {
    var player = Player(events: many(3))
    player.press("j>>>")
    let selected = player.state.selectedSession
    for number in 10..<20 { player.turn(session(number), 5) }
    #expect(player.state.selectedSession == selected)
    #expect(player.screen.contains("> \(selected!)"))
  }

  @Test func `an evicted session hands the selection to its neighbour and says so`() {
    var player = Player(events: many(3))
    player.press("j")
    player.event(.sessionEvicted(session(1)))
    #expect(player.state.selectedSession == session(2))
    #expect(player.screen.contains("session 10000001 was evicted, 10000002 is selected"))
    player.press("2")
    player.event(.sessionEvicted(session(2)))
    #expect(player.state.screen == .sessions)
    #expect(player.state.selectedSession == session(0))
  }

  @Test func `moving up stops following and G resumes`() {
    var player = Player()
    player.press("2kk")
    #expect(player.state.selectedTurn == 45)
    let before = player.lines.filter { $0.contains(" 45 ") }
    for turn in 48...50 { player.turn(Story.claude, turn) }
    #expect(player.screen.contains("3 new, G to follow"))
    #expect(player.lines.filter { $0.contains(" 45 ") } == before)
    #expect(player.state.selectedTurn == 45)
    player.press("G")
    #expect(player.state.selectedTurn == nil)
    #expect(player.screen.contains("following"))
    #expect(player.screen.contains(">    50 "))
    player.press("kF")
    #expect(player.state.selectedTurn == nil)
  }

  @Test func `a turn that left the window does not take the cursor with it`() {
    var player = Player(hasLedger: false)
    player.press("2g")
    for turn in 48...400 { player.turn(Story.claude, turn) }
    player.press("<up>")
    #expect(player.screen.contains(">   201 "))
  }

  @Test func `with a ledger the cursor stays on a turn that left the window`() {
    var player = Player()
    player.press("2g")
    for turn in 48...400 { player.turn(Story.claude, turn) }
    player.press("<down>")
    #expect(player.screen.contains(">     2 "))
    player.press("G")
    #expect(player.screen.contains(">   400 "))
  }

  @Test func `the list of all turns can be walked and opened`() {
    var player = Player()
    player.press("<tab>kk")
    for turn in 204...205 { player.turn(Story.codex, turn) }
    #expect(player.screen.contains("2 new, G to follow"))
    player.press("<enter>")
    #expect(player.state.screen == .session)
    #expect(player.state.selectedTurn != nil || player.state.selectedSession != Story.claude)
    player.press("1<tab><s-tab>")
    #expect(player.screen.contains("following"))
  }

  @Test func `freezing keeps the picture while traffic goes on`() {
    var player = Player()
    player.press("f")
    let before = Array(player.lines.dropFirst(2))
    for turn in 48...50 { player.turn(Story.claude, turn) }
    #expect(player.screen.contains("FROZEN at 14:03:22, 3 turns waiting"))
    #expect(Array(player.lines.dropFirst(2)) == before)
    player.press("f")
    #expect(player.screen.contains("turn   50"))
  }

  @Test func `e and E go through the breaks`() {
    var player = Player()
    player.press("jjje")
    #expect(player.state.screen == .breakPoint)
    #expect(player.screen.contains("break 3 of 3"))
    player.press("E")
    #expect(player.screen.contains("break 2 of 3"))
    player.press("ee")
    #expect(player.screen.contains("break 1 of 3"))
    #expect(player.screen.contains("back at the first break"))
  }

  @Test func `e from a session without breaks leads to the newest break of all`() {
    var player = Player()
    player.press("j")
    #expect(player.state.selectedSession == Story.aider)
    player.press("e")
    #expect(player.state.selectedSession == Story.claude)
    #expect(player.screen.contains("break 2 of 2"))
  }

  @Test func `Enter goes one level deeper`() {
    var player = Player()
    player.press("<enter>")
    #expect(player.state.screen == .session)
    player.press("<enter>")
    #expect(player.state.screen == .breakPoint)
    player.press("1j<enter><enter>")
    #expect(player.state.screen == .session)
    #expect(player.screen.contains("did not break"))
  }

  @Test func `differences, context, hex and sides can be changed`() {
    var player = Player()
    player.press("3")
    #expect(player.screen.contains("difference 1/23"))
    #expect(player.screen.contains("18,204 - \"text\""))
    player.press("]]")
    #expect(player.screen.contains("difference 3/23"))
    player.press("[")
    #expect(player.screen.contains("difference 2/23"))
    player.press("--")
    #expect(!player.screen.contains("\"text\""))
    player.press("+")
    #expect(player.screen.contains("18,238"))
    player.press("x")
    #expect(player.screen.contains("20 20 20 20 32 7c 20"))
    player.press("xs")
    #expect(player.screen.contains("before and after"))
  }

  @Test func `the caret stands under the first differing column`() {
    var player = Player(columns: 80, rows: 24)
    player.press("3")
    let lines = player.lines
    let after = lines.firstIndex { $0.hasPrefix(" + 18,204") }!
    let column = lines[after].count - lines[after].drop { $0 != "\"" }.dropFirst(9).count
    #expect(lines[after + 1] == String(repeating: " ", count: column) + "^^^^^^^")
  }

  @Test func `the map can be walked block by block`() {
    var player = Player()
    player.press("2b<right>ll<left>h")
    #expect(player.screen.contains("tools[1] tool, 2.0 KB, agent: kept, sent: kept"))
    player.press("b")
    #expect(player.screen.contains("1 cell = "))
  }
}
