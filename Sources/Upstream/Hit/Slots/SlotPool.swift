/// Plays the slots of one llama.cpp server: which holds what, which one a request is put into, and what
/// that displaces. Pure. Source: its tools/server/server-context.cpp (`get_available_slot`) and
/// server-task.cpp (`server_prompt_cache`).
///
///     the free slot that shares most, if that is more than a tenth of the request; else the one
///     that was used longest ago
///     less than half of its content stays, or it was taken by age: the content is copied to the
///     host's memory, and what is there is taken instead if it is better by both shares
public struct SlotPool: Sendable {
  /// What the server does with prompts in the host's memory (`--cache-ram`).
  public enum HostMemory: Sendable, CaseIterable {
    /// Displaced prompts are kept there, and idle slots copied to it when a task starts.
    case copiesIdle
    /// Idle slots are moved there when a task starts (unified KV).
    case movesIdle
    /// There is none.
    case none
  }

  public struct Choice: Sendable, Equatable {
    public enum Place: Sendable, Equatable { case slot, hostMemory }

    public var slot: Int
    /// What the request has in common with the content it is put behind; at most all but the last
    /// token of its prompt, which is always evaluated.
    public var reused: SlotOverlap
    public var from: Place
    /// The session whose prompt the slot loses; nil if it was empty or is continued.
    public var displaced: UInt32?
  }

  /// More slots than this are not played.
  static let maxSlots = 64
  /// Bounds of what is remembered of the host's memory: prompts, and blocks in all of them.
  public static let maxEntries = 64
  static let maxEntryBlocks = 1 << 16
  /// The default of `--slot-prompt-similarity`.
  static let similarity = 0.1
  /// A prompt is saved if less than this share of it stays.
  static let leastKept = 0.5
  /// A prompt in the host's memory is not taken for less than this share of it.
  static let leastTaken = 0.25

  private struct Slot {
    var held: HeldPrompt?
    /// Counts uses; the same for slots that were never used.
    var lastUsed = 0
    var isBusy = false
  }

  let memory: HostMemory
  private var slots: [Slot]
  /// Oldest first.
  private(set) var entries: [HeldPrompt] = []
  private var uses = 0

  public init(slots: Int, memory: HostMemory) {
    self.memory = memory
    self.slots = Array(repeating: Slot(), count: min(max(slots, 0), Self.maxSlots))
  }

  /// What a slot holds; nil if it is empty, or there is no such slot.
  public func held(in slot: Int) -> HeldPrompt? {
    slots.indices.contains(slot) ? slots[slot].held : nil
  }

  /// The request is given to the server.
  ///
  /// - Returns: nil if it has to wait because the slots that it may have are busy; nothing is changed
  ///   then.
  public mutating func begin(
    _ request: SlotRequest, overlap: (HeldPrompt) -> SlotOverlap
  ) -> Choice? {
    guard let place = place(request, overlap) else { return nil }
    var choice = Choice(
      slot: place.slot, reused: place.overlap ?? SlotOverlap(tokens: 0), from: .slot)
    let before = slots[place.slot].held
    if place.savesContent, memory != .none {
      if let before { save(before) }
      if let better = takeBetter(than: place, overlap) {
        slots[place.slot].held = better.held
        choice.reused = better.overlap
        choice.from = .hostMemory
      }
    }
    let isContinued = choice.from == .slot && choice.reused.tokens >= before?.prompt ?? 0
    choice.displaced = isContinued ? nil : before?.owner
    choice.reused.tokens = min(choice.reused.tokens, max(0, request.prompt - 1))
    slots[place.slot].isBusy = true
    leaveIdle()
    return choice
  }

  /// The request was answered, or given up.
  ///
  /// - Parameter held: what the slot holds now; nil if the server did not process the request.
  public mutating func end(_ slot: Int, _ held: HeldPrompt?) {
    guard slots.indices.contains(slot) else { return }
    slots[slot].isBusy = false
    uses += 1
    slots[slot].lastUsed = uses
    if let held { slots[slot].held = held }
  }

  // MARK: Choosing

  private struct Place {
    var slot: Int
    /// nil if the slot is empty.
    var overlap: SlotOverlap?
    var savesContent: Bool
  }

  private func place(
    _ request: SlotRequest, _ overlap: (HeldPrompt) -> SlotOverlap
  ) -> Place? {
    let free = slots.indices.filter {
      !slots[$0].isBusy && (request.slot == nil || request.slot == $0)
    }
    let shared = free.map { slots[$0].held.map(overlap) }
    var best: Int?
    var most = Double(request.prompt) * Self.similarity
    for (at, overlap) in shared.enumerated() {
      guard let overlap, Double(overlap.tokens) > most else { continue }
      most = Double(overlap.tokens)
      best = at
    }
    if let at = best, let held = slots[free[at]].held {
      let isLost = most < Double(held.tokens) * Self.leastKept
      return Place(slot: free[at], overlap: shared[at], savesContent: isLost)
    }
    var oldest: Int?
    // Of slots that were never used the server takes the last one.
    for at in free.indices
    where slots[free[at]].lastUsed <= oldest.map({ slots[free[$0]].lastUsed }) ?? .max {
      oldest = at
    }
    guard let oldest else { return nil }
    // In an empty slot that was named the shares are no numbers, and the memory is not looked at.
    let isNamedEmpty = request.slot != nil && shared[oldest] == nil
    return Place(slot: free[oldest], overlap: shared[oldest], savesContent: !isNamedEmpty)
  }

  /// Takes what continues better than the content of the slot, by the share of it that would be kept
  /// and by the share of the request.
  private mutating func takeBetter(
    than place: Place, _ overlap: (HeldPrompt) -> SlotOverlap
  ) -> (held: HeldPrompt, overlap: SlotOverlap)? {
    func share(_ tokens: Int, _ held: HeldPrompt) -> Double {
      Double(tokens) / Double(max(1, held.tokens))
    }
    var mostKept = -1.0
    if let held = slots[place.slot].held { mostKept = share(place.overlap?.tokens ?? 0, held) }
    var mostShared = place.overlap?.tokens ?? 0
    var best: (at: Int, overlap: SlotOverlap)?
    for (at, entry) in entries.enumerated() {
      let candidate = overlap(entry)
      let kept = share(candidate.tokens, entry)
      guard kept >= Self.leastTaken, kept > mostKept, candidate.tokens > mostShared else {
        continue
      }
      mostKept = kept
      mostShared = candidate.tokens
      best = (at, candidate)
    }
    return best.map { (entries.remove(at: $0.at), $0.overlap) }
  }

  // MARK: The host's memory

  private mutating func save(_ held: HeldPrompt) {
    guard held.tokens > 0, !entries.contains(where: { held.isContained(in: $0) }) else { return }
    entries.removeAll { $0.isContained(in: held) }
    entries.append(held)
    var blocks = entries.reduce(0) { $0 + $1.chain.count }
    while entries.count > Self.maxEntries || entries.count > 1 && blocks > Self.maxEntryBlocks {
      blocks -= entries.removeFirst().chain.count
    }
  }

  private mutating func leaveIdle() {
    guard memory != .none else { return }
    for slot in slots.indices where !slots[slot].isBusy {
      guard let held = slots[slot].held else { continue }
      save(held)
      if memory == .movesIdle { slots[slot].held = nil }
    }
  }
}
