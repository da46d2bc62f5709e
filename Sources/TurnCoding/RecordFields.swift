import Prefix
import Prompt
import Turns
import Upstream

// The fields of everything that a turn consists of. A field that is added to one of these types has
// to be added here, or an attached dashboard does not show it; the tests compare the lists.

extension TurnRecord {
  mutating func code<Coder: FieldCoder>(_ coder: inout Coder) {
    coder.field("session", &session)
    coder.field("turn", &turn)
    coder.field("parent", &parent)
    coder.field("side_call", &isSideCall)
    coder.field("agent", &agent)
    coder.field("model", &model)
    coder.field("upstream", &upstream)
    coder.field("api", &dialect)
    coder.field("mode", &mode)
    coder.field("state", &state)
    coder.field("started_at", &startedAt)
    coder.field("added_us", &addedMicros)
    coder.field("first_byte_ms", &firstByteMillis)
    coder.field("total_ms", &totalMillis)
    coder.field("status", &status)
    coder.field("failure", &failure)
    coder.field("received_bytes", &receivedBytes)
    coder.field("forwarded_bytes", &forwardedBytes)
    coder.field("blocks", &blockCount)
    coder.field("previous_messages", &previousMessages)
    coder.field("incoming_messages", &incomingMessages)
    coder.field("common_messages", &commonMessages)
    let none = TokenCount(0, estimated: false)
    coder.object("previous_tokens", &previousTokens, empty: none) { $0.code(&$1) }
    coder.object("prompt_tokens", &promptTokens) { $0.code(&$1) }
    coder.object("kept_tokens", &keptTokens) { $0.code(&$1) }
    coder.object("kept_forwarded_tokens", &keptForwardedTokens) { $0.code(&$1) }
    coder.object("reprocessed_tokens", &reprocessedTokens) { $0.code(&$1) }
    coder.object("reprocessed_forwarded_tokens", &reprocessedForwardedTokens) { $0.code(&$1) }
    coder.object("predicted_tokens", &predictedTokens, empty: none) { $0.code(&$1) }
    coder.object("usage", &usage) { $0.code(&$1) }
    coder.object("verdict", &verdict) { $0.code(&$1) }
    coder.field("server_cause", &serverCause)
    coder.field("server_detail", &serverDetail)
    coder.field("echo", &echo)
    coder.object("pin", &pin) { $0.code(&$1) }
    coder.field("repairs", &repairs)
    coder.field("repaired", &repaired)
    coder.object("held_tokens", &heldTokens) { $0.code(&$1) }
    coder.object("unpin_tokens", &unpinTokens) { $0.code(&$1) }
    coder.object("pin_totals", &pinTotals) { $0.code(&$1) }
    coder.object("pin_status", &pinStatus) { $0.code(&$1) }
    coder.object("zones", &zones, empty: PromptZones()) { $0.code(&$1) }
    coder.field("hit_drop", &hitDrop)
    var map = MapFields(map)
    coder.object("map", &map, empty: MapFields()) { $0.code(&$1) }
    self.map = map.flatMap { $0.map(&coder) }
    var detail = detail.map { DetailFields($0) }
    coder.object("detail", &detail, empty: DetailFields()) { $0.code(&$1) }
    self.detail = detail?.detail
  }
}

extension TokenCount {
  mutating func code<Coder: FieldCoder>(_ coder: inout Coder) {
    coder.field("value", &value)
    coder.field("estimated", &estimated)
  }
}

extension Usage {
  mutating func code<Coder: FieldCoder>(_ coder: inout Coder) {
    coder.field("prompt_tokens", &promptTokens)
    coder.field("cached_tokens", &cachedTokens)
    coder.field("written_tokens", &writtenTokens)
    coder.field("written_1h_tokens", &writtenHourTokens)
    coder.field("output_tokens", &outputTokens)
    coder.field("prompt_ms", &promptMillis)
    coder.field("generation_ms", &generationMillis)
  }
}

extension Verdict {
  mutating func code<Coder: FieldCoder>(_ coder: inout Coder) {
    coder.field("cause", &cause)
    coder.field("tier", &tier)
    let nowhere = Position(
      group: .messages, kind: .other, index: 0, path: "", field: "", bodyOffset: 0, blockOffset: 0)
    coder.object("position", &position, empty: nowhere) { $0.code(&$1) }
    coder.field("was", &was)
    coder.field("now", &now)
    coder.field("detail", &detail)
  }
}

extension Position {
  mutating func code<Coder: FieldCoder>(_ coder: inout Coder) {
    coder.field("group", &group)
    coder.field("kind", &kind)
    coder.field("index", &index)
    coder.field("path", &path)
    coder.field("field", &field)
    coder.field("byte", &bodyOffset)
    coder.field("block_byte", &blockOffset)
  }
}

extension PinOutcome {
  mutating func code<Coder: FieldCoder>(_ coder: inout Coder) {
    var outcome: String
    var reason: String?
    switch self {
    case .untouched: outcome = "untouched"
    case .held: outcome = "held"
    case .refused(let text): (outcome, reason) = ("refused", text)
    case .rebased(let text): (outcome, reason) = ("rebased", text)
    }
    coder.field("outcome", &outcome)
    coder.field("reason", &reason)
    switch outcome {
    case "untouched": self = .untouched
    case "held": self = .held
    case "refused": self = .refused(reason ?? "")
    case "rebased": self = .rebased(reason ?? "")
    default: coder.refuse()
    }
  }
}

extension PinTotals {
  mutating func code<Coder: FieldCoder>(_ coder: inout Coder) {
    coder.field("turns", &turns)
    coder.field("as_sent", &asSent)
    coder.field("as_forwarded", &asForwarded)
    coder.field("computed", &computed)
    coder.field("held", &held)
  }
}

extension PinStatus {
  mutating func code<Coder: FieldCoder>(_ coder: inout Coder) {
    var status: String
    var reason: String?
    switch self {
    case .unproven: status = "unproven"
    case .working: status = "working"
    case .notWorking(let text): (status, reason) = ("not_working", text)
    }
    coder.field("status", &status)
    coder.field("reason", &reason)
    switch status {
    case "unproven": self = .unproven
    case "working": self = .working
    case "not_working": self = .notWorking(reason ?? "")
    default: coder.refuse()
    }
  }
}

/// The entries of a map as numbers, six for each.
private struct MapFields {
  private static let width = 6
  private var numbers: [Int] = []

  init() {}

  init?(_ map: PromptMap?) {
    guard let map else { return nil }
    numbers.reserveCapacity(map.entries.count * Self.width)
    for entry in map.entries {
      numbers += [
        Int(entry.kind.rawValue), Int(entry.agent.rawValue), Int(entry.forwarded.rawValue),
        Int(entry.length), Int(entry.group.rawValue), Int(entry.index),
      ]
    }
  }

  mutating func code<Coder: FieldCoder>(_ coder: inout Coder) { coder.field("blocks", &numbers) }

  func map<Coder: FieldCoder>(_ coder: inout Coder) -> PromptMap? {
    var entries: [PromptMap.Entry] = []
    entries.reserveCapacity(numbers.count / Self.width)
    for start in stride(from: 0, to: numbers.count, by: Self.width) {
      guard let entry = entry(at: start) else {
        coder.refuse()
        return nil
      }
      entries.append(entry)
    }
    return PromptMap(entries: entries)
  }

  private func entry(at start: Int) -> PromptMap.Entry? {
    guard start + Self.width <= numbers.count else { return nil }
    func raw<Value: RawRepresentable>(_ place: Int) -> Value? where Value.RawValue == UInt8 {
      UInt8(exactly: numbers[start + place]).flatMap { Value(rawValue: $0) }
    }
    guard let kind: BlockKind = raw(0), let agent: BlockState = raw(1),
      let forwarded: BlockState = raw(2), let length = UInt32(exactly: numbers[start + 3]),
      let group: BlockGroup = raw(4), let index = UInt32(exactly: numbers[start + 5])
    else { return nil }
    return PromptMap.Entry(
      kind: kind, agent: agent, forwarded: forwarded, length: length, group: group, index: index)
  }
}

private struct DetailFields {
  private var hunks: [BreakDetail.Hunk] = []
  private var hunkCount = 0
  private var beforeBlockBytes = 0
  private var afterBlockBytes = 0
  private var previousTurn = 0
  private var before: BlockText?
  private var after: BlockText?

  init() {}

  init(_ detail: BreakDetail) {
    hunks = detail.hunks
    hunkCount = detail.hunkCount
    beforeBlockBytes = detail.beforeBlockBytes
    afterBlockBytes = detail.afterBlockBytes
    previousTurn = detail.previousTurn
    before = detail.before
    after = detail.after
  }

  var detail: BreakDetail {
    BreakDetail(
      hunks: hunks, hunkCount: hunkCount, beforeBlockBytes: beforeBlockBytes,
      afterBlockBytes: afterBlockBytes, previousTurn: previousTurn, before: before, after: after)
  }

  mutating func code<Coder: FieldCoder>(_ coder: inout Coder) {
    let noHunk = BreakDetail.Hunk(
      beforeOffset: 0, afterOffset: 0, before: [], after: [], context: 0)
    coder.list("hunks", &hunks, empty: noHunk) { $0.code(&$1) }
    coder.field("hunk_count", &hunkCount)
    coder.field("before_block_bytes", &beforeBlockBytes)
    coder.field("after_block_bytes", &afterBlockBytes)
    coder.field("previous_turn", &previousTurn)
    let noText = BlockText(bytes: [], start: 0, rest: 0, mark: 0)
    coder.object("before_block", &before, empty: noText) { $0.code(&$1) }
    coder.object("after_block", &after, empty: noText) { $0.code(&$1) }
  }
}

extension BreakDetail.Hunk {
  mutating func code<Coder: FieldCoder>(_ coder: inout Coder) {
    coder.field("before_byte", &beforeOffset)
    coder.field("after_byte", &afterOffset)
    coder.field("before", bytes: &before)
    coder.field("after", bytes: &after)
    coder.field("context", &context)
  }
}

extension BlockText {
  /// What leaves the process is masked.
  mutating func code<Coder: FieldCoder>(_ coder: inout Coder) {
    var (bytes, mark) = masked
    var start = start
    var rest = rest
    coder.field("start", &start)
    coder.field("rest", &rest)
    coder.field("mark", &mark)
    coder.field("text", bytes: &bytes)
    self = BlockText(bytes: bytes, start: start, rest: rest, mark: mark)
  }
}
