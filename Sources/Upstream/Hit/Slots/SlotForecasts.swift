/// Predicts what a llama.cpp server reuses by playing its slots, and holds that against what it
/// reports. Pure.
///
/// How a server was started is not told: it is played in every way that makes a difference, and
/// believed is the way that was right most often of late. One of the ways is the plain prediction, that
/// a session finds what it left; so a server that goes by other rules is predicted as without slots.
public struct SlotForecasts: Sendable {
  public enum Way: Sendable, Equatable {
    case plain
    case slots(SlotPool.HostMemory)
  }

  /// A request under way.
  public struct Turn: Sendable {
    let request: SlotRequest
    /// One for each way of playing; nil if the request had to wait, or slots were not known.
    let choices: [SlotPool.Choice?]
    let epoch: Int
  }

  /// Turns that are remembered until it is known how many slots there are.
  static let maxEarly = 16
  /// Turns on which ways differed that are remembered of each way.
  static let judged = 12
  /// Places where two prompts part of which the server's count is remembered.
  static let maxCounts = 256

  private var slotCount: Int?
  private var pools: [SlotPool] = []
  private var early: [(SlotRequest, HeldPrompt)] = []
  /// Whether each way was right, newest in the lowest bit; in the order of `ways`.
  private var verdicts = Array(repeating: UInt16(0), count: Self.ways.count)
  private var counts: [UInt64: Int] = [:]
  private var countedOrder: [UInt64] = []
  private var epoch = 0

  /// Of ways that were right as often the first one is believed: the server's defaults.
  private static let ways: [Way] =
    SlotPool.HostMemory.allCases.map(Way.slots) + [.plain]

  public init() {}

  /// The way that is believed.
  public var way: Way {
    let best = verdicts.indices.max { a, b in
      let before = verdicts[a].nonzeroBitCount
      let after = verdicts[b].nonzeroBitCount
      return before == after ? a > b : before < after
    }
    return best.map { Self.ways[$0] } ?? .plain
  }

  // MARK: The server

  public mutating func serverHas(slots: Int) {
    guard slots != slotCount else { return }
    slotCount = slots
    guard slots > 0, slots <= SlotPool.maxSlots else { return pools = [] }
    pools = SlotPool.HostMemory.allCases.map { SlotPool(slots: slots, memory: $0) }
    epoch += 1
    for (request, held) in early { finish(request, held) }
    early = []
  }

  /// The server was started anew: it holds nothing, and may have been started in another way.
  public mutating func serverStarted() {
    let count = slotCount
    let epoch = epoch
    self = SlotForecasts()
    self.epoch = epoch + 1
    if let count { serverHas(slots: count) }
  }

  // MARK: A turn

  /// - Parameter inside: what the request shares with the first block of a held prompt that differs,
  ///   by the prompt and the number of the block; nil if the block's text is not at hand.
  public mutating func begin(
    _ request: SlotRequest, inside: (HeldPrompt, Int) -> (bytes: Int, of: Int)?
  ) -> Turn {
    var known: [UInt64: SlotOverlap] = [:]
    let counts = counts
    let choices = pools.indices.map { at in
      pools[at].begin(request) { held in
        let name = HeldPrompt.join(held.key, UInt64(truncatingIfNeeded: held.tokens))
        if let overlap = known[name] { return overlap }
        let overlap = Self.overlap(request, held, counts, inside)
        known[name] = overlap
        return overlap
      }
    }
    return Turn(request: request, choices: choices, epoch: epoch)
  }

  /// What is believed of the turn; nil if the plain prediction is.
  public func forecast(_ turn: Turn) -> SlotPool.Choice? {
    guard case .slots(let memory) = way,
      let at = SlotPool.HostMemory.allCases.firstIndex(of: memory),
      turn.choices.indices.contains(at)
    else { return nil }
    return turn.choices[at]
  }

  /// - Parameter held: what the turn leaves behind; nil if the server did not process it.
  public mutating func end(_ turn: Turn, _ held: HeldPrompt?) {
    for at in pools.indices {
      if turn.epoch == epoch, turn.choices.indices.contains(at), let choice = turn.choices[at] {
        pools[at].end(choice.slot, held)
      } else if let held {
        finish(turn.request, held, at)
      }
    }
    if pools.isEmpty, slotCount == nil, let held {
      early.append((turn.request, held))
      if early.count > Self.maxEarly { early.removeFirst() }
    }
  }

  /// Holds the ways against the server's count.
  ///
  /// - Parameters:
  ///   - plain: the plain prediction.
  ///   - own: what is reused if the session finds what it left; nil on a first turn.
  public mutating func judge(_ turn: Turn, plain: SlotOverlap?, own: SlotOverlap?, reported: Int) {
    guard turn.epoch == epoch else { return }
    let played: [SlotOverlap] = turn.choices.compactMap { choice in
      choice.map { $0.reused.isOwn ? own ?? $0.reused : $0.reused }
    }
    if let plain, played.count == Self.ways.count - 1 {
      let isRight = (played + [plain]).map { Self.fits($0, reported) }
      // What all foresaw, or none, tells nothing about them.
      if Set(isRight).count > 1 {
        for (at, isRight) in isRight.enumerated() {
          let bits = (verdicts[at] << 1) | (isRight ? 1 : 0)
          verdicts[at] = bits & ((1 << UInt16(Self.judged)) - 1)
        }
      }
    }
    if let own, abs(own.tokens - reported) <= 1 { return }
    for overlap in played
    where overlap.mark != 0 && abs(overlap.tokens - reported) <= max(64, reported * 3 / 10) {
      remember(overlap.mark, reported)
    }
  }

  // MARK: Comparing

  private static func fits(_ overlap: SlotOverlap, _ reported: Int) -> Bool {
    let tolerance = overlap.isExact ? max(16, reported / 100) : max(64, reported * 3 / 20)
    return abs(overlap.tokens - reported) <= tolerance
  }

  private static func overlap(
    _ request: SlotRequest, _ held: HeldPrompt, _ counts: [UInt64: Int],
    _ inside: (HeldPrompt, Int) -> (bytes: Int, of: Int)?
  ) -> SlotOverlap {
    if let own = request.own, own.key == held.key {
      return SlotOverlap(tokens: min(own.common, held.tokens), isOwn: true)
    }
    let blocks = held.blocks(sharedWith: request.chain)
    if blocks == held.chain.count {
      return SlotOverlap(tokens: held.prompt, isExact: held.isCounted)
    }
    let front = blocks > 0 ? held.ends[blocks - 1] : 0
    if blocks == request.chain.count {
      return SlotOverlap(tokens: min(front, held.prompt), isExact: false)
    }
    let part = inside(held, blocks) ?? (bytes: 0, of: 1)
    let mark = HeldPrompt.join(
      blocks > 0 ? held.chain[blocks - 1] : 0, UInt64(truncatingIfNeeded: part.bytes))
    if let count = counts[mark] {
      return SlotOverlap(tokens: min(count, held.tokens), isExact: true, mark: mark)
    }
    let share = Double(part.bytes) / Double(max(1, part.of))
    let behind = Int((share * Double(held.ends[blocks] - front)).rounded())
    return SlotOverlap(tokens: min(front + behind, held.prompt), isExact: false, mark: mark)
  }

  private mutating func remember(_ mark: UInt64, _ count: Int) {
    if counts.updateValue(count, forKey: mark) == nil { countedOrder.append(mark) }
    if countedOrder.count > Self.maxCounts { counts[countedOrder.removeFirst()] = nil }
  }

  /// A turn of which it is not known when it got its slot: as if it had run on its own just now.
  private mutating func finish(_ request: SlotRequest, _ held: HeldPrompt, _ at: Int) {
    let counts = counts
    let choice = pools[at].begin(request) { Self.overlap(request, $0, counts) { _, _ in nil } }
    if let choice { pools[at].end(choice.slot, held) }
  }

  private mutating func finish(_ request: SlotRequest, _ held: HeldPrompt) {
    for at in pools.indices { finish(request, held, at) }
  }
}
