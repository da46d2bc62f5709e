import Prefix
import Testing
import Upstream

@testable import Engine

private func evidence(
  _ kind: ServerKind, model: String = "m", kept: Int = 5000, of previous: Int = 5000,
  generated: Int = 0, predicted: Int? = nil, reported: Int, isEstimate: Bool = false,
  idleMinutes: UInt64? = 1, marks: [PrefixMark] = [], breakpoints: [PrefixMark] = []
) -> ServerVerdict.Evidence {
  let idle = idleMinutes.map { $0 * 60_000 }
  let query = HitQuery(
    kept: kept, previous: previous, generated: generated, prompt: previous + 800, now: idle ?? 0,
    marks: marks, breakpoints: breakpoints)
  let hits = HitModel(kind, model: model)
  return ServerVerdict.Evidence(
    model: hits, query: query, predicted: predicted ?? hits.predicted(query), reported: reported,
    isEstimate: isEstimate, idleMillis: idle, promptTokens: query.prompt)
}

private func mark(_ tokens: Int, blocks: Int = 0, lifetime: UInt64? = nil) -> PrefixMark {
  PrefixMark(
    bytes: tokens * 4, tokens: tokens, blocks: blocks, usedAt: 0, lifetimeMillis: lifetime)
}

@Suite struct ServerVerdictTests {
  @Test func `a report as predicted, or better, needs no reason`() {
    #expect(ServerVerdict.judge(evidence(.llamaCpp, reported: 5000)) == nil)
    #expect(ServerVerdict.judge(evidence(.llamaCpp, reported: 4990)) == nil)
    #expect(ServerVerdict.judge(evidence(.llamaCpp, kept: 100, reported: 4000)) == nil)
  }

  @Test func `a small difference to an estimate proves nothing`() {
    #expect(
      ServerVerdict.judge(evidence(.llamaCpp, kept: 2000, reported: 1800, isEstimate: true)) == nil)
    #expect(
      ServerVerdict.judge(evidence(.llamaCpp, kept: 2000, reported: 1000, isEstimate: true)) != nil)
  }

  @Test func `other beta features than before explain what was lost, but not a lapse`() {
    var lost = evidence(.anthropic, predicted: 5000, reported: 0)
    lost.changesFeatures = true
    #expect(ServerVerdict.judge(lost)?.cause == .knob)
    lost.changesFeatures = false
    #expect(ServerVerdict.judge(lost)?.cause == .otherReplica)
  }

  @Test func `a restart explains everything`() {
    var lost = evidence(.llamaCpp, reported: 0)
    lost.othersMeanwhile = 3
    lost.wasRestarted = true
    #expect(ServerVerdict.judge(lost)?.cause == .serverRestarted)
  }

  @Test func `other sessions in between took the slot, and their number is told`() throws {
    var lost = evidence(.llamaCpp, reported: 26)
    lost.othersMeanwhile = 2
    let verdict = try #require(ServerVerdict.judge(lost))
    #expect(verdict.cause == .slotTaken)
    #expect(verdict.detail.contains("2 turns"))
  }

  @Test func `without any evidence the reason is unknown`() {
    #expect(ServerVerdict.judge(evidence(.llamaCpp, reported: 26))?.cause == .serverUnknown)
    #expect(ServerVerdict.judge(evidence(.vLLM, reported: 0))?.cause == .serverUnknown)
    #expect(ServerVerdict.judge(evidence(.openAI, reported: 0))?.cause == .otherReplica)
  }

  @Test func `a count just in front of an earlier prompt's end is a checkpoint`() {
    let lost = evidence(
      .llamaCpp, kept: 4800, reported: 3996, marks: [mark(4000), mark(4700)])
    #expect(ServerVerdict.judge(lost)?.cause == .checkpointRollback)
  }

  @Test func `only the newest answer missing is the template's doing`() {
    var lost = evidence(.llamaCpp, generated: 301, reported: 5000)
    lost.echo = .same
    lost.wholeEcho = 300
    lost.predicted = 5300
    #expect(ServerVerdict.judge(lost)?.cause == .templateRerendered)
  }

  @Test func `a template that was seen to rewrite history explains a larger loss`() {
    var lost = evidence(.llamaCpp, reported: 900)
    lost.othersMeanwhile = 1
    lost.templateRewritesHistory = true
    #expect(ServerVerdict.judge(lost)?.cause == .templateRerendered)
  }

  @Test func `an answer that the agent changed is named as evidence`() throws {
    var lost = evidence(.llamaCpp, generated: 300, reported: 4800)
    lost.echo = .changed
    let verdict = try #require(ServerVerdict.judge(lost))
    #expect(verdict.detail.contains("agent"))
  }

  @Test func `a lapsed lifetime is told even where the prediction allowed for it`() {
    let lifetime = BreakpointHits.shortLifetimeMillis
    let lost = evidence(
      .anthropic, model: "claude-sonnet-5", reported: 0, idleMinutes: 9,
      marks: [mark(4000, blocks: 9, lifetime: lifetime)], breakpoints: [mark(5500, blocks: 12)])
    #expect(lost.predicted == 0)
    #expect(ServerVerdict.judge(lost)?.cause == .lifetimeLapsed)
    let early = evidence(
      .anthropic, model: "claude-sonnet-5", reported: 0, idleMinutes: 2,
      marks: [mark(4000, blocks: 9, lifetime: lifetime)], breakpoints: [mark(5500, blocks: 12)])
    #expect(ServerVerdict.judge(early)?.cause == .otherReplica)
  }

  @Test func `a prompt below the minimum is not cached`() {
    let short = evidence(.openAI, kept: 900, of: 900, reported: 0)
    var below = short
    below.promptTokens = 1000
    #expect(ServerVerdict.judge(below)?.cause == .belowMinimum)
  }

  @Test func `a request without a breakpoint in reach is no fault of the server`() {
    let none = evidence(
      .anthropic, model: "claude-sonnet-5", reported: 0, marks: [mark(4000, blocks: 9)])
    #expect(ServerVerdict.judge(none) == nil)
  }
}
