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
  private let target: (method: String, text: String)
  private var body: ByteBuffer?
  private let arrivedMicros: UInt64
  private var addedMicros: Int?
  private(set) var reception: Reception?
  private(set) var record: TurnRecord?
  private(set) var reader: AnswerReader?
  private(set) var before: LastTurn?
  private(set) var prediction: HitPrediction?
  /// The turn among the slots of the server; nil where those are not played.
  var slotTurn: SlotForecasts.Turn?
  private(set) var decision: PinDecision?
  private var viewBefore: ServerView?
  private var verdict: Verdict?
  /// Which slot the turn was sent to, once that was decided.
  var place: SlotAffinity.Place?
  /// Bytes that were added to tie the turn to a slot or a machine.
  var tieBytes = 0
  /// The upstream refused the tied body, and the agent's own was sent instead.
  var isUntied = false
  /// What the agent asks about its cache miss, where that is answered here.
  var question: DiagnosticsQuestion?
  var fingerprint: PromptFingerprint?
  /// The body without the question goes out if the upstream refuses the one with it.
  var triesWithoutQuestion = false
  private(set) var isSentWithoutQuestion = false
  private var isBegun = false
  private var isMeasured = false
  private var isEnded = false
  private var answerHold: AnswerHold?

  init(_ engine: Engine, _ request: ReceivedRequest, _ facts: RequestFacts) {
    self.engine = engine
    self.facts = facts
    target = (request.head.method, request.head.target)
    body = request.body
    arrivedMicros = engine.nowMicros
  }

  /// Looks at the request before it is forwarded, because it may have to be rewritten.
  /// - Returns: nil if it cannot be measured.
  func prepare() -> PinDecision? {
    guard receive(), let reception else { return nil }
    let session = reception.session
    let source =
      reception.relation == .branch
      ? session.parent.flatMap { engine.sessions.session($0) } : session
    viewBefore = source?.view
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
    let verdict = CauseFinder.verdict(reception)
    self.verdict = verdict
    // The verdict is on the first change, and what was blanked may stand behind it.
    let erasing = verdict.cause == .redaction || decision?.isRedaction ?? false
    engine.keep(reception.session, holding: hold, erasing: erasing)
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

  /// The request is on its way: there is time to look at it, while the server works.
  func forwarded() {
    if addedMicros == nil { addedMicros = Int(engine.nowMicros &- arrivedMicros) }
    begin()
  }

  private func begin() {
    guard !isBegun else { return }
    isBegun = true
    engine.requestBegan(facts.upstream)
    engine.measuring.exchangeBegan()
    engine.later(.request(self), holding: body?.count ?? 0)
  }

  func measureRequest() {
    isMeasured = true
    guard receive(), let reception else { return }
    var record = TurnBuilder.record(reception, facts, verdict)
    if let decision {
      TurnBuilder.apply(decision, to: &record, reception)
    }
    record.addedMicros = addedMicros
    beginPlace(reception)
    record.forwardedBytes += tieBytes
    predict(&record, reception)
    beginSlots(&record, reception)
    self.record = record
    for session in reception.evicted { engine.publish(.sessionEvicted(session)) }
    engine.publish(.started(record))
    // Where something was held, the server has other bytes than the agent's last request.
    let isAsSent = decision?.isRewritten != true && viewBefore?.isAsSent ?? true
    if isAsSent, reception.boundary != nil, record.keptTokens.estimated {
      engine.countShared(self, reception)
    }
  }

  /// What the turn shares with the one before it was counted exactly.
  func noteShared(_ tokens: Int, session: SessionID, turn: Int) {
    guard !isEnded, var record, let reception, record.session == session, record.turn == turn,
      let previous = record.previousTokens
    else { return }
    TurnBuilder.setKept(
      &record, TokenCount(min(tokens, previous.value), estimated: false), of: previous)
    predict(&record, reception)
    self.record = record
  }

  func predict(_ record: inout TurnRecord, _ reception: Reception) {
    prediction = HitPrediction(
      record, reception, decision, last: before, kind: engine.kind(of: facts.upstream),
      traits: engine.traits(of: facts.upstream), now: facts.nowMillis)
    record.predictedTokens = prediction?.tokens
    forecast(&record)
    record.echo = prediction?.echo?.outcome
  }

  func responseFields(for head: ResponseHead) -> [(String, String)] {
    guard engine.addsResponseFields else { return [] }
    engine.settle()
    return record.map { ResponseFields.of($0) } ?? []
  }

  func responseEditor(for head: ResponseHead) -> (any ResponseEditor)? {
    guard question != nil else { return nil }
    engine.settle()
    return answer(to: head)?.editor(for: head)
  }

  func retriedWithOriginalBody(status: Int) {
    engine.settle()
    if triesWithoutQuestion {
      isSentWithoutQuestion = true
      return
    }
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
    record.repaired = []
    record.heldTokens = TokenCount(0, estimated: false)
    record.unpinTokens = TokenCount(0, estimated: false)
    predict(&record, reception)
    self.record = record
    engine.notice("session \(record.session): \(reason); it was sent again as the agent wrote it")
  }

  func responseHead(_ head: ResponseHead) {
    reader = AnswerReader(
      contentType: head.fields.first("content-type"),
      contentEncoding: head.fields.first("content-encoding"))
    engine.noteServer(facts.upstream, ServerDetector.kind(head.fields))
    engine.answerBegan(facts.upstream)
    noteAcceptance(head.status)
    let mark = ResponseMark(status: head.status, afterMillis: elapsed())
    if isMeasured { note(mark) } else { engine.later(.head(self, mark), holding: 0) }
  }

  func note(_ mark: ResponseMark) {
    guard var record else { return }
    record.status = mark.status
    record.firstByteMillis = mark.afterMillis
    record.state = .streaming
    self.record = record
    if mark.status >= 400 { takeBack() }
    engine.publish(
      .firstByte(session: record.session, turn: record.turn, afterMillis: mark.afterMillis))
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
    begin()
    engine.measuring.exchangeEnded()
    engine.requestEnded(
      facts.upstream, isAnswered: reader != nil, isAborted: outcome == .clientGone)
    engine.later(
      .end(self, ExchangeEnd(outcome: outcome, afterMillis: elapsed())),
      holding: reader?.heldBytes ?? 0)
  }

  func measureEnd(_ end: ExchangeEnd) {
    isEnded = true
    guard let record, let reception else { return publishUnmeasured(end.outcome) }
    finish(record, reception, end)
  }

  /// The upstream did not process the request: what it has is what it had before.
  private func takeBack() {
    guard let reception, reception.session.turns == reception.turn else { return }
    engine.sessions.revert(reception)
    reception.session.last = before
    reception.session.view = viewBefore
    engine.keep(reception.session)
  }

  private func elapsed() -> Int { Int(engine.nowMillis &- facts.nowMillis) }

  private func publishUnmeasured(_ outcome: ExchangeOutcome) {
    var status: Int?
    if case .complete(let code) = outcome { status = code }
    if case .upstreamFailed(let code, _) = outcome { status = code }
    engine.publish(
      .unmeasured(
        at: facts.wallMillis, method: target.method, path: RequestHead.path(of: target.text),
        status: status, reason: UnmeasuredReason.notUnderstood))
  }

  private func finish(
    _ record: TurnRecord, _ reception: Reception, _ end: ExchangeEnd
  ) {
    var record = record
    record.totalMillis = end.afterMillis
    reader?.finish()
    if let usage = reader?.usage {
      record.usage = usage.usage
      engine.noteServer(facts.upstream, ServerDetector.kind(usage.hints))
    }
    switch end.outcome {
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
    if record.state == .done {
      learn(&record, reception)
      keepFingerprint()
    }
    endPlace(record, reception)
    endSlots(record, reception)
    engine.publish(.finished(record))
    engine.checkRendering(
      record, before: reception.previous?.body, after: reception.history.body, facts.upstream)
    engine.checkUsage(record, facts.upstream)
    if reception.session.turns == reception.turn { engine.keepAnswered(reception.session) }
  }

  /// What the model wrote is compared with the agent's echo of it on the next turn. Not called for a
  /// request that was taken back: the answer before it is the last one still.
  private func keepAnswer(_ reception: Reception, isComplete: Bool) {
    guard reception.relation != .compactionCall, reception.session.turns == reception.turn else {
      return
    }
    let message = reader?.recorder.message
    let isWhole =
      isComplete && reader?.isWhole == true && message?.isTruncated == false
      && message?.isEmpty == false
    engine.sessions.noteAnswer(isWhole ? message : nil, reception.session)
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
