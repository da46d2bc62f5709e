import Prefix
import Prompt
import Turns
import Upstream

/// Events with everything in them drawn at random, the same for the same seed.
struct RandomEvents {
  private var state: UInt64

  init(seed: UInt64) { state = seed &* 2 &+ 1 }

  mutating func next() -> UInt64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return state >> 33
  }

  private mutating func number(_ limit: Int = 1 << 31) -> Int { Int(next()) % limit }

  private mutating func chance() -> Bool { next() & 1 == 0 }

  private mutating func pick<Value>(_ values: [Value]) -> Value {
    values[Int(next()) % values.count]
  }

  private mutating func text() -> String {
    let alphabet: [Unicode.Scalar] = [
      "a", "Z", "0", " ", "\"", "\\", "/", "\n", "\u{0}", "\u{1B}", "\u{7F}", "\u{85}", "é",
      "\u{2028}", "\u{202E}", "😀", "{", "}", "[", "]", ",", ":",
    ]
    var text = String.UnicodeScalarView()
    for _ in 0..<number(12) { text.append(pick(alphabet)) }
    return String(text)
  }

  private mutating func bytes() -> [UInt8] {
    (0..<number(30)).map { _ in UInt8(truncatingIfNeeded: next()) }
  }

  private mutating func maybe<Value>(_ make: (inout RandomEvents) -> Value) -> Value? {
    chance() ? make(&self) : nil
  }

  private mutating func zones() -> PromptZones {
    func zone(_ random: inout RandomEvents) -> PromptZones.Zone {
      PromptZones.Zone(
        bytes: random.number(), tokens: random.number(),
        hash: UInt32(truncatingIfNeeded: random.next()))
    }
    var zones = PromptZones()
    zones.prefix = zone(&self)
    zones.log = zone(&self)
    zones.tail = zone(&self)
    zones.changes = PromptZones.Changes(rawValue: UInt8(number(4)))
    return zones
  }

  private mutating func session() -> SessionID {
    SessionID(raw: UInt32(truncatingIfNeeded: next()))
  }

  private mutating func tokens() -> TokenCount { TokenCount(number(), estimated: chance()) }

  private mutating func millis() -> Double { Double(number(1 << 20)) / 128 }

  mutating func record() -> TurnRecord {
    var record = TurnRecord(
      session: session(), turn: number(), dialect: pick(Dialect.allCases),
      startedAt: Int64(number()) * 1000)
    record.parent = maybe { $0.session() }
    record.isSideCall = chance()
    record.agent = text()
    record.model = text()
    record.upstream = text()
    record.mode = pick(PinMode.allCases)
    record.state = pick([.waiting, .streaming, .done, .failed, .aborted])
    record.addedMicros = maybe { $0.number() }
    record.firstByteMillis = maybe { $0.number() }
    record.totalMillis = maybe { $0.number() }
    record.status = maybe { $0.number(600) }
    record.failure = maybe { $0.text() }
    record.receivedBytes = number()
    record.forwardedBytes = number()
    record.blockCount = number()
    record.previousMessages = number()
    record.incomingMessages = number()
    record.commonMessages = number()
    record.previousTokens = maybe { $0.tokens() }
    record.promptTokens = tokens()
    record.keptTokens = tokens()
    record.keptForwardedTokens = tokens()
    record.reprocessedTokens = tokens()
    record.reprocessedForwardedTokens = tokens()
    record.predictedTokens = maybe { $0.tokens() }
    record.usage = Usage(
      promptTokens: maybe { $0.number() }, cachedTokens: maybe { $0.number() },
      writtenTokens: maybe { $0.number() }, writtenHourTokens: maybe { $0.number() },
      outputTokens: maybe { $0.number() }, promptMillis: maybe { $0.millis() },
      generationMillis: maybe { $0.millis() })
    record.verdict = verdict()
    record.serverDetail = text()
    record.echo = maybe { $0.pick([.same, .sameMeaning, .reasoningMissing, .changed, .absent]) }
    record.serverCause = maybe { $0.pick(Cause.allCases) }
    record.pin = pick([.untouched, .held, .refused(text()), .rebased(text())])
    record.repairs = RepairSet(rawValue: UInt32(truncatingIfNeeded: next()))
    record.repaired = RepairSet(rawValue: UInt32(truncatingIfNeeded: next()))
    record.heldTokens = tokens()
    record.unpinTokens = tokens()
    record.zones = maybe { $0.zones() }
    record.hitDrop = maybe { $0.number() }
    record.pinTotals.turns = number()
    record.pinTotals.asSent = number()
    record.pinTotals.asForwarded = number()
    record.pinTotals.computed = number()
    record.pinTotals.held = number()
    record.pinStatus = pick([.unproven, .working, .notWorking(text())])
    record.map = maybe { random in
      PromptMap(entries: (0..<random.number(9)).map { _ in random.entry() })
    }
    record.detail = maybe { $0.detail() }
    return record
  }

  private mutating func verdict() -> Verdict {
    Verdict(
      cause: pick(Cause.allCases), tier: pick([.lossless, .moved, .restored, .never]),
      position: maybe { random in
        Position(
          group: random.pick(BlockGroup.allCases), kind: random.pick(BlockKind.allCases),
          index: random.number(), path: random.text(), field: random.text(),
          bodyOffset: random.number(), blockOffset: random.number())
      }, was: text(), now: text(), detail: text())
  }

  private mutating func entry() -> PromptMap.Entry {
    PromptMap.Entry(
      kind: pick(BlockKind.allCases), agent: pick(BlockState.allCases),
      forwarded: pick(BlockState.allCases), length: UInt32(truncatingIfNeeded: next()),
      group: pick(BlockGroup.allCases), index: UInt32(truncatingIfNeeded: next()))
  }

  private mutating func detail() -> BreakDetail {
    let hunks = (0..<number(4)).map { _ in
      BreakDetail.Hunk(
        beforeOffset: number(), afterOffset: number(), before: bytes(), after: bytes(),
        context: number(20))
    }
    return BreakDetail(
      hunks: hunks, hunkCount: number(), beforeBlockBytes: number(), afterBlockBytes: number(),
      previousTurn: number(), before: maybe { $0.block() }, after: maybe { $0.block() })
  }

  private mutating func block() -> BlockText {
    BlockText(bytes: bytes(), start: number(), rest: number(), mark: number(30))
  }

  private mutating func upstream() -> UpstreamStatus {
    var status = UpstreamStatus(
      name: text(), address: text(), kind: pick(ServerKind.allCases),
      state: pick([
        .unknown, .up,
        .down(since: Int64(number()), reason: text(), failedRequests: number()),
      ]), connectMillis: maybe { $0.number() })
    status.build = maybe { $0.text() }
    status.windows = (0..<number(3)).map { _ in .init(model: text(), tokens: number()) }
    status.slotCount = maybe { $0.number() }
    status.slots = (0..<number(3)).map { _ in
      SlotState(
        id: number(), isBusy: chance(), windowTokens: maybe { $0.number() },
        task: maybe { $0.number() }, tokens: maybe { $0.number() },
        processedTokens: maybe { $0.number() }, cachedTokens: maybe { $0.number() })
    }
    return status
  }

  mutating func event() -> TurnEvent {
    switch number(11) {
    case 0: return .started(record())
    case 1: return .finished(record())
    case 2: return .firstByte(session: session(), turn: number(), afterMillis: number())
    case 3:
      return .progress(session: session(), turn: number(), processed: number(), total: number())
    case 4:
      return .unmeasured(
        at: Int64(number()), method: text(), path: text(), status: maybe { $0.number(600) },
        reason: text())
    case 5: return .sessionEvicted(session())
    case 6:
      return .upstream(upstream())
    case 7:
      return .modeChanged(
        session: maybe { $0.session() }, mode: pick(PinMode.allCases), fromTurn: number())
    case 8:
      return .repairsChanged(
        session: maybe { $0.session() },
        repairs: RepairSet(rawValue: UInt32(truncatingIfNeeded: next())), fromTurn: number())
    case 9:
      return .defaultsChanged(
        mode: pick(PinMode.allCases),
        repairs: RepairSet(rawValue: UInt32(truncatingIfNeeded: next())))
    default:
      return .notice(Notice(at: Int64(number()), level: pick([.info, .warning]), text: text()))
    }
  }
}
