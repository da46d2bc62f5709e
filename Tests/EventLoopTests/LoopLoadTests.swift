import Glibc
import Testing

@testable import EventLoop

@Suite struct LoopLoadTests {
  @Test func `a time is at most 3 % shorter than the bound of its place, and never longer`() {
    var last = -1
    for power in 10..<33 {
      for part in [0.0, 0.3, 0.999] {
        let nanos = UInt64(exp2(Double(power)) * (1 + part))
        let place = FineScale.place(nanos)
        let bound = FineScale.bound(place)
        #expect(nanos < bound)
        #expect(Double(bound) <= Double(nanos) * 1.032)
        #expect(place >= last)
        last = place
      }
    }
    #expect(FineScale.place(0) == 0)
    #expect(FineScale.place(.max) == FineScale.count - 1)
  }

  @Test func `a round that holds traffic up for long is told of`() throws {
    let harness = try LoopHarness()
    let load = try LoopLoad(loop: harness.loop)
    var stalls: [UInt64] = []
    load.onStall = { stalls.append($0) }
    var fired = 0
    let timer = Timer(loop: harness.loop) {
      fired += 1
      let end = Loop.monotonicNanos() + (fired == 2 ? LoopLoad.stallNanos : 1_000_000)
      while Loop.monotonicNanos() < end {}
    }
    timer.start(afterMillis: 1, repeatMillis: 1)
    harness.wait(for: "rounds") { fired >= 5 }
    #expect(stalls.contains { $0 >= LoopLoad.stallNanos })
    #expect(stalls.count < fired)
    timer.close()
    load.close()
    harness.finish()
  }

  @Test func `rounds of a loop are told by how long they worked`() throws {
    let harness = try LoopHarness()
    let load = try LoopLoad(loop: harness.loop)
    #expect(load.figures.quantile(0.99) == nil)
    var fired = 0
    let timer = Timer(loop: harness.loop) {
      fired += 1
      // One round in all works for 20 ms; a loop that waits does not count.
      guard fired == 2 else { return }
      let end = Loop.monotonicNanos() + 20_000_000
      while Loop.monotonicNanos() < end {}
    }
    timer.start(afterMillis: 1, repeatMillis: 1)
    harness.wait(for: "rounds") { fired >= 20 }
    let longest = try #require(load.figures.quantile(1))
    #expect(longest >= 0.02)
    #expect(try #require(load.figures.quantile(0.5)) < longest)
    #expect(load.figures.seconds >= 0.02)
    timer.close()
    load.close()
    harness.finish()
  }
}
