public import Dashboard
public import Prefix
import Prompt
public import Turns
import Upstream

/// A fixed afternoon with four agents: the same events for frame tests, for terminal tests and for
/// looking at the screens.
public enum Story {
  /// 2026-11-21 14:03:22 UTC.
  public static let now: Int64 = 1_795_269_802_000
  public static let claude = SessionID(raw: 0xa1b2_c3d4)
  public static let opencode = SessionID(raw: 0x9f00_e1aa)
  public static let codex = SessionID(raw: 0x77ab_1c02)
  public static let aider = SessionID(raw: 0x05de_77f1)

  public static func options(
    ascii: Bool = false, readOnly: Bool = false, canPin: Bool = true,
    hasLedger: Bool = true
  ) -> DashboardOptions {
    DashboardOptions(
      listenAddress: "127.0.0.1:8089", ascii: ascii, readOnly: readOnly, canPin: canPin,
      hasLedger: hasLedger)
  }

  public static let upstreamUp = TurnEvent.upstream(
    UpstreamStatus(
      name: "local", address: "127.0.0.1:8080", kind: .llamaCpp, state: .up, connectMillis: 3))

  public static let load = ProxyLoad(median: 0.000_042, high: 0.001_3)

  public static func upstreamDown(since: Int64) -> TurnEvent {
    .upstream(
      UpstreamStatus(
        name: "local", address: "127.0.0.1:8080", kind: .llamaCpp,
        state: .down(since: since, reason: "connection refused", failedRequests: 3)))
  }

  public static func events() -> [TurnEvent] {
    var turns: [(secondsAgo: Int, events: [TurnEvent])] = []
    func add(_ session: SessionID, _ turn: Int, _ secondsAgo: Int, broke: Bool = false) {
      turns.append((secondsAgo, whole(session, turn, secondsAgo: secondsAgo, broke: broke)))
    }
    for turn in 31...46 { add(claude, turn, (47 - turn) * 71 + 31, broke: turn == 33) }
    for turn in 1...12 { add(opencode, turn, (12 - turn) * 63 + 38) }
    for turn in 196...202 { add(codex, turn, (203 - turn) * 77 + 6, broke: turn % 3 == 0) }
    for turn in 1...9 { add(aider, turn, (9 - turn) * 40 + 720) }
    // Sessions keep the order in which they arrived.
    var events = [upstreamUp] + turns.sorted { $0.secondsAgo > $1.secondsAgo }.flatMap(\.events)
    var slow = codexBreak(turn: 203, at: now - 6_400)
    slow.state = .waiting
    slow.usage = Usage()
    events.append(.started(slow))
    var live = held(turn: 47, at: now - 2_100)
    live.state = .waiting
    live.usage = Usage()
    events.append(.started(live))
    events.append(.firstByte(session: claude, turn: 47, afterMillis: 310))
    return events
  }

  public static func state(
    size: Size, ascii: Bool = false, canPin: Bool = true, readOnly: Bool = false,
    hasLedger: Bool = true, events: [TurnEvent] = Story.events()
  ) -> DashboardState {
    var state = DashboardState(
      options: options(
        ascii: ascii, readOnly: readOnly, canPin: canPin, hasLedger: hasLedger), size: size,
      startedAt: now - 21_060_000)
    for event in events { _ = state.reduce(.event(event), now: now) }
    state.catchUp()
    return state
  }

  // MARK: Turns

  /// Started and finished.
  public static func whole(_ session: SessionID, _ turn: Int, secondsAgo: Int, broke: Bool = false)
    -> [TurnEvent]
  {
    let at = now - Int64(secondsAgo) * 1_000
    let done: TurnRecord
    switch session {
    case claude: done = broke ? held(turn: turn, at: at) : clean(session, turn, at: at)
    case codex: done = broke ? codexBreak(turn: turn, at: at) : clean(session, turn, at: at)
    default: done = clean(session, turn, at: at)
    }
    var started = done
    started.state = .waiting
    started.usage = Usage()
    return [.started(started), .finished(done)]
  }

  /// A turn without a map, for large numbers of them.
  public static func plain(_ session: SessionID, _ turn: Int) -> TurnRecord {
    var record = base(session, turn, at: now)
    record.previousTokens = TokenCount(1_000, estimated: false)
    record.keptTokens = TokenCount(1_000, estimated: false)
    return record
  }

  public static func clean(_ session: SessionID, _ turn: Int, at: Int64) -> TurnRecord {
    var record = base(session, turn, at: at)
    let prompt = 20_000 + turn * 600
    record.blockCount = turn * 2
    record.previousTokens = turn == 1 ? nil : TokenCount(prompt - 600, estimated: false)
    record.promptTokens = TokenCount(prompt, estimated: true)
    record.keptTokens = record.previousTokens ?? TokenCount(0, estimated: false)
    record.keptForwardedTokens = record.keptTokens
    record.reprocessedTokens = TokenCount(0, estimated: false)
    record.reprocessedForwardedTokens = TokenCount(0, estimated: false)
    if session != aider {
      let cached = turn == 1 ? 0 : prompt - 600 - (turn * 37 % 60)
      record.usage = Usage(
        promptTokens: prompt, cachedTokens: cached, outputTokens: 200 + turn,
        promptMillis:
          Double(prompt - cached) * 0.3, generationMillis: Double(200 + turn) * 26)
    } else {
      record.usage = Usage(promptTokens: prompt, outputTokens: 120)
    }
    record.map = map(messages: 10 + turn, changed: nil, held: false)
    var zones = PromptZones()
    zones.prefix = .init(bytes: 13_000, tokens: 3_250, hash: 0x5A17)
    zones.log = .init(bytes: prompt * 4 - 15_000, tokens: prompt - 3_850, hash: UInt32(turn))
    zones.tail = .init(bytes: 2_400, tokens: 600, hash: UInt32(turn))
    record.zones = zones
    return record
  }

  public static func held(turn: Int, at: Int64) -> TurnRecord {
    var record = clean(claude, turn, at: at)
    let previous = record.previousTokens?.value ?? 0
    record.mode = .hold
    record.keptTokens = TokenCount(previous * 8 / 100, estimated: true)
    record.reprocessedTokens = TokenCount(previous * 92 / 100, estimated: true)
    record.verdict = Verdict(
      cause: .contentShape, tier: .lossless, position: position(turn),
      was: "func reconcile(_ a: [Block]) {", now: "1| func reconcile(_ a: [Block]) {",
      detail: "Line numbers were added in front of each line; same role, same id, +412 bytes.")
    record.pin = .held
    record.zones?.changes = .log
    record.unpinTokens = record.reprocessedTokens
    record.map = map(messages: 10 + turn, changed: 3, held: true)
    record.detail = detail(previousTurn: turn - 1)
    return record
  }

  public static func codexBreak(turn: Int, at: Int64) -> TurnRecord {
    var record = clean(codex, turn, at: at)
    let previous = record.previousTokens?.value ?? 0
    record.keptTokens = TokenCount(previous * 4 / 100, estimated: true)
    record.keptForwardedTokens = record.keptTokens
    record.reprocessedTokens = TokenCount(previous * 96 / 100, estimated: true)
    record.reprocessedForwardedTokens = record.reprocessedTokens
    record.usage.cachedTokens = previous * 4 / 100
    record.usage.promptMillis = Double(previous) * 0.29
    record.verdict = Verdict(
      cause: .clock, tier: .moved,
      position: Position(
        group: .system, kind: .system, index: 0, path: "messages[0].content", field: "content",
        bodyOffset: 412, blockOffset: 371),
      was: "Current time: 2026-11-21T14:01:58Z", now: "Current time: 2026-11-21T14:03:15Z")
    record.map = map(messages: 60, changed: -1, held: false)
    record.detail = BreakDetail(
      hunks: [
        BreakDetail.Hunk(
          beforeOffset: 412, afterOffset: 412,
          before: Array("Current time: 2026-11-21T14:01:58Z. Work in".utf8),
          after: Array("Current time: 2026-11-21T14:03:15Z. Work in".utf8), context: 28)
      ], hunkCount: 1, beforeBlockBytes: 2_310, afterBlockBytes: 2_310, previousTurn: turn - 1)
    return record
  }

  public static func position(_ turn: Int) -> Position {
    Position(
      group: .messages, kind: .toolResult, index: 3, path: "messages[3].content[0].text",
      field: "content", bodyOffset: 18_204, blockOffset: 1_402)
  }

  public static func detail(previousTurn: Int) -> BreakDetail {
    let lines = [
      "func reconcile(_ a: [Block]) {", "    let n = lcp(a, b)", "    guard n < a.count else {",
      "        return a",
    ]
    let hunks = lines.enumerated().map { index, line in
      BreakDetail.Hunk(
        beforeOffset: 18_204 + index * 34, afterOffset: 18_204 + index * 41,
        before: Array("\"text\": \"\(line)\\n".utf8),
        after: Array("\"text\": \"    \(index + 1)| \(line)\\n".utf8), context: 9)
    }
    return BreakDetail(
      hunks: hunks, hunkCount: 23, beforeBlockBytes: 9_310, afterBlockBytes: 9_722,
      previousTurn: previousTurn, before: block(numbered: false), after: block(numbered: true))
  }

  /// The tool result that `detail` is about, cut in front and behind.
  private static func block(numbered: Bool) -> BlockText {
    let code = [
      "func reconcile(_ a: [Block]) {", "    let n = lcp(a, b)", "    guard n < a.count else {",
      "        return a", "    }", "    let rest = Array(b[n...])",
      "    // What was there stays; only what is behind it is looked at again.",
      "    return Array(a[..<n]) + rest.map { block in block.isOld ? block : renamed(block) }", "}",
    ]
    let head = #"{"role":"tool","tool_call_id":"call_81","content":"Sources/Prefix.swift\n\n"#
    let lines = code.enumerated().map { numbered ? "    \($0 + 1)| \($1)" : $1 }
    let text = head + lines.joined(separator: "\\n") + "\\n"
    return BlockText(
      bytes: Array(text.utf8), start: 1_330, rest: 7_400, mark: head.utf8.count)
  }

  /// `changed`: index of the changed message, -1 for the system block.
  public static func map(messages: Int, changed: Int?, held: Bool) -> PromptMap {
    var entries: [PromptMap.Entry] = []
    func add(_ kind: BlockKind, _ group: BlockGroup, _ index: Int, _ length: Int) {
      let isNew = group == .messages && index >= messages - 2
      var agent: BlockState = isNew ? .new : .kept
      var forwarded = agent
      if let changed, !isNew {
        let isChanged = group == .messages ? index == changed : (group == .system && changed == -1)
        let isBehind = group == .messages && index > changed
        if isChanged { agent = .changed } else if isBehind { agent = .lost }
        if !held { forwarded = agent }
      }
      entries.append(
        PromptMap.Entry(
          kind: kind, agent: agent, forwarded: forwarded, length: UInt32(length), group: group,
          index: UInt32(index)))
    }
    for index in 0..<4 { add(.tool, .tools, index, 2_100) }
    add(.system, .system, 0, 4_600)
    for index in 0..<messages {
      let kind: BlockKind = index % 9 == 0 ? .user : (index % 3 == 1 ? .assistant : .toolResult)
      add(kind, .messages, index, kind == .toolResult ? 4_200 : (index % 5) * 160 + 300)
    }
    return PromptMap(entries: entries)
  }

  private static func base(_ session: SessionID, _ turn: Int, at: Int64) -> TurnRecord {
    var record = TurnRecord(session: session, turn: turn, dialect: .openAIChat, startedAt: at)
    switch session {
    case claude:
      record.agent = "claude-code"
      record.model = "qwen3-coder-30b"
      record.mode = .hold
    case opencode:
      record.agent = "opencode"
      record.model = "qwen3-coder-30b"
    case codex:
      record.agent = "codex"
      record.model = "gpt-oss-120b"
    default:
      record.agent = "aider"
      record.model = "qwen3-coder-30b"
      record.mode = .safe
    }
    record.upstream = "local"
    record.state = .done
    record.status = 200
    record.firstByteMillis = 310
    record.totalMillis = 5_400
    record.receivedBytes = 217_088
    record.forwardedBytes = 217_088
    return record
  }
}
