public import EventLoop

/// A loop for one test, driven by conditions instead of time.
public final class TestLoop {
  public let loop: Loop

  public init() throws { loop = try Loop() }

  /// Runs the loop until `holds`.
  /// - Returns: false if it never did within a time that is far longer than anything takes.
  public func run(until holds: () -> Bool) -> Bool {
    // Ticks, because a round may block after the event that made the condition true.
    let tick = Timer(loop: loop) {}
    tick.start(afterMillis: 5, repeatMillis: 5)
    defer { tick.close() }
    let end = Loop.monotonicNanos() + 15_000_000_000
    while !holds() {
      if Loop.monotonicNanos() > end { return false }
      loop.runOnce()
    }
    return true
  }

  /// Runs everything that is ready now, again and again until `rounds` rounds have passed.
  public func settle(rounds: Int = 20) {
    var left = rounds
    let tick = Timer(loop: loop) { left -= 1 }
    tick.start(afterMillis: 0, repeatMillis: 1)
    while left > 0 { loop.runOnce() }
    tick.close()
  }
}
