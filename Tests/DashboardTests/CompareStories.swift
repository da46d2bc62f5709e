import Dashboard
import DashboardFixtures
import Prefix
import Testing
import Turns

/// What comparing two turns tells of the text between them.
struct CompareStories {
  /// Turns 1 to 6; the given ones are changed.
  private func player(_ change: (inout TurnRecord) -> Void, broken: Set<Int>) -> Player {
    var events: [TurnEvent] = []
    for turn in 1...6 {
      var record = Story.clean(Story.claude, turn, at: Story.now)
      if broken.contains(turn) {
        record = Story.held(turn: turn, at: Story.now)
        change(&record)
      }
      record.incomingMessages = 2 * turn
      events.append(.finished(record))
    }
    return Player(rows: 45, events: events)
  }

  @Test func `it shows before and after of every change on the way, the last turn's included`() {
    var player = player({ _ in }, broken: [4, 6])
    player.press("2kkkk G<enter>")
    #expect(player.screen.contains("turn 2 and turn 6"))
    #expect(player.screen.contains("2 changes between them"))
    for turn in [4, 6] {
      #expect(player.screen.contains("turn \(turn): content re-rendered at msg[3] tool_result"))
    }
    #expect(player.lines.contains { $0.hasPrefix("  - ") && $0.contains("func reconcile") })
    #expect(player.lines.contains { $0.hasPrefix("  + ") && $0.contains("1| func reconcile") })
    #expect(player.screen.contains("and 20 more differences"))
  }

  @Test func `a change of the earlier turn itself does not count`() {
    var player = player({ _ in }, broken: [4])
    player.press("2kk G<enter>")
    #expect(player.screen.contains("turn 4 and turn 6"))
    #expect(player.screen.contains("nothing that turn 4 sent was changed; turn 6 has 4 messages"))
    #expect(!player.screen.contains("re-rendered at"))
  }

  @Test func `the order in which the two are chosen makes no difference to the text`() {
    var player = player({ _ in }, broken: [4])
    player.press("2 kkk<enter>")
    #expect(player.screen.contains("turn 6 and turn 3"))
    #expect(player.screen.contains("turn 4: content re-rendered"))
  }

  @Test func `what is not known of the text is said`() {
    var player = player(
      {
        $0.detail = nil
        $0.verdict.was = ""
        $0.verdict.now = ""
      }, broken: [4])
    player.press("2 kkk<enter>")
    #expect(player.screen.contains("its text is not known"))

    player = self.player(
      {
        $0.verdict.cause = .redaction
        $0.verdict.was = ""
        $0.verdict.now = ""
        $0.detail = nil
      }, broken: [4])
    player.press("2 kkk<enter>")
    #expect(player.screen.contains("taken out on purpose: not shown"))
  }

  @Test func `turns that are not at hand are said to be unknown`() {
    var player = player({ _ in }, broken: [])
    player.press("2g G")
    for turn in 7...260 { player.turn(Story.claude, turn) }
    player.press("<enter>")
    #expect(player.screen.contains("what changed up to turn "))
    #expect(!player.screen.contains("nothing that turn 1 sent was changed"))
  }

  @Test(arguments: [(120, 35), (80, 24), (60, 15), (40, 8)])
  func `every line of it can be reached`(columns: Int, rows: Int) {
    var player = Player(columns: columns, rows: rows)
    player.press("2kk G<enter>")
    #expect(player.screen.contains("turn 47: content re-"))
    player.press("G")
    #expect(player.screen.contains("messages"))
    player.press("g")
    #expect(player.screen.contains("turn 47: content re-"))
  }
}
