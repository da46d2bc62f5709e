import Prefix
import Upstream

/// Decides in which slot of a llama.cpp server (`id_slot`) a conversation is processed. Pure.
///
/// Left alone, the server puts a request into the slot whose content is most alike, so that
/// conversations with the same system prompt displace each other while other slots stay empty. Naming
/// the slot avoids that, but does harm on a server that clears idle slots (unified KV), where a named
/// slot is found empty and the host's memory is not searched (llama.cpp issue 28139). So slots are
/// named only after a conversation was seen to be displaced, never on a server whose idle slots were
/// seen cleared, and every turn in a named slot is compared with what was predicted.
struct SlotAffinity {
  enum Phase: Equatable {
    /// No conversation was displaced.
    case idle
    /// One was: which slots hold what is to be looked up.
    case looking
    /// Slots are named, and it is not proved yet that it helps.
    case trial
    case proved
    /// Not tried again before the server starts anew.
    case stopped
  }

  /// What one turn has to do with slots; made before it is forwarded, given back at its end.
  struct Place: Equatable {
    /// nil: the server chooses.
    var slot: Int?
    /// Whether the slot already held this conversation, by what is known.
    var isHome = false
    /// Turns forwarded without a slot before this one, and turns of others in all.
    fileprivate var unplacedBefore = 0
    fileprivate var turnsBefore = 0
  }

  struct Outcome {
    var predicted: Int?
    /// Whether `predicted` is an estimate; then only a great difference counts.
    var isEstimate = false
    var reported: Int?
    /// Tokens that the slot holds after the turn, as far as counted.
    var heldTokens: Int?
    var now: UInt64
  }

  /// Fewer tokens prove nothing about a slot.
  static let smallest = 256
  /// How long a conversation keeps its slot when another one wants it.
  static let idleMillis: UInt64 = 120_000
  private static let proofs = 2
  private static let maxRemembered = 256

  private(set) var phase = Phase.idle
  private var slotCount = 0
  private var owners: [Int: SessionID] = [:]
  private var homes: [SessionID: Home] = [:]
  private var sideSlot: Int?
  private var busy: Set<Int> = []
  private var turns = 0
  private var unplaced = 0
  private var supports = 0
  private var doubts = 0
  private var notice: String?

  private struct Home {
    var slot: Int?
    /// What the conversation's last turn left in its slot; nil if that was not counted.
    var tokens: Int?
    var lastUsed: UInt64
    var turns = 0
    var unplaced = 0
  }

  /// Whether the list of slots would help to decide; no more than once a turn.
  private(set) var wantsSlots = false
  /// Whether a turn may get a slot.
  var isActive: Bool { (phase == .trial || phase == .proved) && slotCount > 1 }

  /// Something a person should know; told once.
  mutating func takeNotice() -> String? {
    defer { notice = nil }
    return notice
  }

  // MARK: The server

  mutating func serverHas(slots: Int) { slotCount = slots }

  mutating func serverStarted() {
    let count = slotCount
    self = SlotAffinity()
    slotCount = count
  }

  mutating func saw(_ slots: [SlotState]) {
    wantsSlots = false
    guard phase == .looking || phase == .trial else { return }
    slotCount = slots.count
    if slots.contains(where: { !$0.isBusy && $0.task != nil && $0.tokens == 0 }) {
      return stop(
        "conversations displace each other at the server, and naming slots would not help: it clears "
          + "idle slots (start it with -np N and without --kv-unified, or with --no-cache-idle-slots)"
      )
    }
    guard phase == .looking else { return }
    phase = .trial
    for slot in slots where !slot.isBusy {
      guard let tokens = slot.tokens, tokens > 0 else { continue }
      let likely = homes.filter { entry in
        entry.value.tokens.map { abs($0 - tokens) <= 2 } ?? false
      }
      guard likely.count == 1, let found = likely.first, owners[slot.id] == nil else { continue }
      settle(found.key, in: slot.id)
    }
  }

  mutating func refusedSlot() {
    if phase == .trial || phase == .proved { stop("the server refused a request with id_slot") }
  }

  mutating func forget(_ session: SessionID) {
    if let slot = homes.removeValue(forKey: session)?.slot, owners[slot] == session {
      owners[slot] = nil
    }
  }

  // MARK: A turn

  /// - Parameters:
  ///   - parent: the session it branched off, whose slot it continues in.
  ///   - mayPlace: whether this turn's body may be changed.
  mutating func begin(
    _ session: SessionID, parent: SessionID?, isSideCall: Bool, mayPlace: Bool, now: UInt64
  ) -> Place {
    var place = Place(turnsBefore: turns)
    place.unplacedBefore = unplaced
    turns += 1
    if mayPlace, isActive {
      if isSideCall {
        place.slot = slotForSideCalls()
      } else {
        place.isHome = homes[session]?.slot != nil
        place.slot = homes[session]?.slot ?? newSlot(session, parent, now)
      }
      // The request would wait for the slot instead of using a free one.
      if let slot = place.slot, busy.contains(slot) { place.slot = nil }
    }
    if let slot = place.slot { busy.insert(slot) } else { unplaced += 1 }
    return place
  }

  /// The request is sent without the slot that it was given.
  mutating func leave(_ slot: Int) {
    busy.remove(slot)
    unplaced += 1
  }

  mutating func end(_ session: SessionID, _ place: Place, isSideCall: Bool, _ outcome: Outcome) {
    if let slot = place.slot { busy.remove(slot) }
    guard !isSideCall else { return }
    let before = homes[session]
    judge(place, before, outcome)
    wantsSlots = phase == .looking || phase == .trial
    var home = before ?? Home(slot: nil, tokens: nil, lastUsed: outcome.now)
    home.tokens = outcome.heldTokens
    home.lastUsed = outcome.now
    home.turns = turns
    home.unplaced = unplaced
    homes[session] = home
    if homes.count > Self.maxRemembered,
      let oldest = homes.min(by: { $0.value.lastUsed < $1.value.lastUsed })
    {
      forget(oldest.key)
    }
  }

  private mutating func judge(_ place: Place, _ before: Home?, _ outcome: Outcome) {
    guard let before, let predicted = outcome.predicted, let reported = outcome.reported,
      predicted >= Self.smallest
    else { return }
    let hadOthers = place.turnsBefore > before.turns
    let missing = predicted - reported
    let wasLost = missing > (outcome.isEstimate ? predicted / 2 : max(64, predicted / 10))
    switch phase {
    case .idle:
      if wasLost, hadOthers, slotCount > 1 { phase = .looking }
    case .looking, .stopped:
      break
    case .trial, .proved:
      guard place.slot != nil, place.isHome else { return }
      if wasLost {
        // A request that named no slot may have been put into this one.
        let isOurs = place.unplacedBefore == before.unplaced
        doubts += isOurs ? 2 : 1
        supports = 0
        if phase == .trial && isOurs || doubts >= 4 {
          stop(
            "slots are not named any more: a turn in its own slot reused \(reported) of "
              + "\(predicted) predicted tokens")
        }
      } else if hadOthers, missing <= max(16, predicted / 50) {
        supports += 1
        doubts = max(0, doubts - 1)
        if phase == .trial, supports >= Self.proofs {
          phase = .proved
          notice =
            "conversations keep slots of their own at the server (id_slot): they displaced "
            + "each other before"
        }
      }
    }
  }

  private mutating func stop(_ reason: String) {
    phase = .stopped
    wantsSlots = false
    owners = [:]
    for session in homes.keys { homes[session]?.slot = nil }
    notice = reason
  }

  // MARK: Slots

  private mutating func settle(_ session: SessionID, in slot: Int) {
    if let owner = owners[slot] { homes[owner]?.slot = nil }
    owners[slot] = session
    homes[session]?.slot = slot
    if sideSlot == slot { sideSlot = nil }
  }

  private mutating func newSlot(_ session: SessionID, _ parent: SessionID?, _ now: UInt64) -> Int? {
    var slot = (0..<slotCount).first { owners[$0] == nil && $0 != sideSlot && !busy.contains($0) }
    if let parent, let home = homes[parent]?.slot, !busy.contains(home) { slot = home }
    slot = slot ?? (0..<slotCount).first { owners[$0] == nil && !busy.contains($0) }
    if slot == nil {
      let oldest = owners.min { lastUsed($0.value) < lastUsed($1.value) }
      if let oldest, now - min(lastUsed(oldest.value), now) >= Self.idleMillis,
        !busy.contains(oldest.key)
      {
        slot = oldest.key
      }
    }
    guard let slot else { return nil }
    if homes[session] == nil { homes[session] = Home(slot: nil, tokens: nil, lastUsed: now) }
    settle(session, in: slot)
    return slot
  }

  private func lastUsed(_ session: SessionID) -> UInt64 { homes[session]?.lastUsed ?? 0 }

  /// One slot that no conversation has; none if they need all.
  private mutating func slotForSideCalls() -> Int? {
    if sideSlot == nil || owners[sideSlot ?? 0] != nil {
      sideSlot = (0..<slotCount).last { owners[$0] == nil }
    }
    return sideSlot
  }
}
