import Bytes
import Prefix
import Prompt
import Proxy
import Turns
import Upstream
import Wire

/// One prompt on its way to the upstream and its answer on the way back.
final class MeasuredExchange: ExchangeObserver {
  let engine: Engine
  let facts: RequestFacts
  private let target: (method: String, path: String)
  private var body: ByteBuffer?
  private(set) var reception: Reception?
  private var record: TurnRecord?
  private var reader: AnswerReader?
  private var before: LastTurn?
  private var decision: PinDecision?
  private var viewBefore: ServerView?
  /// Which slot the turn was sent to, once that was decided.
  var place: SlotAffinity.Place?
  /// Bytes that were added to tie the turn to a slot or a machine.
  var tieBytes = 0
  /// The upstream refused the tied body, and the agent's own was sent instead.
  var isUntied = false
  private var isBegun = false
  private var answerHold: AnswerHold?

  init(_ engine: Engine, _ request: ReceivedRequest, _ facts: RequestFacts) {
    self.engine = engine
    self.facts = facts
    target = (request.head.method, request.head.path)
    body = request.body
  }

  /// Looks at the request before it is forwarded, because it may have to be rewritten.
  /// - Returns: nil if it cannot be measured.
  func prepare() -> PinDecision? {
    guard receive(), let reception else { return nil }
    let session = reception.session
    let source =
      reception.relation == .branch
      ? session.parent.flatMap { engine.sessions.session($0) } : session
    viewBefore = session.view
    guard session.mode != .off || session.view != nil || source?.view != nil else { return nil }
    let oldView = source?.view
    let decision = PinEngine.decide(reception, oldView, engine.policy(session, facts))
    if reception.relation != .compactionCall {
      session.view = decision.view.isAsSent && session.mode == .off ? nil : decision.view
    }
    self.decision = decision
    return decision
  }

  /// Has the decision kept, before the agent can build on it: what the answer waits for.
  ///
  /// Until the agent has seen something of the answer it can only send the same request again, from
  /// which the state before it gives the same decision. So the request need not wait.
  func keepDecision() -> AnswerHold? {
    guard let reception, reception.relation != .compactionCall else { return nil }
    let hold = AnswerHold()
    engine.keep(reception.session, holding: hold)
    answerHold = hold
    return hold
  }

  private func receive() -> Bool {
    guard let body else { return reception != nil }
    self.body = nil
    reception = engine.receive(body, facts)
    before = reception?.session.last
    reception?.session.last = nil
    return reception != nil
  }

  /// The request is on its way: time to look at it, while the server works.
  func forwarded() {
    if !isBegun {
      isBegun = true
      engine.requestBegan(facts.upstream)
    }
    guard record == nil, receive(), let reception else { return }
    var record = TurnBuilder.record(reception, facts)
    if let decision {
      TurnBuilder.apply(decision, to: &record, reception)
    }
    beginPlace(reception)
    record.forwardedBytes += tieBytes
    self.record = record
    for session in reception.evicted { engine.publish(.sessionEvicted(session)) }
    engine.publish(.started(record))
  }

  func retriedWithOriginalBody(status: Int) {
    if untie(), decision?.isRewritten != true {
      if let received = record?.receivedBytes { record?.forwardedBytes = received }
      return
    }
    guard let reception, var record else { return }
    let reason = "upstream answered \(status) to the rewritten request"
    // A later turn was made to continue what this one should have left; its table stands.
    if reception.session.turns == reception.turn {
      reception.session.view = nil
      engine.keep(reception.session, holding: answerHold)
    }
    decision = nil
    record.pin = .rebased(reason)
    record.forwardedBytes = record.receivedBytes
    record.keptForwardedTokens = record.keptTokens
    record.reprocessedForwardedTokens = record.reprocessedTokens
    record.predictedTokens = record.keptTokens
    record.repaired = []
    record.heldTokens = TokenCount(0, estimated: false)
    self.record = record
    engine.notice("session \(record.session): \(reason); it was sent again as the agent wrote it")
  }

  func responseHead(_ head: ResponseHead) {
    reader = AnswerReader(
      contentType: head.fields.first("content-type"),
      isEncoded: head.fields.first("content-encoding").map { $0.lowercased() != "identity" }
        ?? false)
    engine.noteServer(facts.upstream, ServerDetector.kind(head.fields))
    engine.answerBegan(facts.upstream)
    guard var record else { return }
    record.status = head.status
    record.firstByteMillis = elapsed()
    record.state = .streaming
    self.record = record
    if head.status >= 400 { takeBack() }
    engine.publish(
      .firstByte(
        session: record.session, turn: record.turn, afterMillis: record.firstByteMillis ?? 0))
  }

  func responseBody(_ bytes: UnsafeRawBufferPointer) {
    guard let isProgress = reader?.read(bytes), isProgress, let record,
      let progress = reader?.usage.progress
    else { return }
    engine.publish(
      .progress(
        session: record.session, turn: record.turn, processed: progress.processed,
        total: progress.total))
  }

  func ended(_ outcome: ExchangeOutcome) {
    // A request that never reached the upstream is a turn, too, and a failed one.
    if record == nil { forwarded() }
    engine.requestEnded(
      facts.upstream, isAnswered: reader != nil, isAborted: outcome == .clientGone)
    guard let record, let reception else { return publishUnmeasured(outcome) }
    finish(record, reception, outcome)
  }

  /// The upstream did not process the request: what it has is what it had before.
  private func takeBack() {
    guard let reception, reception.session.turns == reception.turn else { return }
    engine.sessions.revert(reception)
    if decision != nil { reception.session.view = viewBefore }
    engine.keep(reception.session)
  }

  private func elapsed() -> Int { Int(engine.nowMillis &- facts.nowMillis) }

  private func publishUnmeasured(_ outcome: ExchangeOutcome) {
    var status: Int?
    if case .complete(let code) = outcome { status = code }
    if case .upstreamFailed(let code, _) = outcome { status = code }
    engine.publish(
      .unmeasured(
        at: facts.wallMillis, method: target.method, path: target.path, status: status,
        reason: UnmeasuredReason.notUnderstood))
  }

  private func finish(
    _ record: TurnRecord, _ reception: Reception, _ outcome: ExchangeOutcome
  ) {
    var record = record
    record.totalMillis = elapsed()
    reader?.finish()
    if let usage = reader?.usage {
      record.usage = usage.usage
      engine.noteServer(facts.upstream, ServerDetector.kind(usage.hints))
    }
    switch outcome {
    case .complete(let status):
      record.status = status
      record.state = status < 400 ? .done : .failed
      if status >= 400 { record.failure = "upstream answered \(status)" }
    case .upstreamFailed(let status, let reason):
      record.status = status
      record.state = .failed
      record.failure = reason
      takeBack()
    case .truncated(let reason):
      record.state = .failed
      record.failure = reason
    case .clientGone:
      record.state = .aborted
    }
    if record.state != .failed || record.status.map({ $0 < 400 }) ?? false {
      keepAnswer(reception, isComplete: record.state == .done)
    }
    if record.state == .done { learn(&record, reception) }
    endPlace(record, reception)
    engine.publish(.finished(record))
    engine.checkRendering(
      record, before: reception.previous?.body, after: reception.history.body, facts.upstream)
    if reception.session.turns == reception.turn { engine.keep(reception.session) }
  }

  /// What the model wrote is compared with the agent's echo of it on the next turn. Not called for a
  /// request that was taken back: the answer before it is the last one still.
  private func keepAnswer(_ reception: Reception, isComplete: Bool) {
    guard reception.relation != .compactionCall, reception.session.turns == reception.turn else {
      return
    }
    let message = reader?.recorder.message
    let isWhole = isComplete && message?.isTruncated == false && message?.isEmpty == false
    engine.sessions.noteAnswer(isWhole ? message : nil, reception.session)
  }

  /// Compares the prediction with the server's count, and calibrates the session by it.
  private func learn(_ record: inout TurnRecord, _ reception: Reception) {
    let session = reception.session
    let isRewritten = decision?.isRewritten ?? false
    let promptBytes = decision?.promptBytes ?? reception.history.promptBytes
    let counts = engine.countTurn(facts.upstream)
    // What the server reused of a rewritten prompt says nothing about the agent's own.
    if !isRewritten {
      learnOrder(&record, reception)
      if let boundary = reception.boundary { calibrate(session, boundary, record) }
    }
    if let prompt = record.usage.promptTokens, reception.relation != .compactionCall {
      record.promptTokens = TokenCount(prompt, estimated: false)
      session.estimate.calibrate(bytes: promptBytes, tokens: prompt)
    }
    if let predicted = record.predictedTokens, let reported = record.usage.cachedTokens {
      record.serverCause = ServerVerdict.cause(
        ServerVerdict.Evidence(
          kind: engine.kind(of: facts.upstream), predicted: predicted.value, reported: reported,
          isEstimate: predicted.estimated,
          idleMillis: before.map { facts.nowMillis &- min($0.endedAt, facts.nowMillis) },
          othersMeanwhile: before.map { max(0, counts.turns - $0.upstreamTurns - 1) } ?? 0,
          wentDown: before.map { $0.upstreamLosses != counts.downs } ?? false,
          lastOutput: before?.outputTokens, promptTokens: record.promptTokens.value))
      if !isRewritten { settleKnob(&record, predicted: predicted.value, reported: reported) }
    }
    guard reception.relation != .compactionCall else { return }
    audit(&record, session)
    session.lastPrompt = (promptBytes, record.usage.promptTokens)
    session.last = LastTurn(
      endedAt: engine.nowMillis, upstreamTurns: counts.turns, upstreamLosses: counts.downs,
      outputTokens: record.usage.outputTokens)
    if facts.dialect == .openAIResponses, let id = reader?.usage.responseID {
      engine.sessions.noteResponse(id, session)
    }
  }

  /// Adds the turn to what pinning did for the session, and holds it against the server's count.
  private func audit(_ record: inout TurnRecord, _ session: Session) {
    guard let decision, record.previousTokens != nil else { return }
    var totals = PinTotals()
    totals.turns = decision.isRewritten ? 1 : 0
    totals.asSent = record.reprocessedTokens.value
    totals.asForwarded = record.reprocessedForwardedTokens.value
    totals.computed = record.computedAgain.value
    totals.held = record.heldTokens.value
    session.audit.totals = session.audit.totals + totals
    let before = session.audit.status
    let others: [Cause] = [.serverUnknown, .templateRerendered, .none]
    let stopped = session.audit.judge(
      PinAudit.Turn(
        keptAsSent: record.keptTokens.value, keptForwarded: record.keptForwardedTokens.value,
        reported: record.usage.cachedTokens, repairs: decision.repairs,
        isExplained: record.serverCause.map { !others.contains($0) } ?? false))
    record.pinTotals = session.audit.totals
    record.pinStatus = session.audit.status
    if case .notWorking(let reason) = session.audit.status, before != session.audit.status {
      engine.notice("pinning session \(session.id) is not working: \(reason)")
    }
    if !stopped.isEmpty {
      engine.setRepairs(session.repairs.subtracting(stopped), of: session.id)
      engine.notice(
        "session \(session.id): repairs of \(stopped.names) are stopped, the server does not "
          + "confirm them")
    }
  }

  /// A break measures the prompt in front of it: so many bytes were so many reused tokens. Taken if
  /// the server plainly reused just that; it may have lost more, or found an older copy.
  private func calibrate(_ session: Session, _ boundary: Boundary, _ record: TurnRecord) {
    session.estimate.forget(behind: boundary.keptBytes)
    guard let reported = record.usage.cachedTokens else { return }
    let expected = record.keptTokens.value
    if abs(reported - expected) <= max(ServerVerdict.slack, expected / 5) {
      session.estimate.calibrate(bytes: boundary.keptBytes, tokens: reported)
    }
  }

  /// When tools or system prompt changed, what the server reused tells which of them it renders
  /// first. The prediction of this turn is corrected, too: it was made with the wrong order.
  private func learnOrder(_ record: inout TurnRecord, _ reception: Reception) {
    guard let reported = record.usage.cachedTokens, let old = reception.previous,
      let alignment = reception.alignment, let boundary = reception.boundary,
      let previous = record.previousTokens,
      let other = Boundary(
        alignment, old: old, new: reception.history, order: reception.order.other),
      other.keptBytes != boundary.keptBytes
    else { return }
    let kept = reception.session.estimate.tokens(inFirst: other.keptBytes)
    guard abs(reported - kept) * 2 < abs(reported - record.keptTokens.value) else { return }
    engine.learn(reception.order.other, facts.upstream, facts.dialect)
    TurnBuilder.setKept(
      &record, TokenCount(min(previous.value, kept), estimated: true), of: previous)
  }

  /// A changed setting that cost nothing was no break: only the server can tell.
  private func settleKnob(_ record: inout TurnRecord, predicted: Int, reported: Int) {
    guard record.verdict.cause == .knob, let previous = record.previousTokens,
      reported + ServerVerdict.slack >= previous.value
    else { return }
    record.verdict.cause = .neutralRerender
    TurnBuilder.setKept(&record, previous, of: previous)
  }
}

/// A request that is relayed and counted, but not measured.
final class UnmeasuredExchange: ExchangeObserver {
  private let engine: Engine
  private let request: (method: String, path: String, at: Int64)
  private let reason: String

  init(_ engine: Engine, _ request: ReceivedRequest, reason: String) {
    self.engine = engine
    self.request = (request.head.method, request.head.path, request.receivedAtMillis)
    self.reason = reason
  }

  func forwarded() {}
  func retriedWithOriginalBody(status: Int) {}
  func responseHead(_ head: ResponseHead) {}
  func responseBody(_ bytes: UnsafeRawBufferPointer) {}

  func ended(_ outcome: ExchangeOutcome) {
    var status: Int?
    if case .complete(let code) = outcome { status = code }
    if case .upstreamFailed(let code, _) = outcome { status = code }
    engine.publish(
      .unmeasured(
        at: request.at, method: request.method, path: request.path, status: status, reason: reason))
  }
}
