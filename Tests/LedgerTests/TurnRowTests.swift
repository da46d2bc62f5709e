import Prefix
import Prompt
import Testing
import Turns
import Upstream

@testable import Ledger
@testable import LedgerTestWriter

@Suite struct TurnRowTests {
  private func full() -> StoredTurn {
    var record = TurnRecord(
      session: SessionID(raw: .max), turn: 7, dialect: .openAIResponses,
      startedAt: 1_795_000_000_123)
    record.parent = SessionID(raw: 3)
    record.isSideCall = true
    record.agent = "a\u{0}b \"é\""
    record.model = ""
    record.upstream = "u"
    record.mode = .hold
    record.state = .aborted
    record.status = 499
    record.failure = "f"
    record.addedMicros = 10
    record.firstByteMillis = 11
    record.totalMillis = 12
    record.receivedBytes = 13
    record.forwardedBytes = 14
    record.blockCount = 15
    record.previousMessages = 16
    record.incomingMessages = 17
    record.commonMessages = 18
    record.previousTokens = TokenCount(19, estimated: true)
    record.promptTokens = TokenCount(20, estimated: false)
    record.keptTokens = TokenCount(21, estimated: true)
    record.keptForwardedTokens = TokenCount(22, estimated: false)
    record.reprocessedTokens = TokenCount(23, estimated: true)
    record.reprocessedForwardedTokens = TokenCount(24, estimated: false)
    record.predictedTokens = TokenCount(25, estimated: true)
    record.usage = Usage(
      promptTokens: 100, cachedTokens: 26, writtenTokens: 27, writtenHourTokens: 28,
      outputTokens: 29, promptMillis: 30.5, generationMillis: 31.25)
    record.verdict = Verdict(
      cause: .clock, tier: .moved,
      position: Position(
        group: .system, kind: .system, index: 2, path: "system[2].text", field: "text",
        bodyOffset: 32, blockOffset: 33))
    record.serverCause = .slotTaken
    record.pin = .refused("why")
    return StoredTurn(
      run: .max, record: record, server: .llamaCpp, isLocal: true, workspace: "w",
      sections: PromptSections(knobs: 5, tools: 1, system: 2, messages: 3, new: 4))
  }

  private func stored(_ turn: StoredTurn) throws -> StoredTurn? {
    let scratch = ScratchLedger()
    try scratch.store().write([turn])
    return try scratch.turns().first
  }

  @Test func `every field comes back as it was written`() throws {
    let written = full()
    let read = try #require(try stored(written))
    // Both without the fields that are not stored, which are empty here.
    #expect(String(describing: read) == String(describing: written))
  }

  @Test func `what is unknown is NULL and comes back as unknown`() throws {
    var turn = full()
    turn.record.usage = Usage()
    turn.record.previousTokens = nil
    turn.record.predictedTokens = nil
    turn.record.status = nil
    turn.record.parent = nil
    turn.record.verdict = .clean
    turn.record.pin = .untouched
    turn.sections = nil
    turn.workspace = nil
    let scratch = ScratchLedger()
    try scratch.store().write([turn])
    let read = try #require(try scratch.turns().first)
    #expect(String(describing: read) == String(describing: turn))
    let database = try Database(path: scratch.path, access: .readOnly, busyMillis: 0)
    #expect(
      try database.integer(
        """
        SELECT count(*) FROM turns WHERE uncached_tokens IS NULL AND read_tokens IS NULL
          AND written_5m_tokens IS NULL AND written_1h_tokens IS NULL AND output_tokens IS NULL
        """, .read) == 1)
  }

  @Test func `a reported zero is not unknown`() throws {
    var turn = full()
    turn.record.usage = Usage(promptTokens: 0, cachedTokens: 0, outputTokens: 0)
    let read = try #require(try stored(turn))
    #expect(read.record.usage.cachedTokens == 0)
    #expect(read.record.usage.split == UsageSplit(uncached: 0, read: 0))
  }

  @Test(arguments: Cause.allCases)
  func `every cause has a name that is read back`(_ cause: Cause) {
    #expect(Names.cause(Names.name(cause)) == cause)
  }

  @Test func `a cause of a later version is told, not guessed`() throws {
    let scratch = ScratchLedger()
    try scratch.store().write([full()])
    do {
      let database = try Database(path: scratch.path, access: .readWrite, busyMillis: 0)
      try database.execute("UPDATE turns SET cause = 'moonPhase'", .write)
    }
    let verdict = try scratch.turns().first?.record.verdict
    #expect(verdict?.cause == Cause.none)
    #expect(verdict?.detail == "a cause of a later version: moonPhase")
  }

  @Test func `hostile numbers and texts in the file are read without a trap`() throws {
    let scratch = ScratchLedger()
    try scratch.store().write([full()])
    do {
      let database = try Database(path: scratch.path, access: .readWrite, busyMillis: 0)
      try database.execute(
        """
        UPDATE turns SET turn = -5, started_at = 9223372036854775807, read_tokens = -1,
          prompt_tokens = 9223372036854775807, reported_prompt_tokens = 9223372036854775807,
          uncached_tokens = 9223372036854775807, output_tokens = 9223372036854775807,
          reprocessed_tokens = 9223372036854775807, reprocessed_forwarded_tokens = -9,
          computed_again_tokens = 9223372036854775807, prompt_ms = 1e308, status = 'x',
          dialect = X'FF', mode = 7, block_group = 'nowhere', session = -1
        """, .write)
    }
    let turn = try #require(try scratch.turns().first)
    var costs = CostBreakdown(prices: .standard)
    for _ in 0..<100 { costs.add(turn.record, isLocal: true) }
    #expect(costs.totals.turns == 100)
    _ = try LedgerReader(path: scratch.path).sessions()
  }
}
