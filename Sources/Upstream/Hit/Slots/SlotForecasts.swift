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
  /// Of each way the last 12 turns on which ways differed are remembered.
  private static let judgedMask: UInt16 = 0xFFF
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

  /// Before anything speaks for one of them the first is believed: the server's defaults.
  private static let ways: [Way] =
    SlotPool.HostMemory.allCases.map(Way.slots) + [.plain]

  public init() {}

  /// The way that is believed: right most often, or last among those that were as often.
  public var way: Way {
    let best = verdicts.indices.max { a, b in
      let before = (verdicts[a].nonzeroBitCount, -verdicts[a].trailingZeroBitCount)
      let after = (verdicts[b].nonzeroBitCount, -verdicts[b].trailingZeroBitCount)
      return before == after ? a > b : before < after
    }
    return best.map { Self.ways[$0] } ?? .plain
  }

  /// Whether turns are remembered for the time when it is known how many slots there are.
  public var takesEarlyTurns: Bool { slotCount == nil && early.count < Self.maxEarly }

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

  /// - Parameter texts: nil compares whole blocks only.
  public mutating func begin(_ request: SlotRequest, _ texts: (any HeldTexts)?) -> Turn {
    var known: [UInt64: SlotOverlap] = [:]
    let counts = counts
    let choices = pools.indices.map { at in
      pools[at].begin(request) { held in
        let name = HeldPrompt.join(held.key, UInt64(truncatingIfNeeded: held.tokens))
        if let overlap = known[name] { return overlap }
        let overlap = Self.overlap(request, held, counts, texts)
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
  ///   - plain: the plain prediction; nil on a first turn, which would find nothing.
  ///   - own: what is reused if the session finds what it left; nil on a first turn.
  public mutating func judge(_ turn: Turn, plain: SlotOverlap?, own: SlotOverlap?, reported: Int) {
    guard turn.epoch == epoch else { return }
    let played: [SlotOverlap] = turn.choices.compactMap { choice in
      choice.map { $0.reused.isOwn ? own ?? $0.reused : $0.reused }
    }
    if played.count == Self.ways.count - 1 {
      let all = played + [plain ?? SlotOverlap(tokens: 0)]
      let closely = all.map { abs($0.tokens - reported) <= max(16, reported / 100) }
      let isRight = closely.contains(true) ? closely : all.map { Self.fits($0, reported) }
      // What all foresaw, or none, tells nothing about them.
      if Set(isRight).count > 1 {
        for (at, isRight) in isRight.enumerated() {
          verdicts[at] = ((verdicts[at] << 1) | (isRight ? 1 : 0)) & Self.judgedMask
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

  /// Whether an estimate is as near as estimates are.
  private static func fits(_ overlap: SlotOverlap, _ reported: Int) -> Bool {
    !overlap.isExact && abs(overlap.tokens - reported) <= max(64, reported * 3 / 20)
  }

  private static func overlap(
    _ request: SlotRequest, _ held: HeldPrompt, _ counts: [UInt64: Int],
    _ texts: (any HeldTexts)?
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
    let bytes = texts?.bytes(sharedWith: held, inBlock: blocks) ?? 0
    // Not by the text in front: a clock in it changes at every turn, and the place stays.
    let place = (blocks > 0 ? request.bytes[blocks - 1] : 0) + bytes
    let mark = HeldPrompt.join(UInt64(blocks), UInt64(place))
    if let count = counts[mark] {
      return SlotOverlap(tokens: min(count, held.tokens), mark: mark)
    }
    let tokens = texts?.tokens(of: held, inBlock: blocks, bytes: bytes) ?? front
    return SlotOverlap(tokens: min(tokens, held.prompt), isExact: false, mark: mark)
  }

  private mutating func remember(_ mark: UInt64, _ count: Int) {
    if counts.updateValue(count, forKey: mark) == nil { countedOrder.append(mark) }
    if countedOrder.count > Self.maxCounts { counts[countedOrder.removeFirst()] = nil }
  }

  /// A turn of which it is not known when it got its slot: as if it had run on its own just now.
  private mutating func finish(_ request: SlotRequest, _ held: HeldPrompt, _ at: Int) {
    let counts = counts
    let choice = pools[at].begin(request) { Self.overlap(request, $0, counts, nil) }
    if let choice { pools[at].end(choice.slot, held) }
  }

  private mutating func finish(_ request: SlotRequest, _ held: HeldPrompt) {
    for at in pools.indices { finish(request, held, at) }
  }
}
