import Testing

@testable import Simulator

@Suite struct ReplyProgressTests {
  static func progress(prompt: Int, cached: Int, reply: Int = 10) -> ReplyProgress {
    ReplyProgress(
      promptTokens: prompt, cachedTokens: cached, replyTokens: reply, startMillis: 1_000,
      prefillTokensPerSecond: 1_000, generationTokensPerSecond: 100)
  }

  @Test func `only uncached tokens take time`() {
    #expect(Self.progress(prompt: 5_000, cached: 4_000).promptMillis == 1_000)
    #expect(Self.progress(prompt: 5_000, cached: 0).promptMillis == 5_000)
  }

  @Test func `a prompt is finished batch by batch`() {
    var progress = Self.progress(prompt: 5_000, cached: 0)
    #expect(progress.advance(to: 2_000) == .init())
    #expect(progress.advance(to: 3_048).batches == [2_048])
    #expect(progress.advance(to: 5_999).batches == [4_096])
    let last = progress.advance(to: 6_000)
    #expect(last.batches == [5_000])
    #expect(last.finishedPrompt)
    #expect(last.steps.isEmpty)
  }

  @Test func `tokens become due one after the other`() {
    var progress = Self.progress(prompt: 100, cached: 99)
    #expect(progress.advance(to: 1_001).finishedPrompt)
    #expect(progress.advance(to: 1_036).steps == 0..<3)
    #expect(progress.advance(to: 1_036).steps == 3..<3)
    let last = progress.advance(to: 9_000)
    #expect(last.steps == 3..<10)
    #expect(last.isFinished)
  }

  @Test func `the delay leads to the next event and is never zero`() {
    var progress = Self.progress(prompt: 3_000, cached: 0)
    var now: UInt64 = 1_000
    var rounds = 0
    while rounds < 1_000 {
      rounds += 1
      if progress.advance(to: now).isFinished { break }
      let delay = progress.delay(from: now)
      #expect(delay > 0)
      now += delay
    }
    #expect(rounds < 30)
    #expect(now >= 1_000 + 3_000 + 100)
  }

  @Test func `a speed of zero takes no time`() {
    var progress = ReplyProgress(
      promptTokens: 10_000, cachedTokens: 0, replyTokens: 5, startMillis: 0,
      prefillTokensPerSecond: 0, generationTokensPerSecond: 0)
    #expect(progress.advance(to: 0).isFinished)
  }
}
