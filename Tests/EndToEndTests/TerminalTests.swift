import Testing

/// The program on a terminal.
@Suite struct TerminalTests {
  private static let demo = ["demo", "--listen", "127.0.0.1:0", "--pace", "20"]

  @Test func `the demonstration draws the dashboard and leaves the terminal clean`() throws {
    let pane = try TerminalPane(Self.demo)
    let shown = try pane.screen { $0.contains("BREAK") }
    #expect(shown?.contains("holdfast :") == true)
    #expect(shown?.contains("q quit") == true)
    try pane.send("q")
    #expect(try pane.screen { $0.contains("stop the proxy?") } != nil)
    try pane.send("k")
    let left = try #require(try pane.screen { $0.contains("status ") })
    #expect(left.contains("status 0"))
    #expect(left.contains("broke the prefix"))
    #expect(!left.contains("q quit"))
  }

  @Test func `leaving the dashboard lets the proxy go on with one line per turn`() throws {
    let pane = try TerminalPane(Self.demo)
    #expect(try pane.screen { $0.contains("kept 100%") } != nil)
    try pane.send("q")
    #expect(try pane.screen { $0.contains("d leave") } != nil)
    try pane.send("d")
    #expect(try pane.screen { $0.contains("prefix preserved") } != nil)
    try pane.send("C-c")
    #expect(try pane.screen { $0.contains("status 0") } != nil)
  }
}
