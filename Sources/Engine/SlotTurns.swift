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
    // A server that was not heard of yet may turn out to be one, but not after many turns.
    guard kind == .llamaCpp || kind == .unknown && engine.mayTellSlots(facts.upstream) else {
      return
    }
    let chain = PromptChain(reception.history, decision?.view, reception.order)
    let query = prediction?.query
    slotTurn = engine.beginSlots(
      SlotRequest(
        chain: chain.hashes, bytes: chain.ends, prompt: query?.prompt ?? record.promptTokens.value,
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

  /// Whether the server is believed to have reused what another session left: that says nothing about
  /// the session's own prompt.
  var reusesOthers: Bool {
    guard let slotTurn, let choice = engine.forecast(slotTurn, facts.upstream) else { return false }
    return !choice.reused.isOwn && choice.reused.tokens > 0
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
    guard let slotTurn else { return }
    engine.endSlots(slotTurn, held(record, reception), facts.upstream)
  }

  /// What the turn leaves in its slot; nil if the server did not process it.
  private func held(_ record: TurnRecord, _ reception: Reception) -> HeldPrompt? {
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
  func mayTellSlots(_ upstream: Int) -> Bool {
    watches.indices.contains(upstream) && watches[upstream].forecasts.takesEarlyTurns
  }

  func beginSlots(
    _ request: SlotRequest, _ reception: Reception, _ upstream: Int
  ) -> SlotForecasts.Turn? {
    guard watches.indices.contains(upstream) else { return nil }
    let texts = SlotTexts(sessions: sessions, history: reception.history, order: reception.order)
    return watches[upstream].forecasts.begin(request, texts)
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

/// The texts behind held prompts, as far as sessions still have them.
private struct SlotTexts: HeldTexts {
  let sessions: SessionTable
  let history: History
  let order: RenderingOrder

  func bytes(sharedWith held: HeldPrompt, inBlock number: Int) -> Int? {
    guard let mine = PromptChain.block(number, of: history.index, order),
      let a = history.bytes(of: mine), let (other, theirs) = block(number, of: held),
      let b = other.history?.bytes(of: theirs)
    else { return nil }
    return commonPrefixLength(a, b)
  }

  func tokens(of held: HeldPrompt, inBlock number: Int, bytes: Int) -> Int? {
    guard let (other, theirs) = block(number, of: held), let old = other.history,
      old.body != nil
    else { return nil }
    var front = 0
    for segment in old.index.segments(order).dropFirst() {
      for at in segment {
        if at == theirs {
          return other.estimate.tokens(inFirst: front + bytes) {
            old.weight(of: $0, order)
          }
        }
        front += Int(old.index.blocks[at].length)
      }
    }
    return nil
  }

  /// The session's newest request may be a later one than the slot holds; the hash tells.
  private func block(_ number: Int, of held: HeldPrompt) -> (Session, Int)? {
    guard let other = sessions.session(SessionID(raw: held.owner)),
      let index = other.history?.index,
      let block = PromptChain.block(number, of: index, order),
      HeldPrompt.join(number > 0 ? held.chain[number - 1] : 0, index.blocks[block].digest.low)
        == held.chain[number]
    else { return nil }
    return (other, block)
  }
}
