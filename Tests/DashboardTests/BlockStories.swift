import Dashboard
import DashboardFixtures
import Prefix
import Testing
import Turns

/// The whole block at a break.
struct BlockStories {
  private static func block(_ text: String, rest: Int = 0, mark: Int) -> BlockText {
    BlockText(bytes: Array(text.utf8), start: 0, rest: rest, mark: mark)
  }

  /// A break whose block is this text, on the Break screen with the block open.
  private func player(
    _ before: BlockText?, _ after: BlockText?, columns: Int = 80, rows: Int = 24,
    keys: String = "3o"
  ) -> Player {
    var record = Story.held(turn: 2, at: Story.now)
    record.detail = BreakDetail(
      hunks: [], hunkCount: 0, beforeBlockBytes: before?.bytes.count ?? 0,
      afterBlockBytes: after?.bytes.count ?? 0, previousTurn: 1, before: before, after: after)
    var player = Player(columns: columns, rows: rows, events: [.finished(record)])
    player.press(keys)
    return player
  }

  @Test func `o shows what the agent sends now, and again o what it sent before`() {
    var player = player(
      Self.block(#"one\ntwo"#, mark: 5), Self.block(#"one\nTWO"#, mark: 5))
    #expect(player.lines.contains { $0.hasPrefix(" + TWO") })
    #expect(!player.screen.contains("two"))
    player.press("o")
    #expect(player.lines.contains { $0.hasPrefix(" - two") })
    #expect(player.screen.contains("before: turn 1"))
  }

  @Test func `the first difference of a long block is in view, and every line can be reached`() {
    let text = (1...400).map { "line \($0)" }.joined(separator: #"\n"#)
    let at = text.utf8.distance(
      from: text.startIndex, to: text.firstRange(of: "line 300")?.lowerBound ?? text.startIndex)
    for (columns, rows) in ScreenTests.sizes {
      var player = player(
        Self.block(text, mark: at), Self.block(text, mark: at), columns: columns, rows: rows)
      #expect(player.screen.contains("line 300"), "\(columns)x\(rows)")
      player.press("g")
      #expect(player.lines.contains { $0.contains(#"line 1\n"#) }, "\(columns)x\(rows)")
      player.press("G")
      #expect(player.lines.contains { $0.hasSuffix("line 400") }, "\(columns)x\(rows)")
    }
  }

  @Test func `what is not kept of a block is said where it is missing`() {
    let text = BlockText(bytes: Array("some text".utf8), start: 1_200, rest: 90_000, mark: 3)
    let lines = player(text, text).lines
    let first = lines.firstIndex { $0.contains("1,200 bytes in front of this") } ?? .max
    let last = lines.firstIndex { $0.contains("90,000 bytes behind this") } ?? 0
    #expect(first + 2 == last)
  }

  @Test func `a secret in a block is masked and the mark stays where the difference is`() {
    let text = #"key:\nsk-live0123456789abcdef then"#
    let block = Self.block(text, mark: text.utf8.count - 4)
    let player = player(block, block)
    #expect(player.screen.contains(" + *** then"))
    let frame = Dashboard.frame(player.state, now: player.now)
    let row = player.lines.firstIndex { $0.contains("*** then") } ?? 0
    let marked = (0..<80).first { frame[row: row, column: $0].role == .match }
    #expect(marked == 7)
  }

  @Test func `where a block is not known a message says so`() {
    #expect(player(nil, nil).screen.contains("this block is not kept any more"))
    var redacted = Story.held(turn: 2, at: Story.now)
    redacted.verdict.cause = .redaction
    redacted.detail = nil
    var player = Player(events: [.finished(redacted)])
    player.press("3o")
    #expect(player.screen.contains("the block is not shown"))
  }

  @Test func `any other key closes the block`() {
    var player = player(Self.block("a", mark: 0), Self.block("b", mark: 0))
    player.press("q")
    #expect(player.state.overlay == nil)
    #expect(player.state.screen == .breakPoint)
  }

  @Test func `blocks are kept up to a bound over all sessions, the newest ones`() {
    var player = Player(events: [])
    let big = BlockText(
      bytes: [UInt8](repeating: 0x61, count: BlockText.limit), start: 0, rest: 0, mark: 0)
    for turn in 2...400 {
      var record = Story.held(turn: turn, at: Story.now)
      record.detail = BreakDetail(
        hunks: [], hunkCount: 0, beforeBlockBytes: 1, afterBlockBytes: 1, previousTurn: turn - 1,
        before: big, after: big)
      player.event(.finished(record))
    }
    let window = player.state.traffic[Story.claude]?.window
    let sizes = (0..<(window?.count ?? 0)).map { window?[$0].detail?.textBytes ?? 0 }
    #expect(sizes.last == 2 * BlockText.limit)
    #expect(sizes.reduce(0, +) <= 16 << 20)
    player.press("3g")
    player.press("oo")
    #expect(player.lines.count == 35)
  }
}
