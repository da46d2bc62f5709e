import Testing

@testable import Simulator

@Suite struct SlotPoolTests {
  static func tokens(_ range: Range<UInt32>) -> [UInt32] { Array(range) }

  /// Runs a request to its end.
  static func play(
    _ prompt: [UInt32], in pool: inout SlotPool, slot: Int? = nil, reuses: Bool = true,
    at now: Int64
  ) -> SlotPool.Assignment? {
    let assignment = pool.begin(prompt, wanted: slot, reuses: reuses, now: now)
    if let assignment { pool.end(assignment.slot, tokens: prompt, now: now) }
    return assignment
  }

  @Test func `a repeated prompt is cached but for its last token`() {
    var pool = SlotPool(count: 1, storeTokens: 0)
    let prompt = Self.tokens(0..<100)
    #expect(Self.play(prompt, in: &pool, at: 1)?.cachedTokens == 0)
    #expect(Self.play(prompt, in: &pool, at: 2)?.cachedTokens == 99)
  }

  @Test func `the common prefix is cached`() {
    var pool = SlotPool(count: 1, storeTokens: 0)
    _ = Self.play(Self.tokens(0..<100), in: &pool, at: 1)
    let next = Self.tokens(0..<60) + Self.tokens(500..<600)
    #expect(Self.play(next, in: &pool, at: 2)?.cachedTokens == 60)
  }

  @Test func `the slot with the longest prefix is chosen`() {
    var pool = SlotPool(count: 3, storeTokens: 0)
    _ = Self.play(Self.tokens(0..<100), in: &pool, at: 1)
    _ = Self.play(Self.tokens(1000..<1100), in: &pool, at: 2)
    let choice = Self.play(Self.tokens(0..<120), in: &pool, at: 3)
    #expect(choice == .init(slot: 2, cachedTokens: 100))
    #expect(Self.play(Self.tokens(1000..<1200), in: &pool, at: 4)?.cachedTokens == 100)
  }

  @Test func `less than a tenth in common is not similar`() {
    var pool = SlotPool(count: 2, storeTokens: 0)
    let first = Self.play(Self.tokens(0..<100), in: &pool, at: 1)
    let near = Self.tokens(0..<10) + Self.tokens(500..<600)
    let second = Self.play(near, in: &pool, at: 2)
    #expect(second?.slot != first?.slot)
    #expect(second?.cachedTokens == 0)
  }

  @Test func `a shared system prompt draws two sessions into one slot`() {
    var pool = SlotPool(count: 2, storeTokens: 0)
    let shared = Self.tokens(0..<50)
    _ = Self.play(shared + Self.tokens(100..<200), in: &pool, at: 1)
    let other = Self.play(shared + Self.tokens(300..<400), in: &pool, at: 2)
    #expect(other?.cachedTokens == 50)
    let back = Self.play(shared + Self.tokens(100..<220), in: &pool, at: 3)
    #expect(back?.cachedTokens == 50)
  }

  @Test func `the store gives a displaced prompt back`() {
    var pool = SlotPool(count: 1, storeTokens: 10_000)
    let shared = Self.tokens(0..<20)
    _ = Self.play(shared + Self.tokens(100..<200), in: &pool, at: 1)
    _ = Self.play(shared + Self.tokens(300..<400), in: &pool, at: 2)
    let back = Self.play(shared + Self.tokens(100..<220), in: &pool, at: 3)
    #expect(back?.cachedTokens == 120)
  }

  @Test func `the store drops its oldest entries`() {
    var store = PromptStore(limit: 250)
    for start in [0, 1000, 2000] as [UInt32] { store.save(Self.tokens(start..<start + 100)) }
    #expect(store.entries.map(\.first) == [1000, 2000])
    store.save(Self.tokens(5000..<6000))
    #expect(store.count == 200)
  }

  @Test func `the store keeps the longer of two nested prompts`() {
    var store = PromptStore(limit: 1000)
    store.save(Self.tokens(0..<100))
    store.save(Self.tokens(0..<200))
    store.save(Self.tokens(0..<150))
    #expect(store.entries.map(\.count) == [200])
  }

  @Test func `a slot that is asked for is taken modulo the number of slots`() {
    var pool = SlotPool(count: 2, storeTokens: 0)
    #expect(Self.play(Self.tokens(0..<100), in: &pool, slot: 9, at: 1)?.slot == 1)
  }

  @Test func `an empty slot that is asked for does not look into the store`() {
    var pool = SlotPool(count: 2, storeTokens: 10_000)
    _ = Self.play(Self.tokens(0..<100), in: &pool, slot: 0, at: 1)
    _ = Self.play(Self.tokens(700..<800), in: &pool, slot: 0, at: 2)
    #expect(Self.play(Self.tokens(0..<100), in: &pool, slot: 1, at: 3)?.cachedTokens == 0)
  }

  @Test func `a busy slot makes the request wait`() {
    var pool = SlotPool(count: 1, storeTokens: 0)
    let first = pool.begin(Self.tokens(0..<10), wanted: nil, reuses: true, now: 1)
    #expect(first != nil)
    #expect(pool.begin(Self.tokens(0..<10), wanted: nil, reuses: true, now: 2) == nil)
    #expect(pool.begin(Self.tokens(0..<10), wanted: 0, reuses: true, now: 2) == nil)
  }

  @Test func `cache_prompt false computes everything`() {
    var pool = SlotPool(count: 1, storeTokens: 0)
    _ = Self.play(Self.tokens(0..<100), in: &pool, at: 1)
    #expect(Self.play(Self.tokens(0..<100), in: &pool, reuses: false, at: 2)?.cachedTokens == 0)
  }
}
