import EventLoop
import Testing

/// A loop for one test: `wait` drives it until a condition holds, `finish` asserts that every
/// handle was closed.
final class LoopHarness {
  let loop: Loop

  init() throws { loop = try Loop() }

  /// Bounded by far more than any condition needs.
  func wait(
    for what: String, sourceLocation: SourceLocation = #_sourceLocation, _ holds: () -> Bool
  ) {
    // Ticks, because a round may block after the timer that made the condition true.
    let tick = Timer(loop: loop) {}
    tick.start(afterMillis: 5, repeatMillis: 5)
    let end = Loop.monotonicNanos() + 10_000_000_000
    var isMet = holds()
    while !isMet && Loop.monotonicNanos() < end {
      loop.runOnce()
      isMet = holds()
    }
    tick.close()
    #expect(isMet, "waited in vain for \(what)", sourceLocation: sourceLocation)
  }

  func finish(sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(throws: Never.self, "a handle leaked", sourceLocation: sourceLocation) {
      try loop.close()
    }
  }
}
