import Dashboard
import DashboardFixtures
import Testing

/// The menu of modes where it does not fit.
struct MenuStories {
  @Test func `a menu that does not fit says so and scrolls with the cursor`() {
    var player = Player(columns: 80, rows: 24)
    player.press("m")
    #expect(player.screen.contains("1-18 of 20"))
    for _ in 0..<20 { player.press("j") }
    #expect(player.screen.contains("3-20 of 20"))
    #expect(player.lines.contains { $0.hasPrefix(" > [x] dropped") })
  }

  @Test(arguments: [(40, 8), (60, 15), (80, 24)])
  func `what each mode would do here is readable at every size`(columns: Int, rows: Int) {
    var player = Player(columns: columns, rows: rows)
    player.press("m")
    #expect(player.lines.filter { $0.hasSuffix("covers 2 of 2 breaks") }.count == 2)
    #expect(player.lines.contains { $0.contains("44k tok") && !$0.hasSuffix("~") })
  }
}
