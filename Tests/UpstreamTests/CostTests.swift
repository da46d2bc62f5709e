import Testing
import Upstream

/// 2026-11-18 12:00 UTC, outside of every peak.
private let noon: Int64 = 1_794_960_000_000 + 43_200_000

private func turn(
  _ model: String, prompt: Int? = nil, read: Int? = nil, written: Int? = nil, hour: Int? = nil,
  output: Int? = nil, saved: Int = 0, received: Int = 0, forwarded: Int = 0
) -> CostInput {
  var input = CostInput(
    model: model, upstream: "default", isLocal: false,
    usage: Usage(
      promptTokens: prompt, cachedTokens: read, writtenTokens: written, writtenHourTokens: hour,
      outputTokens: output))
  input.startedAt = noon
  input.savedTokens = saved
  input.receivedBytes = received
  input.forwardedBytes = forwarded
  return input
}

private func cost(_ turns: CostInput...) -> CostSummary {
  var meter = CostMeter(.standard)
  for turn in turns { meter.add(turn) }
  return meter.summary()
}

private func isClose(_ a: Double, _ b: Double) -> Bool { abs(a - b) < 1e-12 }

@Suite struct CostTests {
  // Claude Opus 5, dollars per million: read 0.50, input 5, output 25, write 6.25 (1 h: 10).
  //
  // turn  uncached    read  written  1 h written  output
  //    1     1,000       0   20,000            0     400
  //    2       500  20,000    2,000            0     600
  //    3       200  22,000        0        1,000     100    9,000 tokens saved by a repair
  //
  // As paid:       1: 0.005  + 0.125          + 0.01  = 0.14
  //                2: 0.0025 + 0.01  + 0.0125 + 0.015 = 0.04
  //                3: 0.001  + 0.011 + 0.01   + 0.0025 = 0.0245
  // Without cache: 1: 21,000 x 5 + 0.01   = 0.115
  //                2: 22,500 x 5 + 0.015  = 0.1275
  //                3: 23,200 x 5 + 0.0025 = 0.1185
  // Agent alone:   1 and 2 as paid; 3: 200 x 5 + 13,000 x 0.5 + 10,000 x 10 + 0.0025 = 0.11
  @Test func `a transcript costs what it costs by hand`() {
    let summary = cost(
      turn("claude-opus-5-20260801", prompt: 21_000, read: 0, written: 20_000, output: 400),
      turn("claude-opus-5-20260801", prompt: 22_500, read: 20_000, written: 2000, output: 600),
      turn(
        "claude-opus-5-20260801", prompt: 23_200, read: 22_000, written: 0, hour: 1000,
        output: 100, saved: 9000))
    #expect(summary.dollars.turns == 3)
    #expect(isClose(summary.dollars.paid, 0.14 + 0.04 + 0.0245))
    #expect(isClose(summary.dollars.withoutCache, 0.115 + 0.1275 + 0.1185))
    #expect(isClose(summary.dollars.agentAlone, 0.14 + 0.04 + 0.11))
    #expect(summary.unpriced.isEmpty)
    #expect(summary.seconds.turns == 0)
  }

  @Test func `usage in the first and in the last event of a stream is counted once`() {
    var reader = UsageReader()
    for text in [
      #"{"type":"message_start","message":{"id":"m","usage":{"input_tokens":1000,"cache_creation_input_tokens":20000,"cache_read_input_tokens":0,"output_tokens":1}}}"#,
      #"{"type":"message_delta","usage":{"input_tokens":1000,"cache_creation_input_tokens":20000,"cache_read_input_tokens":0,"output_tokens":400}}"#,
    ] {
      var text = text
      text.withUTF8 { reader.read(UnsafeRawBufferPointer($0)) }
    }
    var input = turn("claude-opus-5")
    input.usage = reader.usage
    #expect(reader.usage.split == UsageSplit(uncached: 1000, read: 0, written: 20_000))
    #expect(isClose(cost(input).dollars.paid, 0.14))
  }

  @Test func `what Holdfast added to a prompt is not in the cost of the agent alone`() {
    // GPT-5.5: read 0.50, input 5, output 30. A tenth of the forwarded bytes is Holdfast's.
    let summary = cost(
      turn(
        "gpt-5.5", prompt: 10_000, read: 9000, output: 0, saved: 3000, received: 900,
        forwarded: 1000))
    #expect(isClose(summary.dollars.paid, (1000 * 5 + 9000 * 0.5) / 1e6))
    #expect(isClose(summary.dollars.agentAlone, (4000 * 5 + 5000 * 0.5) / 1e6))
    #expect(isClose(summary.dollars.withoutCache, 9000 * 5 / 1e6))
  }

  @Test func `nothing is priced from what was not reported`() {
    let summary = cost(
      turn("claude-opus-5"), turn("claude-opus-5", prompt: 10, output: 1),
      turn("claude-opus-5", prompt: 10, read: 0), turn("nobody-knows", prompt: 10, read: 0),
      turn("glm-5.2", prompt: 10, read: 0, written: 5, output: 1))
    #expect(summary.dollars == CostFigures())
    #expect(
      summary.unpriced == [
        .usageNotReported: 1, .reuseNotReported: 1, .outputNotReported: 1, .unknownModel: 1,
        .writePriceUnpublished: 1,
      ])
  }

  @Test func `a model without a published write price is priced when nothing was written`() {
    let summary = cost(turn("glm-5.2", prompt: 1_000_000, read: 0, output: 0))
    #expect(isClose(summary.dollars.paid, 1.40))
  }

  @Test(arguments: [(0, 1.0), (1, 2), (3, 2), (4, 1), (5, 1), (6, 2), (9, 2), (10, 1), (23, 1)])
  func `peak hours cost their factor`(_ hour: Int, _ factor: Double) {
    var input = turn("deepseek-v4-flash", prompt: 1_000_000, read: 0, output: 0)
    input.startedAt = 1_794_960_000_000 + Int64(hour) * 3_600_000
    #expect(isClose(cost(input).dollars.paid, 0.22 * factor))
  }

  @Test func `long prompts cost their factor, or have no price`() {
    #expect(
      isClose(cost(turn("grok-4.6", prompt: 199_999, read: 0, output: 0)).dollars.paid, 0.399998))
    #expect(isClose(cost(turn("grok-4.6", prompt: 200_000, read: 0, output: 0)).dollars.paid, 0.8))
    #expect(cost(turn("gpt-5.6", prompt: 272_000, read: 0, output: 0)).dollars.turns == 1)
    #expect(
      cost(turn("gpt-5.6", prompt: 272_001, read: 0, output: 0)).unpriced == [.lengthUnpublished: 1]
    )
  }

  // Turn 1: 4,000 of 4,000 tokens in 2 s. Turn 2: 1,000 of 5,000 in 0.5 s, 3,000 of them saved.
  // Turn 3 without a time: 500 of 5,500. Speed: 5,000 tokens in 2.5 s = 2,000 tokens/s.
  @Test func `a local server is paid in seconds at its measured speed`() {
    func local(_ prompt: Int, _ read: Int, _ millis: Double?, saved: Int = 0) -> CostInput {
      var input = turn("claude-opus-5", prompt: prompt, read: read, output: 9, saved: saved)
      input.isLocal = true
      input.usage.promptMillis = millis
      return input
    }
    let summary = cost(
      local(4000, 0, 2000), local(5000, 4000, 500, saved: 3000), local(5500, 5000, nil))
    #expect(summary.dollars.turns == 0)
    #expect(summary.seconds.turns == 3)
    #expect(isClose(summary.seconds.paid, 2 + 0.5 + 0.25))
    #expect(isClose(summary.seconds.withoutCache, 2.75 + 2 + 2.5))
    #expect(isClose(summary.seconds.agentAlone, 2.75 + 1.5))
    #expect(cost(local(5500, 5000, nil)).unpriced == [.speedNotMeasured: 1])
  }

  @Test func `the parts of a prompt add up to it whatever was reported`() {
    let usage = Usage(promptTokens: 10, cachedTokens: 8, writtenTokens: 8, writtenHourTokens: 8)
    #expect(usage.split == UsageSplit(uncached: 0, read: 8, written: 2))
    #expect(Usage(promptTokens: 5, cachedTokens: 9).split?.prompt == 5)
    #expect(Usage(promptTokens: 5, cachedTokens: 2).split == UsageSplit(uncached: 3, read: 2))
    #expect(Usage(promptTokens: 5).split == nil)
    #expect(UsageSplit(uncached: 1, read: 2, written: 1).hitShare == 0.5)
  }
}
