import Bytes
import Prefix
import Prompt
import Turns
import Upstream

/// Predicts turns by playing the slots of the server, where it is one that has them.
extension MeasuredExchange {
  /// The request is with the server.
  func beginSlots(_ record: inout TurnRecord, _ reception: Reception) {
    let kind = engine.kind(of: facts.upstream)
    // A server that was not heard of yet may turn out to be one.
    guard kind == .llamaCpp || kind == .unknown else { return }
    let chain = PromptChain(reception.history, decision?.view, reception.order)
    let query = prediction?.query
    slotTurn = engine.beginSlots(
      SlotRequest(
        chain: chain.hashes, prompt: query?.prompt ?? record.promptTokens.value,
        own: query.flatMap { query in
          reception.previous.map { (PromptChain.key($0.index), query.common) }
        },
        slot: place?.slot),
      reception, facts.upstream)
    forecast(&record)
  }

  /// Takes what playing the slots foretells, where that is believed.
  func forecast(_ record: inout TurnRecord) {
    guard let slotTurn, let prediction,
      let choice = engine.forecast(slotTurn, facts.upstream)
    else { return }
    record.predictedTokens = prediction.tokens(choice)
  }

  func judgeSlots(_ record: TurnRecord) {
    guard let slotTurn, let reported = record.usage.cachedTokens else { return }
    func overlap(_ count: TokenCount) -> SlotOverlap {
      SlotOverlap(tokens: count.value, isExact: !count.estimated)
    }
    engine.judgeSlots(
      slotTurn, plain: prediction.map { overlap($0.tokens) },
      own: prediction.map { overlap($0.certain) }, reported: reported, facts.upstream)
  }

  func endSlots(_ record: TurnRecord, _ reception: Reception) {
    guard let slotTurn, engine.kind(of: facts.upstream) == .llamaCpp else { return }
    engine.endSlots(slotTurn, held(record, reception, slotTurn), facts.upstream)
  }

  /// What the turn leaves in its slot; nil if the server did not process it.
  private func held(
    _ record: TurnRecord, _ reception: Reception, _ turn: SlotForecasts.Turn
  ) -> HeldPrompt? {
    guard let status = record.status ?? (record.state == .aborted ? 200 : nil), status < 400 else {
      return nil
    }
    let order = engine.order(facts.upstream, facts.dialect)
    let chain = PromptChain(reception.history, decision?.view, order)
    let estimate = reception.session.estimate
    let usage = record.usage
    var prompt = usage.promptTokens ?? estimate.tokens(inFirst: chain.promptBytes)
    // Given up before anything was generated: all that is certain is what it began with.
    if reader == nil { prompt = min(prompt, record.predictedTokens?.value ?? 0) }
    return HeldPrompt(
      owner: reception.session.id.raw, key: chain.key, chain: chain.hashes,
      ends: estimate.tokens(atEach: chain.ends), prompt: prompt,
      isCounted: usage.promptTokens != nil, generated: max(0, (usage.outputTokens ?? 0) - 1))
  }
}

extension Engine {
  func beginSlots(
    _ request: SlotRequest, _ reception: Reception, _ upstream: Int
  ) -> SlotForecasts.Turn? {
    guard watches.indices.contains(upstream) else { return nil }
    let history = reception.history
    let order = reception.order
    return watches[upstream].forecasts.begin(request) { held, number in
      // The session's newest request may be a later one than the slot holds; the block tells.
      guard let other = sessions.session(SessionID(raw: held.owner))?.history,
        let mine = PromptChain.block(number, of: history.index, order),
        let theirs = PromptChain.block(number, of: other.index, order),
        HeldPrompt.join(
          number > 0 ? held.chain[number - 1] : 0, other.index.blocks[theirs].digest.low)
          == held.chain[number],
        let a = history.bytes(of: mine), let b = other.bytes(of: theirs)
      else { return nil }
      return (commonPrefixLength(a, b), b.count)
    }
  }

  func forecast(_ turn: SlotForecasts.Turn, _ upstream: Int) -> SlotPool.Choice? {
    kind(of: upstream) == .llamaCpp ? watches[upstream].forecasts.forecast(turn) : nil
  }

  func judgeSlots(
    _ turn: SlotForecasts.Turn, plain: SlotOverlap?, own: SlotOverlap?, reported: Int,
    _ upstream: Int
  ) {
    guard kind(of: upstream) == .llamaCpp else { return }
    watches[upstream].forecasts.judge(turn, plain: plain, own: own, reported: reported)
  }

  func endSlots(_ turn: SlotForecasts.Turn, _ held: HeldPrompt?, _ upstream: Int) {
    watches[upstream].forecasts.end(turn, held)
  }
}
