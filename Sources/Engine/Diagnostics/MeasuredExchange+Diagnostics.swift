import Bytes
import Prefix
import Prompt
import Proxy
import Upstream
import Wire

/// Answers what agents ask about cache misses, for upstreams that cannot.
extension MeasuredExchange {
  /// Looks for a question in a request that is about to be forwarded. The question goes along: servers
  /// ignore members they do not know. One that does not gets the request without it.
  func ask(_ plan: inout ExchangePlan, _ request: ReceivedRequest) {
    guard !isVendor(.unknown) else { return }
    question = DiagnosticsQuestion(request.body.bytes, facts.dialect)
    guard let question else { return }
    if engine.refusesQuestions.contains(facts.upstream) {
      if let body = question.cut(from: plan.body, of: request.body) { plan.body = body }
      if plan.fallbackBody != nil {
        plan.fallbackBody = bodyWithout(question, request.body)
      }
    } else if plan.fallbackBody == nil, !engine.takesQuestions.contains(facts.upstream) {
      plan.fallbackBody = bodyWithout(question, request.body)
      triesWithoutQuestion = plan.fallbackBody != nil
    }
  }

  private func bodyWithout(_ question: DiagnosticsQuestion, _ body: ByteBuffer) -> ByteBuffer? {
    guard let pieces = question.cut(from: [ByteSlice(body)], of: body) else { return nil }
    let joined = ByteBuffer(capacity: body.count)
    for piece in pieces { joined.append(piece.bytes) }
    return joined
  }

  /// A request that was accepted with its question, or only without it, tells about the upstream.
  func noteAcceptance(_ status: Int) {
    guard triesWithoutQuestion, status < 400 else { return }
    if isSentWithoutQuestion {
      engine.refusesQuestions.insert(facts.upstream)
    } else {
      engine.takesQuestions.insert(facts.upstream)
    }
  }

  /// What the vendors answer themselves is theirs.
  private func isVendor(_ seen: ServerKind) -> Bool {
    let kinds = [engine.kind(of: facts.upstream), seen]
    return switch facts.dialect {
    case .anthropicMessages: kinds.contains(.anthropic)
    case .openAIResponses: kinds.contains(.openAI)
    case .openAIChat, .openAICompletions: true
    }
  }

  /// nil if nothing was asked, or the answer is the upstream's to give.
  func answer(to head: ResponseHead) -> DiagnosticsAnswer? {
    guard let question, let reception, !isVendor(ServerDetector.kind(head.fields)) else {
      return nil
    }
    return DiagnosticsAnswer(dialect: facts.dialect, finding: finding(question, reception))
  }

  private func finding(
    _ question: DiagnosticsQuestion, _ reception: Reception
  ) -> DiagnosticsAnswer.Finding {
    guard let response = question.response else { return .first }
    let old = engine.fingerprints[key(response)]
    guard let old else { return .notFound }
    guard let new = makeFingerprint(known: old) else { return .compared(.unknown, missedTokens: 0) }
    let divergence = PromptDivergence(old, new, response: response)
    let estimate = reception.session.estimate
    let whole = estimate.tokens(inFirst: old.promptBytes)
    let kept: Int
    switch divergence {
    case .none: kept = whole
    case .model, .setting, .unknown: kept = 0
    case .tools(let bytes), .system(let bytes), .messages(let bytes):
      kept = estimate.tokens(inFirst: bytes)
    }
    return .compared(divergence, missedTokens: max(0, whole - kept))
  }

  private func key(_ response: UInt64) -> FingerprintTable.Key {
    FingerprintTable.Key(
      response: response, credential: facts.credential, upstream: facts.upstream)
  }

  private func makeFingerprint(known: PromptFingerprint?) -> PromptFingerprint? {
    guard let reception else { return nil }
    let made = PromptFingerprint(reception.history, reception.order, known: known)
    fingerprint = made
    return made
  }

  /// Remembers the request for the question of a later one. Anthropic's API does so only for requests
  /// that ask themselves; with OpenAI's the first request of a conversation has nothing to ask.
  func keepFingerprint() {
    guard engine.answersDiagnostics, !isVendor(.unknown), let response = reader?.usage.responseID,
      question != nil || facts.dialect == .openAIResponses,
      let made = fingerprint ?? makeFingerprint(known: nil)
    else { return }
    engine.fingerprints.insert(made, key(response))
  }
}
