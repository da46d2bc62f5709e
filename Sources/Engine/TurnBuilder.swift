import Bytes
import Prefix
import Prompt
import Turns
import Upstream

/// Turns a matched request into the record of its turn.
enum TurnBuilder {
  static func record(_ reception: Reception, _ facts: RequestFacts) -> TurnRecord {
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
    record.receivedBytes = reception.history.body?.count ?? 0
    record.forwardedBytes = record.receivedBytes
    record.blockCount = index.blocks.count
    record.incomingMessages = index.messageCount
    record.promptTokens = TokenCount(
      session.estimate.tokens(inFirst: reception.history.promptBytes), estimated: true)
    record.verdict = CauseFinder.verdict(reception)
    record.map = MapBuilder.map(reception)
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
    } else if let boundary = reception.boundary {
      kept = TokenCount(
        min(previous.value, session.estimate.tokens(inFirst: boundary.keptBytes)),
        estimated: !session.estimate.isExact(boundary.keptBytes))
    } else {
      kept = previous
    }
    setKept(&record, kept, of: previous)
  }

  /// What pinning did, beside what the agent did.
  static func apply(
    _ decision: PinDecision, repairedFrom: Int?, to record: inout TurnRecord,
    _ reception: Reception
  ) {
    record.forwardedBytes = decision.forwardedBytes
    switch decision.outcome {
    case .untouched: record.pin = decision.isRewritten ? .held : .untouched
    case .held: record.pin = .held
    case .refused(let reason): record.pin = .refused(reason)
    case .rebased(let reason): record.pin = .rebased(reason)
    }
    guard let previous = record.previousTokens else { return }
    var kept = previous
    if record.pin != .held && record.pin != .untouched || !decision.isRewritten {
      kept = record.keptTokens
      if let repairedFrom, !decision.isRewritten {
        let bound = reception.session.estimate.tokens(inFirst: repairedFrom)
        if bound < kept.value { kept = TokenCount(bound, estimated: true) }
      }
    }
    record.keptForwardedTokens = kept
    record.reprocessedForwardedTokens = TokenCount(
      max(0, previous.value - kept.value), estimated: previous.estimated || kept.estimated)
    record.predictedTokens = kept
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
