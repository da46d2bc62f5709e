import Dashboard
import DashboardFixtures
import Testing
import Turns

/// Whole screens against expectation files, so that a change of the picture shows in review.
struct ScreenTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let name: String
    let keys: [Key]
    var events = Story.events()
    var readOnly = false
    var testDescription: String { name }
  }

  static let cases: [Case] = [
    Case(name: "sessions", keys: []),
    Case(name: "session", keys: [.character("2")]),
    Case(name: "session-scrolled", keys: [.character("2"), .up, .up]),
    Case(name: "session-by-block", keys: [.character("2"), .character("b"), .right, .right]),
    Case(name: "break", keys: [.character("3")]),
    Case(name: "break-hex", keys: [.character("3"), .character("x")]),
    Case(name: "break-block", keys: [.character("3"), .character("o")]),
    Case(name: "costs", keys: [.character("4")]),
    Case(name: "costs-seconds", keys: [.character("4"), .character("u")]),
    Case(
      name: "costs-money", keys: [.character("4"), .character("u"), .character("u")],
      events: Story.events() + Story.paidTurns()),
    Case(name: "stored", keys: [.character("o"), .down]),
    Case(name: "stored-session", keys: [.character("o"), .down, .enter, .pageUp, .up]),
    Case(
      name: "compare",
      keys: [.character("2"), .up, .up, .character(" "), .character("G"), .enter]),
    Case(name: "branches", keys: [], events: Story.events() + Story.subagents()),
    Case(
      name: "branches-folded", keys: [.left], events: Story.events() + Story.subagents()),
    Case(
      name: "servers", keys: [.character("!")], events: Story.events() + [Story.upstreamWithSlots]),
    Case(name: "help", keys: [.character("?")]),
    Case(name: "stop-question", keys: [.character("q")]),
    Case(name: "mode-menu", keys: [.character("m")]),
    Case(name: "empty", keys: [], events: [Story.upstreamUp]),
    Case(
      name: "down", keys: [],
      events: Story.events() + [Story.upstreamDown(since: Story.now - 41_000)]),
    Case(name: "frozen", keys: [.character("f")]),
    Case(name: "search", keys: [.character("/"), .character("c"), .character("o")]),
    Case(name: "read-only", keys: [.character("p")], readOnly: true),
  ]
  static let sizes = [(120, 35), (80, 24), (60, 15), (40, 8)]

  /// The largest size stands for Unicode, the others for ASCII.
  static func text(_ example: Case, columns: Int, rows: Int) -> String {
    var state = Story.state(
      size: Size(columns: columns, rows: rows), ascii: columns < 120, readOnly: example.readOnly,
      events: example.events)
    state.play(example.keys)
    return Dashboard.frame(state, now: Story.now).text + "\n"
  }

  @Test(arguments: cases)
  func `the screen is as expected at every size`(_ example: Case) {
    for (columns, rows) in ScreenTests.sizes {
      let name = "\(example.name)-\(columns)x\(rows)"
      let text = ScreenTests.text(example, columns: columns, rows: rows)
      if ScreenFile.isRecording {
        ScreenFile.write(name, text)
      } else {
        #expect(text == ScreenFile.read(name), "\(name)")
      }
    }
  }

  @Test func `below the minimum there is a message that fits`() {
    for (columns, rows) in [(34, 7), (39, 24), (80, 7), (10, 3), (1, 1)] {
      let state = Story.state(size: Size(columns: columns, rows: rows))
      let lines = Dashboard.frame(state, now: Story.now).text.split(
        separator: "\n", omittingEmptySubsequences: false)
      #expect(lines.count == rows)
      #expect(" terminal is \(columns)x\(rows)".hasPrefix(lines[0]))
    }
  }

  @Test func `in ASCII mode nothing but printable ASCII is on any screen`() {
    for example in ScreenTests.cases {
      var state = Story.state(
        size: Size(columns: 132, rows: 40), ascii: true, events: example.events)
      state.play(example.keys)
      let frame = Dashboard.frame(state, now: Story.now)
      #expect(frame.cells.allSatisfy { $0.scalar >= 0x20 && $0.scalar <= 0x7E && $0.mark == 0 })
    }
  }
}
