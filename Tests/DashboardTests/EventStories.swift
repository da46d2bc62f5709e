import Dashboard
import DashboardFixtures
import Prefix
import Prompt
import Testing
import Turns
import Upstream

struct EventStories {
  @Test func `three clean turns show what was kept and reported`() {
    var player = Player(events: [Story.upstreamUp])
    for turn in 1...3 { player.turn(Story.opencode, turn) }
    #expect(player.screen.contains("turn    3"))
    #expect(player.lines.contains { $0.hasPrefix("> 9f00e1aa") && $0.contains("100%") })
  }

  @Test func `a break is shown when it is sent and counted when it is answered`() {
    var player = Player(events: [])
    var record = Story.codexBreak(turn: 4, at: Story.now)
    record.state = .waiting
    let usage = record.usage
    record.usage.cachedTokens = nil
    player.event(.started(record))
    #expect(player.screen.contains("BREAK  system[0]"))
    #expect(player.screen.contains("hit   .."))
    record.state = .done
    record.usage = usage
    player.event(.finished(record))
    #expect(player.screen.contains("hit   4%"))
    #expect(player.state.traffic.tail.count == 1)
  }

  @Test func `a finished turn whose start was lost is shown all the same`() {
    var player = Player(events: [])
    _ = player.state.reduce(.eventsLost(214), now: player.now)
    player.event(.finished(Story.clean(Story.claude, 9, at: Story.now)))
    #expect(player.screen.contains("... 214 events not shown live"))
    #expect(player.screen.contains("turn    9"))
    #expect(player.state.traffic.turnsSeen == 1)
  }

  @Test func `turns whose end was lost do not run for ever`() {
    var player = Player()
    _ = player.state.reduce(.eventsLost(3), now: player.now)
    #expect(player.screen.contains("4 sessions, 0 in flight"))
    #expect(Dashboard.nextChange(player.state, now: player.now) == nil)
    let seen = player.state.traffic.turnsSeen
    player.event(.finished(Story.held(turn: 47, at: Story.now - 2_100)))
    #expect(player.state.traffic.turnsSeen == seen)
  }

  @Test func `requests that are not measured are counted and listed`() {
    var player = Player(events: [])
    player.event(
      .unmeasured(
        at: Story.now, method: "POST", path: "/v1/embeddings", status: 200, reason: "no prompt"))
    #expect(player.screen.contains("1 request not measured (! lists them)"))
    player.press("!")
    #expect(player.screen.contains("POST /v1/embeddings 200, no prompt"))
  }

  @Test func `breaks are forgotten with their turns`() {
    var player = Player()
    for turn in 48...300 { player.turn(Story.claude, turn) }
    #expect(player.state.traffic[Story.claude]?.breaks == [])
    player.press("2e")
    #expect(player.screen.contains("no break in this session"))
  }

  @Test func `an upstream that goes down and comes back is said once each`() {
    var player = Player()
    player.event(Story.upstreamDown(since: Story.now - 1_000))
    player.event(Story.upstreamDown(since: Story.now - 1_000))
    #expect(player.screen.contains("UPSTREAM DOWN 1s: connection refused, 3 requests got 502"))
    player.event(Story.upstreamUp)
    #expect(!player.screen.contains("UPSTREAM DOWN"))
    #expect(player.state.traffic.notices.count == 2)
    player.press("!")
    #expect(player.screen.contains("local is up again"))
  }

  @Test func `the notices tell how busy the proxy is and what was lost on the way`() {
    var player = Player()
    player.press("!")
    #expect(player.screen.contains("loop rounds 0.04ms (median), 1.30ms (99%)"))
    #expect(player.screen.contains("no events lost on the way to this screen"))
    player.press("q")
    _ = player.state.reduce(.eventsLost(1_214), now: player.now)
    player.press("!")
    #expect(player.screen.contains("1,214 events lost on the way"))
    _ = player.state.reduce(.load(nil), now: player.now)
    #expect(!player.screen.contains("loop rounds"))
    #expect(player.screen.contains("this proxy  1,214 events lost on the way"))
  }

  @Test func `prefill progress is shown while the server computes`() {
    var player = Player()
    player.event(.progress(session: Story.codex, turn: 203, processed: 30, total: 120))
    #expect(player.screen.contains("prefill 25%"))
    player.event(.firstByte(session: Story.codex, turn: 203, afterMillis: 900))
    #expect(!player.screen.contains("prefill 25%"))
  }

  @Test func `a side call makes no session`() {
    var player = Player(events: [])
    var record = Story.clean(Story.codex, 1, at: Story.now)
    record.isSideCall = true
    player.event(.finished(record))
    #expect(player.state.traffic.sessionCount == 0)
    #expect(player.screen.contains("side call"))
  }

  @Test func `hostile text cannot reach the grid`() {
    var player = Player(events: [])
    var record = Story.held(turn: 2, at: Story.now)
    record.agent = "\u{1b}]52;c;aGk=\u{7}"
    record.model = "\u{1b}[2J\u{202e}"
    record.verdict.detail = "a\u{1b}[31mb\u{9b}c\r\n"
    record.detail = BreakDetail(
      hunks: [
        BreakDetail.Hunk(
          beforeOffset: 0, afterOffset: 0, before: Array("\u{1b}[2J".utf8),
          after: [0x1B, 0xFF, 0x00], context: 9)
      ], hunkCount: 1, beforeBlockBytes: 4, afterBlockBytes: 3, previousTurn: 1,
      before: BlockText(bytes: Array("\u{1b}[2J".utf8), start: 0, rest: 0, mark: 1),
      after: BlockText(bytes: [0x1B, 0xFF, 0x00, 0x9B], start: 0, rest: 0, mark: 1))
    player.event(.finished(record))
    player.event(
      .notice(Notice(at: Story.now, level: .warning, text: "\u{1b}c\u{202e}")))
    player.event(
      .unmeasured(at: Story.now, method: "\u{1b}", path: "/\u{7}", status: nil, reason: "\n"))
    for keys in ["1", "2", "3", "3x", "3o", "o", "4", "!", "?"] {
      player.press(keys)
      let frame = Dashboard.frame(player.state, now: player.now)
      #expect(
        frame.cells.allSatisfy { $0.width == 0 || ($0.scalar >= 0x20 && $0.scalar != 0x7F) })
      #expect(!frame.text.contains("\u{202e}") && !frame.text.contains("\u{9b}"))
      player.press("<esc>")
    }
    player.press("2")
    #expect(player.screen.contains("\\x1b[2J\\u{202e}"))
  }

  @Test func `numbers beyond reason do not stop the dashboard`() {
    var player = Player(events: [])
    var record = Story.codexBreak(turn: 7, at: Int64.max)
    record.turn = Int.max
    record.usage.promptTokens = Int.max
    record.usage.cachedTokens = -5
    record.usage.promptMillis = .infinity
    record.usage.outputTokens = Int.min
    record.usage.generationMillis = 1e-300
    record.promptTokens = TokenCount(Int.max, estimated: true)
    record.reprocessedTokens = TokenCount(Int.max, estimated: false)
    record.reprocessedForwardedTokens = TokenCount(Int.min, estimated: false)
    record.receivedBytes = Int.max
    for _ in 0..<3 {
      player.event(.started(record))
      player.event(.finished(record))
    }
    for keys in ["1", "2", "3", "4", "u", "t"] {
      player.press(keys)
      #expect(player.lines.count == 35)
    }
  }

  @Test func `paste and saved files are reported`() {
    var player = Player()
    _ = player.state.reduce(.pasteIgnored, now: player.now)
    #expect(player.screen.contains("paste ignored"))
    player.press("w")
    guard case .save(.turn(let record))? = player.effects.last else {
      Issue.record("no turn to save")
      return
    }
    #expect(record.turn == 47)
    _ = player.state.reduce(.saved(.written(path: "/tmp/x.txt")), now: player.now)
    #expect(player.screen.contains("saved: /tmp/x.txt"))
    _ = player.state.reduce(.saved(.failed(reason: "disk full")), now: player.now)
    #expect(player.screen.contains("not saved: disk full"))
  }

  @Test func `what new sessions begin with is shown as it is now`() {
    var player = Player(events: [Story.upstreamUp])
    player.turn(Story.opencode, 1)
    player.event(.defaultsChanged(mode: .safe, repairs: .all))
    #expect(player.screen.contains("new sessions: safe"))
    player.event(.modeChanged(session: nil, mode: .hold, fromTurn: 0))
    #expect(player.screen.contains("new sessions: hold"))
  }

  @Test func `other prices are shown with their date and hold for turns to come`() throws {
    var state = DashboardState(
      options: DashboardOptions(listenAddress: "127.0.0.1:8089", ascii: true),
      size: Size(columns: 120, rows: 35), startedAt: 0)
    var turn = TurnRecord(
      session: SessionID(raw: 1), turn: 1, dialect: .openAIChat, startedAt: 0)
    turn.model = "m"
    turn.state = .done
    turn.usage = Usage(promptTokens: 1_000_000, cachedTokens: 0, outputTokens: 0)
    _ = state.reduce(.event(.finished(turn)), now: 1)
    #expect(state.traffic.costs.costs.unpriced == [.unknownModel: 1])
    let text = #"{"date":"2031-02-03","rows":[{"models":["m"],"read":0,"input":7,"output":0}]}"#
    let prices = try Array(text.utf8).withUnsafeBytes { try PriceTable($0) }
    _ = state.reduce(.prices(prices), now: 2)
    turn.turn = 2
    _ = state.reduce(.event(.finished(turn)), now: 3)
    #expect(state.traffic.costs.costs.dollars.paid == 7)
    for key in ["4", "u", "u"] as [Character] {
      _ = state.reduce(.key(.character(key)), now: 4)
    }
    let screen = Dashboard.frame(state, now: 5).text
    #expect(screen.contains("prices of 2031-02-03"))
    #expect(screen.contains("$7.00"))
  }

  @Test func `y copies and the costs are saved as a table`() {
    var player = Player()
    player.press("y")
    guard case .copy(let text)? = player.effects.last else {
      Issue.record("nothing copied")
      return
    }
    #expect(text.hasPrefix("a1b2c3d4 claude-code"))
    player.press("4uw")
    guard case .save(.table(_, let table))? = player.effects.last else {
      Issue.record("no table to save")
      return
    }
    #expect(table.split(separator: "\n").count == 5)
    player.press("<^l>")
    guard case .redraw? = player.effects.last else {
      Issue.record("no redraw")
      return
    }
  }

  @Test func `a thousand sessions with two hundred turns each stay bounded`() {
    var state = Story.state(size: Size(columns: 120, rows: 35), events: [])
    for turn in 1...55 {
      for number in 0..<1_010 {
        var record = Story.plain(SessionID(raw: UInt32(number)), turn)
        record.startedAt += Int64(turn)
        _ = state.reduce(.event(.finished(record)), now: Story.now + Int64(turn))
      }
    }
    #expect(state.traffic.sessionCount <= 1_000)
    #expect(state.traffic.tail.count <= 250)
    let kept = state.traffic.rows.values.reduce(0) { $0 + $1.window.count }
    #expect(kept <= 55_000)
    #expect(Dashboard.frame(state, now: Story.now).text.contains("1,000 sessions"))
  }
}
