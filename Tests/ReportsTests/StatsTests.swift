import Bytes
import Prefix
import Prompt
import Testing
import Turns
import Upstream

@testable import Reports

private let start: Int64 = 1_795_000_000_000

func storedTurn(
  _ session: UInt32, _ turn: Int, mode: PinMode = .off, model: String = "claude-opus-5",
  prompt: Int? = 1000, read: Int? = 900, again: Int = 0, firstByte: Int? = 100,
  minute: Int64 = 0
) -> StoredTurn {
  var record = TurnRecord(
    session: SessionID(raw: session), turn: turn, dialect: .anthropicMessages,
    startedAt: start + minute * 60_000)
  record.agent = "claude-code"
  record.model = model
  record.upstream = "default"
  record.mode = mode
  record.state = .done
  record.status = 200
  record.firstByteMillis = firstByte
  record.usage = Usage(promptTokens: prompt, cachedTokens: read, outputTokens: 10)
  if let prompt { record.promptTokens = TokenCount(prompt, estimated: false) }
  if turn > 1 { record.previousTokens = TokenCount((read ?? 0) + again, estimated: false) }
  return StoredTurn(run: 1, record: record, server: .anthropic)
}

private func report(_ turns: [StoredTurn]) -> StatsReport {
  var report = StatsReport(prices: .standard) { String(NDJSONLine.timestamp($0).prefix(10)) }
  for turn in turns { report.add(turn) }
  return report
}

private let table = StatsTable(ascii: true, question: "all that is kept") { millis in
  "2026-11-18 11:\(Humanised.padded(Int((millis - start) / 60_000), 2))"
}

@Suite struct StatsTests {
  private func sample() -> StatsReport {
    var turns = [
      storedTurn(0xa1, 1, read: 0), storedTurn(0xa1, 2, read: 500, again: 300, minute: 20),
      storedTurn(0xa1, 3, read: 1000, minute: 58),
      storedTurn(0xb2, 1, model: "local-model", prompt: 500, read: nil, minute: 30),
    ]
    turns[1].record.verdict = Verdict(cause: .clock)
    turns[2].record.reprocessedTokens = TokenCount(150, estimated: false)
    return report(turns)
  }

  @Test func `the table has totals, costs, a plot and sessions`() {
    let expected = """
      4 turns in 2 sessions, all that is kept
      2026-11-18 11:00 to 2026-11-18 11:58

      cache hits    ##########..........  50%  1.5k of 3.0k prompt tokens reused
      not reported  1 turn, in no figure above
      prompts       1.5k read, 1.5k uncached, 0 written; 40 output
      breaks        1 by the agent; 300 tokens computed again, 150 saved

      costs                      as paid   without cache   agent alone   turns
      paid APIs                  $0.0090         $0.0158       $0.0097       3
      unpriced              model not in the price list                      1
      prices as of 2026-08-17

      cache hits over time
      100% |                                                                    ##
           |                                                                    ##
           |                                                                    ##
           |                       #                                            ##
           |                       #                                            ##
        0% |_                      #                                            ##
           +----------------------------------------------------------------------
            2026-11-18 11:00                                      2026-11-18 11:58

      day                     turns  cache hits     saved     paid  no cache    alone
      2026-11-18                  4  ####....  50%    150  $0.0090   $0.0158  $0.0097

      session  model          turns  cache hits     saved     paid  no cache    alone
      000000a1 claude-opus-5      3  ####....  50%    150  $0.0090   $0.0158  $0.0097
      000000b2 local-model        1              -      0        -         -        -

      """
    let text = table.text(sample())
    #expect(text == expected)
  }

  @Test func `savings and the three figures are told per session, per day and in all`() throws {
    // A day later, in the same session: 200 tokens that pinning saved, of 1,000 that were read.
    var turns = [storedTurn(0xa1, 1, read: 0), storedTurn(0xa1, 2, prompt: 2000, read: 1000)]
    turns[1].record.startedAt += 86_400_000
    turns[1].record.reprocessedTokens = TokenCount(200, estimated: false)
    // Claude Opus 5: 5 a million, 0.50 from the cache, 25 of output.
    let (first, second) = ((1000 * 5.0 + 250) / 1e6, (1000 * 5.0 + 1000 * 0.5 + 250) / 1e6)
    let alone = (1200 * 5.0 + 800 * 0.5 + 250) / 1e6
    func isNear(_ value: JSONValue?, _ expected: Double) -> Bool {
      value?.double.map { abs($0 - expected) < 1e-12 } ?? false
    }
    let value = try #require(
      JSONValue(String(decoding: StatsJSON.bytes(report(turns)), as: UTF8.self)))
    let days = try #require(value["days"]?.array)
    #expect(days.map { $0["date"]?.string } == ["2026-11-18", "2026-11-19"])
    #expect(days.map { $0["saved_tokens"]?.integer } == [0, 200])
    #expect(isNear(days[0]["dollars"]?["as_paid"], first))
    #expect(isNear(days[1]["dollars"]?["as_paid"], second))
    #expect(isNear(days[1]["dollars"]?["agent_alone"], alone))
    #expect(isNear(days[1]["dollars"]?["without_cache"], (2000 * 5.0 + 250) / 1e6))
    let session = try #require(value["sessions"]?.array?[0])
    for (total, part) in [("as_paid", "paid_usd"), ("agent_alone", "agent_alone_usd")] {
      let sum = total == "as_paid" ? first + second : first + alone
      #expect(isNear(session[part], sum))
      #expect(isNear(value["dollars"]?[total], sum))
    }
    #expect(session["saved_tokens"]?.integer == 200)
    #expect(value["saved_tokens"]?.integer == 200)
  }

  @Test func `nothing is wider than eighty columns whatever the names are`() {
    let hostile = String(repeating: "\u{1b}[31m名", count: 40)
    var turns = (0..<30).map {
      storedTurn($0, 1, model: hostile, prompt: 1 << 40, read: 1 << 39, minute: Int64($0))
    }
    turns[0].record.agent = hostile
    var report = report(turns)
    for turn in turns { report.add(turn) }
    for ascii in [true, false] {
      var table = table
      table.ascii = ascii
      let lines = table.text(report).split(separator: "\n")
      #expect(lines.allSatisfy { $0.count <= 80 })
      #expect(!lines.contains { $0.utf8.contains(0x1B) })
    }
    let list = SessionsList.table(report.sessions) { _ in "2026-11-18 11:00" }
    #expect(list.split(separator: "\n").allSatisfy { $0.utf8.count <= 80 })
    let show = ShowTurns.table(turns) { _ in "2026-11-18 11:00" }
    #expect(show.split(separator: "\n").allSatisfy { $0.utf8.count <= 80 })
  }

  @Test func `an empty ledger is one sentence`() {
    #expect(table.text(report([])) == "no turns in the ledger (all that is kept)\n")
  }

  @Test func `the JSON is one object and unknown is null`() throws {
    let value = try #require(JSONValue(String(decoding: StatsJSON.bytes(sample()), as: UTF8.self)))
    #expect(value["turns"]?.integer == 4)
    #expect(value["unreported_turns"]?.integer == 1)
    #expect(value["hit_share"]?.double == 0.5)
    #expect(value["dollars"]?["turns"]?.integer == 3)
    #expect(value["prefill_seconds"] == .null)
    #expect(value["unpriced_turns"]?["model not in the price list"]?.integer == 1)
    let silent = value["sessions"]?.array?.first { $0["session_id"]?.string == "000000b2" }
    #expect(silent?["read_tokens"] == .null)
    #expect(silent?["paid_usd"] == .null)
    #expect(JSONValue(String(decoding: StatsJSON.bytes(report([])), as: UTF8.self)) != nil)
  }

  @Test func `CSV has one line per session, and names are no formulas`() {
    var turn = storedTurn(0xa1, 1)
    turn.record.agent = "=HYPERLINK(\"x\",\"y\")"
    turn.record.model = "a,b"
    let lines = SessionsList.csv(report([turn]).sessions).split(separator: "\r\n")
    #expect(lines.count == 2)
    #expect(lines[0].hasPrefix("session_id,run,first_seen"))
    #expect(lines[1].contains(#""'=HYPERLINK(""x"",""y"")","a,b","#))
  }

  @Test func `a turn is shown with what is known and without what is not`() {
    var turn = storedTurn(0xa1, 2, read: nil)
    turn.record.verdict = Verdict(
      cause: .clock,
      position: Position(
        group: .system, kind: .system, index: 0, path: "system[0].text", field: "text",
        bodyOffset: 77, blockOffset: 5))
    let text = ShowTurns.text(turn, cost: CostSummary()) { _ in "then" }
    #expect(text.contains("path                          system[0].text\n"))
    #expect(text.contains("byte in body                  77\n"))
    #expect(!text.contains("read from cache"))
  }

  @Test func `a turn as JSON has the fields of the file of turns, sizes, and three figures`() throws
  {
    var turn = storedTurn(0xa1, 2)
    turn.sections = PromptSections(knobs: 7, tools: 6, system: 5, messages: 4, new: 3)
    var cost = CostSummary()
    cost.dollars = CostFigures()
    cost.dollars.turns = 1
    (cost.dollars.paid, cost.dollars.withoutCache, cost.dollars.agentAlone) = (1.5, 4, 2)
    let bytes = ShowTurns.json(turn, cost: cost)
    let text = String(decoding: bytes, as: UTF8.self)
    let value = try #require(JSONValue(text))
    let line = String(decoding: NDJSONLine.bytes(turn.record), as: UTF8.self)
    #expect(text.hasPrefix(line.dropLast(2)))
    #expect(text.hasSuffix("}\n"))
    #expect(value["settings_bytes"]?.integer == 7)
    #expect(value["paid_usd"]?.double == 1.5)
    #expect(value["without_cache_usd"]?.double == 4)
    #expect(value["agent_alone_usd"]?.double == 2)
    #expect(value["paid_prefill_seconds"] == .null)
    #expect(value["unpriced"] == .null)
  }

  @Test(
    arguments: [
      (0.0, "$0.00"), (0.00123, "$0.0012"), (0.5, "$0.50"), (12.345, "$12.35"),
      (1234.5, "$1,235"), (.infinity, "-"),
    ])
  func `money is short`(_ amount: Double, _ text: String) {
    #expect(Humanised.dollars(amount) == text)
  }
}
