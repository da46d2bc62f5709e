import Prefix
import Prompt
import Turns
import Upstream

/// What a complete answer teaches: about the server, and about the scale of the session's tokens.
extension MeasuredExchange {
  /// Compares the prediction with the server's count, and calibrates the session by it.
  func learn(_ record: inout TurnRecord, _ reception: Reception) {
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
    judge(&record, counts)
    judgeSlots(record)
    guard reception.relation != .compactionCall else { return }
    audit(&record, session)
    judgeReuse(&record, reception)
    let settled = prediction ?? firstPrompt(record, reception)
    settled?.settle(
      &session.marks, reception, promptBytes, record.usage, now: engine.nowMillis)
    session.lastPrompt = (promptBytes, record.usage.promptTokens)
    session.last = LastTurn(
      endedAt: engine.nowMillis, upstreamTurns: counts.turns, upstreamLosses: counts.losses,
      outputTokens: record.usage.outputTokens, cachedTokens: record.usage.cachedTokens,
      betaFeatures: facts.betaFeatures)
    if facts.dialect == .openAIResponses, let id = reader?.usage.responseID {
      engine.sessions.noteResponse(id, session)
    }
  }

  private func judge(_ record: inout TurnRecord, _ counts: UpstreamCounts) {
    guard let prediction, let predicted = record.predictedTokens,
      let reported = record.usage.cachedTokens
    else { return }
    let traits = engine.traits(of: facts.upstream)
    let verdict = ServerVerdict.judge(
      ServerVerdict.Evidence(
        model: prediction.model, query: prediction.query,
        predicted: prediction.certain.value, reported: reported,
        isEstimate: prediction.certain.estimated,
        idleMillis: before.map { facts.nowMillis &- min($0.endedAt, facts.nowMillis) },
        othersMeanwhile: before.map { max(0, counts.turns - $0.upstreamTurns - 1) } ?? 0,
        wasRestarted: before.map { $0.upstreamLosses != counts.losses } ?? false,
        changesFeatures: before.map { $0.betaFeatures != facts.betaFeatures } ?? false,
        wholeEcho: prediction.wholeEcho,
        echo: prediction.returned == 1 ? .same : prediction.echo?.outcome,
        templateRewritesHistory: traits.templateRewritesHistory,
        promptTokens: record.promptTokens.value))
    record.serverCause = verdict?.cause
    record.serverDetail = verdict?.detail ?? deviation(prediction, predicted, reported)
    if verdict?.cause == .checkpointRollback { engine.noteCheckpoints(facts.upstream) }
    if decision?.isRewritten != true {
      settleKnob(&record, reported: reported)
    }
    noteEcho(prediction, reported)
    if let older = prediction.older, older > prediction.certain.value + ServerVerdict.slack {
      engine.noteOlderPrompts(
        facts.upstream, areFound: reported + ServerVerdict.slack >= older)
    }
  }

  /// Why the server's count is another one than predicted, where that is nobody's loss; empty if it is
  /// as predicted.
  private func deviation(
    _ prediction: HitPrediction, _ predicted: TokenCount, _ reported: Int
  ) -> String {
    func isNear(_ count: Int) -> Bool {
      abs(reported - count) <= max(ServerVerdict.slack, count / 100)
    }
    if isNear(predicted.value) { return "" }
    if let older = prediction.older, isNear(older) {
      return "the server found the earlier prompt again that a break had displaced"
    }
    if predicted.estimated {
      return "the prediction was an estimate: no answer had counted the prompt up to this place"
    }
    return reported > predicted.value
      ? "the server had more of this prompt than this session's last one had brought it" : ""
  }

  /// An answer that came back whole shows whether the server renders it as it was generated. Only if
  /// all in front of it was reused: else something else was lost.
  private func noteEcho(_ prediction: HitPrediction, _ reported: Int) {
    let query = prediction.query
    guard let echo = prediction.echo, prediction.returned == 1, query.kept >= query.previous,
      prediction.model.keepsGenerated, reported + ServerVerdict.slack >= query.previous
    else { return }
    engine.noteEcho(
      facts.upstream, facts.dialect, reused: max(0, reported - query.previous),
      output: query.generated, plain: echo.plainShare)
  }

  /// A first turn is not predicted, but what it leaves behind is the same.
  private func firstPrompt(_ record: TurnRecord, _ reception: Reception) -> HitPrediction? {
    var first = record
    first.previousTokens = TokenCount(0, estimated: false)
    return HitPrediction(
      first, reception, last: nil, kind: engine.kind(of: facts.upstream),
      traits: engine.traits(of: facts.upstream), now: facts.nowMillis)
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
      engine.changeRepairs(session.repairs.subtracting(stopped), of: session.id)
      engine.notice(
        "session \(session.id): repairs of \(stopped.names) are stopped, the server does not "
          + "confirm them")
    }
  }

  /// A break measures the prompt in front of it: so many bytes were so many reused tokens. Taken if
  /// the server plainly reused just that; it may have lost more, or found an older copy.
  private func calibrate(_ session: Session, _ boundary: Boundary, _ record: TurnRecord) {
    session.estimate.forget(behind: boundary.keptBytes)
    guard !reusesOthers, let reported = record.usage.cachedTokens else { return }
    let expected = record.keptTokens.value
    if abs(reported - expected) <= max(ServerVerdict.slack, expected / 5) {
      session.estimate.calibrate(bytes: boundary.keptBytes, tokens: reported)
    }
  }

  /// When tools or system prompt changed, what the server reused tells which of them it renders
  /// first. The prediction of this turn is corrected, too: it was made with the wrong order.
  private func learnOrder(_ record: inout TurnRecord, _ reception: Reception) {
    guard !reusesOthers, let reported = record.usage.cachedTokens, let old = reception.previous,
      let alignment = reception.alignment, let boundary = reception.boundary,
      let previous = record.previousTokens,
      let other = Boundary(
        alignment, old: old, new: reception.history, order: reception.order.other),
      other.keptBytes != boundary.keptBytes
    else { return }
    let kept = TurnBuilder.tokens(inFirst: other.keptBytes, reception, old, reception.order.other)
    guard abs(reported - kept) * 2 < abs(reported - record.keptTokens.value) else { return }
    engine.learn(reception.order.other, facts.upstream, facts.dialect)
    TurnBuilder.setKept(
      &record, TokenCount(min(previous.value, kept), estimated: true), of: previous)
    predict(&record, reception)
  }

  /// A changed setting that cost nothing was no break: only the server can tell.
  private func settleKnob(_ record: inout TurnRecord, reported: Int) {
    guard record.verdict.cause == .knob, let previous = record.previousTokens,
      reported + ServerVerdict.slack >= previous.value
    else { return }
    record.verdict.cause = .neutralRerender
    TurnBuilder.setKept(&record, previous, of: previous)
  }
}
