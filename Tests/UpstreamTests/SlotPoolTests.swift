import Testing
import Upstream

/// A prompt of blocks of 100 tokens each, named by numbers.
private func prompt(
  _ owner: UInt32, _ blocks: [UInt64]
) -> HeldPrompt {
  HeldPrompt(
    owner: owner, key: chain(blocks).last ?? 0, chain: chain(blocks),
    ends: blocks.indices.map { ($0 + 1) * 100 }, prompt: blocks.count * 100)
}

private func chain(_ blocks: [UInt64]) -> [UInt64] {
  var hash: UInt64 = 0
  return blocks.map { block in
    hash = HeldPrompt.join(hash, block)
    return hash
  }
}

private func request(_ blocks: [UInt64], slot: Int?) -> SlotRequest {
  SlotRequest(
    chain: chain(blocks), bytes: blocks.indices.map { ($0 + 1) * 400 }, prompt: blocks.count * 100,
    slot: slot)
}

/// Blocks of a conversation of its own.
private func own(_ session: UInt64, _ count: Int) -> [UInt64] {
  (0..<UInt64(count)).map { session * 1000 + $0 }
}

/// A system prompt of so many blocks that conversations share.
private func system(_ count: Int) -> [UInt64] { (0..<UInt64(count)).map { $0 + 1 } }

/// A pool that is fed with whole turns.
private struct Bench {
  var pool: SlotPool

  init(slots: Int, _ memory: SlotPool.HostMemory = .copiesIdle) {
    pool = SlotPool(slots: slots, memory: memory)
  }

  mutating func begin(_ blocks: [UInt64], slot: Int? = nil) -> SlotPool.Choice? {
    pool.begin(request(blocks, slot: slot)) { held in
      SlotOverlap(tokens: min(held.blocks(sharedWith: chain(blocks)) * 100, held.prompt))
    }
  }

  @discardableResult
  mutating func turn(
    _ owner: UInt32, _ blocks: [UInt64], slot: Int? = nil
  ) -> SlotPool.Choice? {
    let choice = begin(blocks, slot: slot)
    if let choice { pool.end(choice.slot, prompt(owner, blocks)) }
    return choice
  }
}

@Suite struct SlotPoolTests {
  // MARK: The slot

  @Test func `of slots that were never used the last one is taken`() {
    var bench = Bench(slots: 3)
    #expect(bench.turn(1, own(1, 5))?.slot == 2)
    #expect(bench.turn(2, own(2, 5))?.slot == 1)
    #expect(bench.turn(3, own(3, 5))?.slot == 0)
  }

  @Test func `the slot that shares most is taken and its common prefix is reused`() {
    var bench = Bench(slots: 3)
    bench.turn(1, own(1, 5))
    bench.turn(2, own(2, 5))
    let choice = bench.turn(1, own(1, 7))
    #expect(choice?.slot == 2)
    #expect(choice?.reused.tokens == 500)
    #expect(choice?.from == .slot)
    #expect(choice?.displaced == nil)
  }

  @Test func `a shared system prompt draws another session into the same slot`() {
    var bench = Bench(slots: 2)
    bench.turn(1, system(8) + own(1, 2))
    let choice = bench.turn(2, system(8) + own(2, 2))
    #expect(choice?.slot == 1)
    #expect(choice?.reused.tokens == 800)
    #expect(choice?.displaced == 1)
    #expect(bench.pool.held(in: 0) == nil)
  }

  @Test(arguments: [(10, 0), (9, 1)])
  func `a tenth of the request is not enough to take a slot`(_ length: Int, _ slot: Int) {
    var bench = Bench(slots: 2)
    bench.turn(1, system(1) + own(1, 2))
    #expect(bench.turn(2, system(1) + own(2, length - 1))?.slot == slot)
  }

  @Test func `a request like none is put where the slot was used longest ago`() {
    var bench = Bench(slots: 2)
    bench.turn(1, own(1, 5))
    bench.turn(2, own(2, 5))
    bench.turn(1, own(1, 6))
    let choice = bench.turn(3, own(3, 5))
    #expect(choice?.slot == 0)
    #expect(choice?.displaced == 2)
    #expect(choice?.reused.tokens == 0)
  }

  @Test func `busy slots are passed over`() {
    var bench = Bench(slots: 2)
    let first = bench.begin(system(8) + own(1, 2))
    let second = bench.begin(system(8) + own(2, 2))
    #expect(first?.slot == 1)
    #expect(second?.slot == 0)
    #expect(second?.reused.tokens == 0)
  }

  @Test func `a request waits while all slots are busy`() {
    var bench = Bench(slots: 1)
    #expect(bench.begin(own(1, 5)) != nil)
    #expect(bench.begin(own(2, 5)) == nil)
    bench.pool.end(0, prompt(1, own(1, 5)))
    #expect(bench.begin(own(2, 5))?.slot == 0)
  }

  @Test func `a request that was not processed leaves the slot as it was`() {
    var bench = Bench(slots: 1, .none)
    bench.turn(1, own(1, 5))
    _ = bench.begin(own(1, 6))
    bench.pool.end(0, nil)
    #expect(bench.begin(own(1, 6))?.reused.tokens == 500)
  }

  @Test func `one token is always evaluated`() {
    var bench = Bench(slots: 1)
    bench.turn(1, own(1, 5))
    #expect(bench.turn(1, own(1, 5))?.reused.tokens == 499)
  }

  @Test func `a slot that the request names is taken whatever it holds`() {
    var bench = Bench(slots: 2)
    bench.turn(1, system(8) + own(1, 2))
    let choice = bench.turn(2, system(8) + own(2, 2), slot: 0)
    #expect(choice?.slot == 0)
    #expect(choice?.reused.tokens == 0)
    #expect(bench.turn(1, system(8) + own(1, 3), slot: 1)?.reused.tokens == 1000)
  }

  @Test func `a request waits for the slot that it names`() {
    var bench = Bench(slots: 2)
    _ = bench.begin(own(1, 5), slot: 0)
    #expect(bench.begin(own(2, 5), slot: 0) == nil)
    #expect(bench.begin(own(2, 5), slot: 7) == nil)
  }

  // MARK: The host's memory

  @Test func `a prompt of which less than half stays comes back from the host's memory`() {
    var bench = Bench(slots: 1)
    bench.turn(1, system(4) + own(1, 6))
    bench.turn(2, system(4) + own(2, 6))
    let choice = bench.turn(1, system(4) + own(1, 7))
    #expect(choice?.from == .hostMemory)
    #expect(choice?.reused.tokens == 1000)
    #expect(choice?.displaced == 2)
  }

  @Test func `a prompt of which half stays is lost`() {
    var bench = Bench(slots: 1)
    bench.turn(1, system(5) + own(1, 5))
    bench.turn(2, system(5) + own(2, 5))
    let choice = bench.turn(1, system(5) + own(1, 6))
    #expect(choice?.from == .slot)
    #expect(choice?.reused.tokens == 500)
  }

  @Test func `without the host's memory nothing comes back`() {
    var bench = Bench(slots: 1, .none)
    bench.turn(1, own(1, 6))
    bench.turn(2, own(2, 6))
    #expect(bench.turn(1, own(1, 7))?.reused.tokens == 0)
  }

  @Test func `an entry is not taken for less than a quarter of it`() {
    func reused(_ length: Int) -> Int? {
      var bench = Bench(slots: 1)
      bench.turn(1, system(2) + own(1, length - 2))
      bench.turn(2, own(2, 6))
      return bench.turn(3, system(2) + own(3, 1))?.reused.tokens
    }
    #expect(reused(8) == 200)
    #expect(reused(9) == 0)
  }

  @Test func `an entry that shares more of the request but keeps less of itself is not taken`() {
    func reused(_ length: Int) -> Int? {
      var bench = Bench(slots: 1)
      bench.turn(1, system(4) + own(1, length - 4))
      bench.turn(2, own(2, 6))
      // Half of what is in the slot then would be kept, a twentieth of the request.
      bench.turn(3, system(1) + own(3, 1))
      return bench.turn(4, system(4) + own(4, 16))?.reused.tokens
    }
    #expect(reused(6) == 400)
    #expect(reused(12) == 100)
  }

  @Test func `an entry that was taken is not there any more`() {
    var bench = Bench(slots: 1)
    bench.turn(1, own(1, 6))
    bench.turn(2, own(2, 6))
    let back = bench.begin(own(1, 7))
    #expect(back?.from == .hostMemory)
    bench.pool.end(0, prompt(1, own(9, 5)))
    #expect(bench.begin(own(1, 7))?.reused.tokens == 0)
  }

  @Test func `idle slots are moved to memory where the cache is unified, and found there`() {
    var bench = Bench(slots: 2, .movesIdle)
    bench.turn(1, own(1, 5))
    bench.turn(2, own(2, 5))
    #expect(bench.pool.held(in: 1) == nil)
    let choice = bench.turn(1, own(1, 6))
    #expect(choice?.from == .hostMemory)
    #expect(choice?.reused.tokens == 500)
  }

  @Test func `a named slot that was cleared is not filled from memory`() {
    var bench = Bench(slots: 2, .movesIdle)
    bench.turn(1, own(1, 5), slot: 0)
    bench.turn(2, own(2, 5), slot: 1)
    #expect(bench.turn(1, own(1, 6), slot: 0)?.reused.tokens == 0)
  }

  @Test func `the host's memory is remembered up to a bound, oldest first out`() {
    var bench = Bench(slots: 1)
    let sessions = UInt64(SlotPool.maxEntries) + 2
    for session in 1...sessions { bench.turn(UInt32(session), own(session, 5)) }
    #expect(bench.begin(own(1, 6))?.reused.tokens == 0)
    bench.pool.end(0, nil)
    #expect(bench.begin(own(sessions - 1, 6))?.reused.tokens == 500)
  }
}
