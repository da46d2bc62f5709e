import Bytes
import Prefix
import Prompt
import Turns
import Upstream

/// What an upstream showed of the way it reuses prompts, beyond its kind.
struct ReuseTraits {
  /// See `SlotHits`; found out when a break led back to the end of an earlier prompt.
  var resumesAtCheckpoints = false
  /// How answers that came back unchanged were reused, per way of asking.
  var echoes: [Dialect: EchoReuse] = [:]
  /// Whether it was seen to turn back to an earlier prompt that a break had displaced.
  var findsOlderPrompts = false
  /// Whether its template was seen to render earlier messages anew as a conversation goes on.
  var templateRewritesHistory = false
}

/// The prediction of one turn, with what it was made from.
struct HitPrediction {
  let model: HitModel
  let query: HitQuery
  let echo: Echo?
  /// Share of the last answer that the server gets back as it generated it, whether the agent sent it
  /// so or a repair put it back; nil if that is not known.
  let returned: Double?
  /// Tokens of the last answer that should be reused if the server renders it as it was generated.
  let wholeEcho: Int
  let tokens: TokenCount
  /// The same without what a break had displaced: a server may have dropped that at any time, so
  /// only this is held against it.
  let certain: TokenCount
  /// Tokens of a displaced prompt that the request turns back to; nil if it does not.
  let older: Int?
  /// Bytes of the previous prompt as forwarded that are unchanged; nil if all are.
  private let keptBytes: Int?

  /// nil on a session's first turn, of which nothing is known.
  ///
  /// - Parameter record: with `keptForwardedTokens` set to what was forwarded.
  init?(
    _ record: TurnRecord, _ reception: Reception, _ decision: PinDecision? = nil,
    last: LastTurn?, kind: ServerKind, traits: ReuseTraits, now: UInt64
  ) {
    guard let previous = record.previousTokens else { return nil }
    let session = reception.session
    let kept = record.keptForwardedTokens
    model = HitModel(
      kind, model: session.model, resumesAtCheckpoints: traits.resumesAtCheckpoints)
    echo = Echo.find(reception)
    returned = record.repaired.contains(.echo) ? 1 : echo?.returnedShare
    let output = last?.outputTokens ?? 0
    var echoed = 0
    var whole = 0
    if model.keepsGenerated, let echo, let returned, kept.value >= previous.value {
      let reuse = traits.echoes[reception.history.index.dialect] ?? EchoReuse()
      echoed = reuse.expected(
        output: output, returned: returned, plain: echo.plainShare)
      if returned == 1 { whole = max(0, output - 1) }
    }
    wholeEcho = whole
    // What is kept is part of this prompt, whatever the estimate of its length says.
    let isRepeated =
      reception.boundary == nil && reception.previous?.promptBytes == reception.history.promptBytes
    let prompt =
      isRepeated ? previous.value : max(record.promptTokens.value, kept.value + echoed + 1)
    if let forwarded = decision?.kept {
      keptBytes = forwarded.isWhole ? nil : forwarded.keptBytes
    } else {
      keptBytes = kept.value < previous.value ? reception.boundary?.keptBytes : nil
    }
    let bound = keptBytes ?? Int.max
    query = HitQuery(
      kept: kept.value, previous: previous.value, echoed: echoed, generated: output,
      prompt: prompt, now: now,
      marks: session.marks.all.filter { $0.bytes <= bound },
      breakpoints: Self.breakpoints(model, reception, now))
    let isExact = !kept.estimated && (echoed == 0 || returned == 1)
    certain = TokenCount(model.predicted(query), estimated: !isExact)
    older =
      kept.value < previous.value
      ? session.olderPrompts.longest(continuedBy: reception.history.index, reception.order) : nil
    if traits.findsOlderPrompts, let older, older > certain.value {
      let back = HitQuery(kept: older, previous: older, prompt: max(prompt, older + 1), now: now)
      tokens = TokenCount(max(certain.value, model.predicted(back)), estimated: false)
    } else {
      tokens = certain
    }
  }

  /// What is reused by the choice that the server is expected to make among its slots.
  func tokens(_ choice: SlotPool.Choice) -> TokenCount {
    let reused = choice.reused
    if reused.isOwn { return certain }
    // Of another's prompt no checkpoint is known, where it cannot be cut anywhere.
    if case .slot(let hits) = model, hits.resumesAtCheckpoints {
      return TokenCount(0, estimated: true)
    }
    return TokenCount(min(reused.tokens, max(0, query.prompt - 1)), estimated: !reused.isExact)
  }

  /// Where the request asks for caching, for rules that heed it.
  private static func breakpoints(
    _ model: HitModel, _ reception: Reception, _ now: UInt64
  ) -> [PrefixMark] {
    guard let body = reception.history.body else { return [] }
    let session = reception.session
    let lifetime: (CacheMarker) -> UInt64?
    switch model {
    case .breakpoints:
      lifetime = {
        $0.isHour ? BreakpointHits.longLifetimeMillis : BreakpointHits.shortLifetimeMillis
      }
    case .units(.openAI): lifetime = { _ in model.lifetimeMillis }
    case .prefix, .slot, .blocks, .automatic, .units: return []
    }
    return session.markerScan.markers(reception.history.index, body.bytes).map { marker in
      PrefixMark(
        bytes: marker.bytes, tokens: session.estimate.tokens(inFirst: marker.bytes),
        blocks: marker.blocks, usedAt: now, lifetimeMillis: lifetime(marker))
    }
  }

  /// OpenAI: what the request asks to be stored; false if it does so for all of its prompt, too.
  private func storesExplicitOnly(
    _ marks: inout PrefixMarks, _ reception: Reception, now: UInt64
  ) -> Bool {
    guard case .units(.openAI) = model, let body = reception.history.body else { return false }
    let isOnly = CacheMarkerScan.isExplicitOnly(reception.history.index, body.bytes)
    for mark in query.breakpoints.suffix(isOnly ? UnitHits.writes : UnitHits.writes - 1) {
      var mark = mark
      mark.usedAt = now
      marks.note(mark)
    }
    return isOnly
  }

  /// What the server holds of the session once it has answered this turn.
  ///
  /// - Parameter promptBytes: of the prompt as it was forwarded.
  func settle(
    _ marks: inout PrefixMarks, _ reception: Reception, _ promptBytes: Int, _ usage: Usage,
    now: UInt64
  ) {
    if let keptBytes { marks.forget(behind: keptBytes) }
    if query.kept < query.previous, let old = reception.previous {
      reception.session.olderPrompts.note(old.index, reception.order, tokens: query.previous)
    }
    if case .breakpoints(let hits) = model {
      for (number, breakpoint) in query.breakpoints.enumerated() {
        var mark = breakpoint
        mark.usedAt = now
        // The last one is where reading and writing ended.
        if number == query.breakpoints.count - 1, let read = usage.cachedTokens {
          mark.tokens = read + (usage.writtenTokens ?? 0) + (usage.writtenHourTokens ?? 0)
        }
        if mark.tokens >= hits.minimum { marks.note(mark) }
      }
    } else if !storesExplicitOnly(&marks, reception, now: now), let prompt = usage.promptTokens {
      marks.note(
        PrefixMark(
          bytes: promptBytes, tokens: prompt, usedAt: now,
          lifetimeMillis: model.lifetimeMillis))
    }
  }
}
