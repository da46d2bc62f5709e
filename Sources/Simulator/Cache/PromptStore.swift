/// Whole prompts that were displaced from their slots (llama.cpp: `--cache-ram`), oldest first.
struct PromptStore {
  /// Capacity in tokens; 0 stores nothing.
  let limit: Int
  private(set) var entries: [[UInt32]] = []

  init(limit: Int) {
    self.limit = max(0, limit)
  }

  var count: Int { entries.reduce(0) { $0 + $1.count } }

  /// Keeps a prompt. What it contains whole is dropped; the oldest entries make room.
  mutating func save(_ tokens: [UInt32]) {
    guard !tokens.isEmpty, tokens.count <= limit else { return }
    if entries.contains(where: { SlotPool.commonTokens($0, tokens) == tokens.count }) { return }
    entries.removeAll { SlotPool.commonTokens($0, tokens) == $0.count }
    var held = count
    while !entries.isEmpty, held + tokens.count > limit { held -= entries.removeFirst().count }
    entries.append(tokens)
  }

  /// Takes out the entry that keeps more of itself and covers more of the prompt than `current`
  /// does; nil if there is none. An entry of which less than a quarter would be used stays.
  mutating func load(for prompt: [UInt32], over current: [UInt32]) -> [UInt32]? {
    let common = SlotPool.commonTokens(current, prompt)
    var bestKeeps = current.isEmpty ? -1 : Double(common) / Double(current.count)
    var bestCovers = common
    var best: Int?
    for (index, entry) in entries.enumerated() {
      let shared = SlotPool.commonTokens(entry, prompt)
      let keeps = Double(shared) / Double(max(1, entry.count))
      guard keeps >= 0.25, keeps > bestKeeps, shared > bestCovers else { continue }
      bestKeeps = keeps
      bestCovers = shared
      best = index
    }
    return best.map { entries.remove(at: $0) }
  }
}
