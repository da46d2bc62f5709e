public import EventLoop

/// A loop for one test, driven by conditions instead of time.
public final class TestLoop {
  public let loop: Loop

  public init() throws { loop = try Loop() }

  /// Runs the loop until `holds`.
  /// - Parameter limit: by default far longer than anything takes.
  /// - Returns: false if it never did within the limit.
  public func run(withinMillis limit: Int = 60_000, until holds: () -> Bool) -> Bool {
    // Ticks, because a round may block after the event that made the condition true.
    let tick = Timer(loop: loop) {}
    tick.start(afterMillis: 5, repeatMillis: 5)
    defer { tick.close() }
    let end = Loop.monotonicNanos() + UInt64(limit) * 1_000_000
    while !holds() {
      if Loop.monotonicNanos() > end { return false }
      loop.runOnce()
    }
    return true
  }

  /// Runs for this long, for what can only be seen over a time.
  public func pause(millis: Int) {
    var isOver = false
    let timer = Timer(loop: loop) { isOver = true }
    timer.start(afterMillis: UInt64(millis))
    while !isOver { loop.runOnce() }
    timer.close()
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
