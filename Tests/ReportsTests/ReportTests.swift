import Bytes
import Prefix
import Prompt
import Reports
import Testing
import Turns
import Upstream

private func record() -> TurnRecord {
  var record = TurnRecord(
    session: SessionID(raw: 0xa1b2_c3d4), turn: 13, dialect: .openAIChat,
    startedAt: 1_795_000_000_123)
  record.previousTokens = TokenCount(52_000, estimated: false)
  record.keptTokens = TokenCount(21_320, estimated: true)
  record.keptForwardedTokens = record.keptTokens
  record.reprocessedForwardedTokens = TokenCount(30_680, estimated: true)
  record.promptTokens = TokenCount(53_000, estimated: true)
  record.previousMessages = 40
  record.incomingMessages = 42
  record.commonMessages = 3
  record.verdict = Verdict(
    cause: .inPlaceEdit, tier: .moved,
    position: Position(
      group: .messages, kind: .toolResult, index: 3, path: "messages[3].content", field: "content",
      bodyOffset: 14_237, blockOffset: 40), was: "a \"q\"", now: "b\n")
  return record
}

private func line(_ record: TurnRecord) -> String {
  String(decoding: NDJSONLine.bytes(record), as: UTF8.self)
}

@Suite struct ReportTests {
  @Test func `a broken turn is one line with place, byte and cost`() {
    #expect(
      TurnLine.text(record(), time: "14:03:20")
        == "14:03:20 a1b2c3d4 turn 13 | prefix preserved 41% | ~31k tokens reprocessed"
        + " | MUTATION at msg[3] | content broke prefix at byte 14237 | message edited in place")
  }

  @Test func `the server's own count replaces the estimate`() {
    var turn = record()
    turn.usage = Usage(promptTokens: 53_000, cachedTokens: 22_000)
    let text = TurnLine.text(turn, time: "t")
    #expect(text.containsText("| 30k tokens reprocessed | server reused 22k |"))
  }

  @Test func `a first turn claims nothing about a prefix`() {
    var turn = record()
    turn.previousTokens = nil
    turn.verdict = .clean
    #expect(
      TurnLine.text(turn, time: "t")
        == "t a1b2c3d4 turn 13 | first turn | ~53k prompt tokens | clean")
  }

  @Test func `nothing from a request speaks to the terminal`() {
    var turn = record()
    turn.verdict.position?.field = "\u{1B}]0;title\u{7}\u{9B}2J"
    turn.model = "a\u{1B}[2Jb"
    let line = TurnLine.text(turn, time: "t")
    #expect(line.containsText("\\u{1b}]0;title\\u{7}\\u{9b}2J broke prefix"))
    let texts = [line, EvidenceText.text(turn, time: "t")]
    for text in texts {
      let controls = text.unicodeScalars.filter {
        $0.properties.generalCategory == .control && $0 != "\n"
      }
      #expect(controls.isEmpty, "\(text)")
    }
    #expect(!line.contains("\n"))
  }

  @Test func `the shared names come first and unknown is null`() throws {
    let text = line(record())
    #expect(
      text.hasPrefix(
        #"{"ts":"2026-11-18T11:06:40.123Z","session_id":"a1b2c3d4","turn":13,"preserved_prefix_pct":41,"reprocessed_tokens":30680,"total_tokens":53000,"mutated":true,"mutation_index":3,"prev_len":40,"incoming_len":42,"lcp":3,"#
      ))
    #expect(text.containsText(#""cached_tokens":null"#))
    #expect(text.hasSuffix("}\n"))
  }

  @Test func `every line is one JSON object whatever the texts hold`() throws {
    var turn = record()
    turn.agent = "a\"\\\u{1b}[2J\n\u{7f}é"
    let value = try #require(JSONValue(line(turn)))
    #expect(value["agent"]?.string == turn.agent)
    #expect(value["was"]?.string == "a \"q\"")
    #expect(line(turn).split(separator: "\n").count == 1)
  }

  @Test(
    arguments: [
      (0, "0"), (999, "999"), (1200, "1.2k"), (9950, "10k"), (31_400, "31k"), (999_499, "999k"),
      (999_700, "1.0M"), (1_920_000, "1.9M"),
    ])
  func `counts are short`(_ value: Int, _ text: String) {
    #expect(Humanised.count(value) == text)
  }

  @Test(
    arguments: [
      (310, "0.31s"), (2100, "2.1s"), (41_000, "41s"), (62_000, "1m02s"), (21_060_000, "5h51m"),
    ])
  func `durations are short`(_ millis: Int, _ text: String) {
    #expect(Humanised.duration(millis: millis) == text)
  }

  @Test func `a hundred percent means everything and zero means nothing`() {
    #expect(Humanised.percent(0.999) == 99)
    #expect(Humanised.percent(0.001) == 1)
    #expect(Humanised.percent(1) == 100)
    #expect(Humanised.grouped(1_234_567) == "1,234,567")
  }
}
