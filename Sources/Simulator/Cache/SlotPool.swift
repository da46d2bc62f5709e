import Bytes

/// The slots of the server and the prompts they hold, with the rules by which llama.cpp chooses.
///
/// A free slot is taken when more than `similarity` of the *request* is a common prefix with it, the
/// best one first; otherwise the least recently used one. A slot of which less than half would be
/// kept goes to the prompt store first, and a better entry of the store takes its place.
struct SlotPool {
  struct Slot: Sendable {
    let id: Int
    /// What the slot has evaluated: the prompt and the reply but for its last token.
    fileprivate(set) var tokens: [UInt32] = []
    fileprivate(set) var isBusy = false
    fileprivate(set) var lastUsed: Int64 = -1
    /// Counters of the slot's latest request, as `/slots` shows them.
    fileprivate(set) var task = -1
    fileprivate(set) var promptTokens = 0
    fileprivate(set) var cachedTokens = 0
    /// Tokens of the prompt computed so far.
    var processedTokens = 0
    var decodedTokens = 0
  }

  /// Where a request runs, and how many of its tokens need no work there.
  struct Assignment: Equatable, Sendable {
    var slot: Int
    var cachedTokens: Int
  }

  /// Part of a request that a slot must have in common to be chosen for its content.
  static let similarity = 0.10

  private(set) var slots: [Slot]
  private var store: PromptStore
  private var tasks = 0

  /// - Parameters:
  ///   - count: number of slots, at least 1.
  ///   - storeTokens: capacity of the prompt store in tokens; 0 turns it off.
  init(count: Int, storeTokens: Int) {
    slots = (0..<max(1, count)).map { Slot(id: $0) }
    store = PromptStore(limit: storeTokens)
  }

  /// Gives the request a slot, or nil when it has to wait for one.
  ///
  /// - Parameters:
  ///   - wanted: `id_slot`; taken modulo the number of slots.
  ///   - reuses: `cache_prompt`.
  ///   - now: any rising number, for the choice of the least recently used slot.
  mutating func begin(
    _ prompt: [UInt32], wanted: Int?, reuses: Bool, now: Int64
  ) -> Assignment? {
    let fixed = wanted.map { $0 % slots.count }
    guard let choice = choose(prompt, fixed: fixed) else { return nil }
    let index = choice.slot
    if slots[index].isBusy { return nil }
    if choice.swaps { swap(index, for: prompt) }
    var cached = reuses ? Self.commonTokens(slots[index].tokens, prompt) : 0
    // At least one token must be evaluated to have a next one.
    cached = max(0, min(cached, prompt.count - 1))
    tasks += 1
    slots[index].isBusy = true
    slots[index].lastUsed = now
    slots[index].task = tasks
    slots[index].promptTokens = prompt.count
    slots[index].cachedTokens = cached
    slots[index].processedTokens = 0
    slots[index].decodedTokens = 0
    slots[index].tokens = Array(prompt[..<cached])
    return Assignment(slot: index, cachedTokens: cached)
  }

  /// Frees a slot. `tokens` is all it has evaluated.
  mutating func end(_ slot: Int, tokens: [UInt32], now: Int64) {
    guard slots.indices.contains(slot) else { return }
    slots[slot].tokens = tokens
    slots[slot].isBusy = false
    slots[slot].lastUsed = now
  }

  mutating func progress(_ slot: Int, processed: Int, decoded: Int) {
    guard slots.indices.contains(slot) else { return }
    slots[slot].processedTokens = processed
    slots[slot].decodedTokens = decoded
  }

  private func choose(_ prompt: [UInt32], fixed: Int?) -> (slot: Int, swaps: Bool)? {
    var best: Int?
    var bestShare = 0.0
    for slot in slots where !slot.isBusy && !slot.tokens.isEmpty {
      if let fixed, slot.id != fixed { continue }
      let share =
        Double(Self.commonTokens(slot.tokens, prompt)) / Double(max(1, prompt.count))
      if share > bestShare, share > Self.similarity {
        bestShare = share
        best = slot.id
      }
    }
    if let chosen = fixed ?? best {
      let held = slots[chosen].tokens.count
      // An empty slot keeps 0 of 0: the real server then never asks its store either.
      let keeps = held == 0 ? 1 : bestShare * Double(prompt.count) / Double(held)
      return (chosen, keeps < 0.5)
    }
    let free = slots.filter { !$0.isBusy }
    guard let first = free.first else { return nil }
    // The later one of two that were used at the same time, as the real loop does.
    let oldest = free.dropFirst().reduce(first) { $1.lastUsed <= $0.lastUsed ? $1 : $0 }
    return (oldest.id, true)
  }

  private mutating func swap(_ index: Int, for prompt: [UInt32]) {
    guard store.limit > 0 else { return }
    store.save(slots[index].tokens)
    slots[index].tokens = store.load(for: prompt, over: slots[index].tokens) ?? slots[index].tokens
  }

  /// Length of the longest common prefix, in tokens.
  static func commonTokens(_ a: [UInt32], _ b: [UInt32]) -> Int {
    a.withUnsafeBytes { left in b.withUnsafeBytes { commonPrefixLength(left, $0) / 4 } }
  }
}
