import Bytes
import Prefix
import Proxy
import Turns
import Upstream
import Wire

/// Ties a pinned conversation to the slot or the machine that has its cache.
extension MeasuredExchange {
  /// Adds what names slot or conversation to a request that is about to be forwarded.
  func tie(_ plan: inout ExchangePlan, _ request: ReceivedRequest) {
    guard let reception, engine.usesAffinity,
      engine.policy(reception.session, facts).mode != .off
    else { return }
    nameConversation(&plan, request, reception)
    let mayPlace =
      engine.namesSlots(facts.upstream)
      && findBytes("\"id_slot\"", in: request.body.bytes) == nil
    place = engine.beginPlace(reception, facts, mayPlace: mayPlace)
    guard let slot = place?.slot else { return }
    if !add("\"id_slot\":\(slot)", to: &plan, request) { engine.leave(&place, facts.upstream) }
  }

  private func nameConversation(
    _ plan: inout ExchangePlan, _ request: ReceivedRequest, _ reception: Reception
  ) {
    guard engine.takesNames(facts.upstream),
      let carrier = RoutingKey.carrier(engine.kind(of: facts.upstream), facts.dialect),
      let name = engine.routingKeys.name(
        of: reception.session.id, parent: reception.session.parent,
        isFirstTurn: reception.turn == 1)
    else { return }
    switch carrier {
    case .member(let member):
      guard findBytes(member, in: request.body.bytes) == nil else { return }
      _ = add("\"\(member)\":\"\(name)\"", to: &plan, request)
    case .field(let field):
      if !request.head.fields.contains(field) {
        plan.extraRequestFields.append((field.description, name))
      }
    }
  }

  private func add(
    _ member: String, to plan: inout ExchangePlan, _ request: ReceivedRequest
  ) -> Bool {
    guard let body = TailMember.add(member, to: plan.body) else { return false }
    plan.body = body
    plan.fallbackBody = request.body
    tieBytes += member.utf8.count + 1
    return true
  }

  /// For turns whose body was not looked at before they were forwarded.
  func beginPlace(_ reception: Reception) {
    if place == nil { place = engine.beginPlace(reception, facts, mayPlace: false) }
  }

  /// The body without what was added is sent instead; false if nothing was.
  func untie() -> Bool {
    guard tieBytes > 0 else { return false }
    tieBytes = 0
    isUntied = true
    engine.leave(&place, facts.upstream)
    return true
  }

  func endPlace(_ record: TurnRecord, _ reception: Reception) {
    // The agent's own body was taken where the tied one was not. Refused both, it was something else.
    if isUntied, record.status.map({ $0 < 400 }) ?? false { engine.refusedTie(facts.upstream) }
    guard let place else { return }
    let usage = record.usage
    var held: Int?
    // The last token that was generated is not processed any more.
    if let prompt = usage.promptTokens, let output = usage.outputTokens {
      held = max(0, prompt + output - 1)
    }
    engine.endPlace(
      place, reception, facts,
      SlotAffinity.Outcome(
        // Not what the server is expected to have kept after others used it, but all it could have.
        predicted: record.state == .done ? record.keptForwardedTokens.value : nil,
        isEstimate: record.keptForwardedTokens.estimated,
        reported: usage.cachedTokens, heldTokens: held, now: engine.nowMillis))
  }
}

extension Engine {
  func namesSlots(_ upstream: Int) -> Bool {
    watches.indices.contains(upstream) && watches[upstream].affinity.isActive
  }

  func takesNames(_ upstream: Int) -> Bool {
    watches.indices.contains(upstream) && watches[upstream].takesNames
  }

  func beginPlace(
    _ reception: Reception, _ facts: RequestFacts, mayPlace: Bool
  ) -> SlotAffinity.Place? {
    guard usesAffinity, watches.indices.contains(facts.upstream) else { return nil }
    for gone in reception.evicted {
      routingKeys.forget(gone)
      for upstream in watches.indices { watches[upstream].affinity.forget(gone) }
    }
    return watches[facts.upstream].affinity.begin(
      reception.session.id, parent: reception.session.parent,
      isSideCall: Self.isAside(reception), mayPlace: mayPlace, now: facts.nowMillis)
  }

  func endPlace(
    _ place: SlotAffinity.Place, _ reception: Reception, _ facts: RequestFacts,
    _ outcome: SlotAffinity.Outcome
  ) {
    guard watches.indices.contains(facts.upstream) else { return }
    watches[facts.upstream].affinity.end(
      reception.session.id, place, isSideCall: Self.isAside(reception), outcome)
    tellAffinity(facts.upstream)
    wakeProber(facts.upstream)
  }

  /// The body has no place for the name of a slot.
  func leave(_ place: inout SlotAffinity.Place?, _ upstream: Int) {
    if let slot = place?.slot, watches.indices.contains(upstream) {
      watches[upstream].affinity.leave(slot)
    }
    place?.slot = nil
  }

  func refusedTie(_ upstream: Int) {
    guard watches.indices.contains(upstream) else { return }
    watches[upstream].takesNames = false
    watches[upstream].affinity.refusedSlot()
    tellAffinity(upstream)
  }

  private static func isAside(_ reception: Reception) -> Bool {
    reception.session.isSideCall || reception.relation == .sideCall
      || reception.relation == .compactionCall
  }
}
