public import Dashboard
public import Prefix
import Prompt
public import Turns
import Upstream

extension Story {
  /// A session of yesterday with 412 turns, every fifth of which broke.
  public static let yesterday = SessionID(raw: 0x51ab_77e0)
  public static let storedTurnCount = 412

  /// What a ledger with a few sessions answers.
  public static func answer(_ request: ArchiveRequest) -> ArchiveAnswer {
    switch request {
    case .count: .count(storedSessions.count)
    case .sessions: .sessions(storedSessions)
    case .turns(let page): .turns(page, storedTurns(page))
    case .costs(let dayStart):
      .costs(day: costs(turns: 40, from: dayStart), all: costs(turns: 4_000, from: dayStart))
    }
  }

  public static var storedSessions: [StoredSession] {
    let named: [(SessionID, String, String, Int, Int64)] = [
      (claude, "claude-code", "qwen3-coder-30b", 47, 2),
      (yesterday, "claude-code", "claude-sonnet-4-6", storedTurnCount, 86_400),
      (SessionID(raw: 0x2c80_91d3), "opencode", "qwen3-coder-30b", 88, 93_000),
      (SessionID(raw: 0x0e44_aa17), "", "deepseek-chat", 3, 1_200_000),
    ]
    return named.map { id, agent, model, turns, secondsAgo in
      var session = StoredSession(
        key: SessionKey(run: 7, session: id), firstSeen: now - (secondsAgo + 9_000) * 1_000,
        lastSeen: now - secondsAgo * 1_000, agent: agent, model: model, upstream: "local",
        workspace: "reconcile", mode: id == yesterday ? .hold : .off)
      session.totals.turns = turns
      session.totals.reportedTurns = agent.isEmpty ? 0 : turns
      session.totals.breaks = turns / 5
      session.totals.uncachedTokens = agent.isEmpty ? 0 : turns * 700
      session.totals.readTokens = agent.isEmpty ? 0 : turns * 21_000
      session.totals.computedAgainTokens = turns * 90
      return session
    }
  }

  /// Turns 1...412 of the session of yesterday; those in front of the memory for the others.
  public static func storedTurns(_ page: TurnPage) -> [StoredTurn] {
    let last = page.session == yesterday ? storedTurnCount : 46
    let turns: [Int] =
      switch page.edge {
      case .before(let turn): Array((1...last).filter { $0 < turn }.suffix(page.limit))
      case .after(let turn): Array((1...last).filter { $0 > turn }.prefix(page.limit))
      }
    return turns.map { turn in
      let at = now - Int64(86_400 + (last - turn) * 70) * 1_000
      var record = turn % 5 == 0 ? held(turn: turn, at: at) : clean(claude, turn, at: at)
      record.session = page.session
      record.map = nil
      record.detail = nil
      record.verdict.was = ""
      record.verdict.now = ""
      return StoredTurn(run: 7, record: record)
    }
  }

  private static func costs(turns: Int, from: Int64) -> CostBreakdown {
    var costs = CostBreakdown(prices: .standard)
    for turn in 1...turns {
      let isPaid = turn % 3 == 0
      var record = clean(claude, turn % 60 + 2, at: from)
      if isPaid {
        record.model = "claude-sonnet-4-6"
        record.upstream = "anthropic"
        record.usage.writtenTokens = 600
        record.usage.promptMillis = nil
      }
      costs.add(record, isLocal: !isPaid)
    }
    return costs
  }

  /// A turn of a paid API that pinning held.
  public static func paidTurns() -> [TurnEvent] {
    let status = UpstreamStatus(
      name: "anthropic", address: "api.anthropic.com:443", kind: .anthropic, state: .up,
      connectMillis: 24)
    let turns = (1...6).flatMap { turn -> [TurnEvent] in
      var record = clean(yesterday, turn, at: now - Int64(7 - turn) * 40_000)
      if turn == 4 {
        record = held(turn: turn, at: record.startedAt)
        record.session = yesterday
      }
      record.agent = "claude-code"
      record.model = turn == 6 ? "house-model" : "claude-sonnet-4-6"
      record.upstream = "anthropic"
      record.usage.writtenTokens = 600
      record.usage.promptMillis = nil
      return [.finished(record)]
    }
    return [.upstream(status)] + turns
  }

  /// Three subagents of the first session, one of which has one of its own.
  public static func subagents() -> [TurnEvent] {
    var parent = claude
    return [0x1111_0001, 0x1111_0002, 0x1111_0003].enumerated().flatMap { place, raw in
      var record = clean(SessionID(raw: UInt32(raw)), 3, at: now - 50_000)
      record.agent = "claude-code"
      record.model = "qwen3-coder-30b"
      record.parent = parent
      if place == 0 { parent = claude } else { parent = record.session }
      return [TurnEvent.finished(record)]
    }
  }

  /// A server that says what its slots hold.
  public static var upstreamWithSlots: TurnEvent {
    var status = UpstreamStatus(
      name: "local", address: "127.0.0.1:8080", kind: .llamaCpp, state: .up, connectMillis: 3)
    status.build = "b6500-1a2b3c4d"
    status.windows = [.init(model: "", tokens: 131_072)]
    status.slotCount = 4
    status.slots = [
      SlotState(
        id: 0, isBusy: true, windowTokens: 131_072, task: 91, tokens: 48_200,
        processedTokens: 112, cachedTokens: 48_088),
      SlotState(
        id: 1, isBusy: true, windowTokens: 131_072, task: 92, tokens: 141_000,
        processedTokens: 30_720, cachedTokens: 5_600),
      SlotState(id: 2, isBusy: false, windowTokens: 131_072, task: 80, tokens: 27_200),
      SlotState(id: 3, isBusy: false, windowTokens: 131_072),
    ]
    return .upstream(status)
  }
}
