import Bytes
import Prefix
import Prompt
import Turns
import Upstream

/// Turns a matched request into the record of its turn.
enum TurnBuilder {
  /// - Parameter verdict: if it was found already.
  static func record(
    _ reception: Reception, _ facts: RequestFacts, _ verdict: Verdict? = nil
  ) -> TurnRecord {
    let session = reception.session
    let index = reception.history.index
    var record = TurnRecord(
      session: session.id, turn: reception.turn, dialect: facts.dialect,
      startedAt: facts.wallMillis)
    record.parent = session.parent
    record.isSideCall = session.isSideCall || reception.relation == .compactionCall
    record.agent = facts.agent.isEmpty ? session.agent : facts.agent
    record.model = session.model
    record.upstream = facts.upstreamName
    record.mode = session.mode
    record.repairs = session.repairs
    record.pinTotals = session.audit.totals
    record.pinStatus = session.audit.status
    record.receivedBytes = reception.history.body?.count ?? 0
    record.forwardedBytes = record.receivedBytes
    record.blockCount = index.blocks.count
    record.incomingMessages = index.messageCount
    record.promptTokens = TokenCount(
      session.estimate.tokens(inFirst: reception.history.promptBytes), estimated: true)
    record.verdict = verdict ?? CauseFinder.verdict(reception)
    record.map = MapBuilder.map(reception)
    if reception.relation != .compactionCall {
      record.zones = PromptZones(reception, session.estimate)
    }
    guard let old = reception.previous, let alignment = reception.alignment else { return record }
    record.previousMessages = old.index.messageCount
    record.commonMessages = alignment.commonMessages(old.index, index)
    measure(&record, reception, old)
    record.detail = DetailBuilder.detail(reception, record.verdict)
    return record
  }

  private static func measure(
    _ record: inout TurnRecord, _ reception: Reception, _ old: History
  ) {
    let session = reception.session
    let oldBytes = old.promptBytes
    let previous: TokenCount
    if let reported = session.lastPrompt.tokens, session.lastPrompt.bytes == oldBytes {
      previous = TokenCount(reported, estimated: false)
    } else {
      previous = TokenCount(session.estimate.tokens(inFirst: oldBytes), estimated: true)
    }
    record.previousTokens = previous
    let kept: TokenCount
    if reception.relation == .modelSwitch {
      kept = TokenCount(0, estimated: false)
    } else if let boundary = reception.boundary, let alignment = reception.alignment {
      kept = TokenCount(
        min(previous.value, tokens(inFirst: boundary.keptBytes, reception, old, reception.order)),
        estimated: !session.estimate.isExact(boundary.keptBytes))
      reception.history.inherit(from: old, alignment)
    } else {
      kept = previous
    }
    setKept(&record, kept, of: previous)
  }

  /// Tokens in the first bytes of the previous prompt. Weighing reads part of that prompt, which only
  /// a break costs, and one whose place was not counted yet.
  static func tokens(
    inFirst bytes: Int, _ reception: Reception, _ old: History, _ order: RenderingOrder
  ) -> Int {
    guard old.body != nil else { return reception.session.estimate.tokens(inFirst: bytes) }
    return reception.session.estimate.tokens(inFirst: bytes) { old.weight(of: $0, order) }
  }

  /// What pinning did, beside what the agent did.
  static func apply(
    _ decision: PinDecision, to record: inout TurnRecord, _ reception: Reception
  ) {
    let session = reception.session
    let estimate = session.estimate
    record.forwardedBytes = decision.forwardedBytes
    record.repaired = decision.repairs
    switch decision.outcome {
    case .untouched: record.pin = decision.isRewritten ? .held : .untouched
    case .held: record.pin = .held
    case .refused(let reason): record.pin = .refused(reason)
    case .rebased(let reason): record.pin = .rebased(reason)
    }
    let extra = decision.promptBytes - reception.history.promptBytes
    record.heldTokens = TokenCount(
      Int((Double(max(0, extra)) / estimate.bytesPerToken).rounded()), estimated: extra > 0)
    if decision.isRewritten {
      record.promptTokens = TokenCount(
        estimate.tokens(inFirst: decision.promptBytes), estimated: true)
    }
    if let first = decision.view.bytesBeforeFirstRepair(reception.history.index) {
      let behind = estimate.tokens(inFirst: decision.promptBytes) - estimate.tokens(inFirst: first)
      record.unpinTokens = TokenCount(max(0, behind), estimated: true)
    }
    guard let kept = decision.kept, let old = reception.previous, record.previousTokens != nil
    else { return }
    // The server has what was forwarded; without pinning it would have what the agent sent.
    if kept.previousBytes != old.promptBytes {
      let sent = estimate.tokens(inFirst: old.promptBytes)
      record.reprocessedTokens = TokenCount(
        max(0, sent - record.keptTokens.value), estimated: true)
    }
    let isReported = session.lastPrompt.bytes == kept.previousBytes
    let previous =
      isReported
      ? session.lastPrompt.tokens.map { TokenCount($0, estimated: false) } : nil
    let whole =
      previous ?? TokenCount(estimate.tokens(inFirst: kept.previousBytes), estimated: true)
    record.previousTokens = whole
    var stays = whole
    if reception.relation == .modelSwitch {
      stays = TokenCount(0, estimated: false)
    } else if !kept.isWhole {
      stays = TokenCount(
        min(whole.value, estimate.tokens(inFirst: kept.keptBytes)),
        estimated: !estimate.isExact(kept.keptBytes))
    }
    record.keptForwardedTokens = stays
    record.reprocessedForwardedTokens = TokenCount(
      max(0, whole.value - stays.value), estimated: whole.estimated || stays.estimated)
    record.predictedTokens = stays
  }

  /// How much was kept, and all that follows from it.
  static func setKept(_ record: inout TurnRecord, _ kept: TokenCount, of previous: TokenCount) {
    record.keptTokens = kept
    record.keptForwardedTokens = kept
    let lost = TokenCount(
      max(0, previous.value - kept.value), estimated: previous.estimated || kept.estimated)
    record.reprocessedTokens = lost
    record.reprocessedForwardedTokens = lost
    record.predictedTokens = kept
  }
}
