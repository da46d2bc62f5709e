import Engine
import EventLoop

/// What the loop does once the traffic has gone by.
extension Serving {
  /// Longer than a request takes to go by, shorter than anybody notices.
  private static let measuringDelayMillis: UInt64 = 8
  /// How long measuring may hold up traffic that comes meanwhile. Behind each slice the caches of the
  /// processor are cold for what goes by next, so many short slices cost more than a few long ones.
  private static let measuringSliceMicros: UInt64 = 4_000
  /// For the traffic between two slices.
  private static let measuringPauseMillis: UInt64 = 4

  /// Bytes first: what there is to find out about them is found out a moment later.
  func deferMeasuring(_ engine: Engine) {
    var isPausing = false
    let timer = EventLoop.Timer(loop: loop) { [unowned self, unowned engine] in
      isPausing = engine.measure(forMicros: Self.measuringSliceMicros)
      if isPausing { measuring?.start(afterMillis: Self.measuringPauseMillis) }
    }
    measuring = timer
    engine.wakesMeasuring = { [unowned timer] time in
      // A slice is due anyhow, and the traffic between two has a right to its pause.
      if isPausing { return }
      timer.start(afterMillis: time == .now ? 0 : Self.measuringDelayMillis)
    }
  }

  private static let forgettingMillis: UInt64 = 15 * 60 * 1000

  func forgetNowAndThen(_ engine: Engine) {
    let timer = EventLoop.Timer(loop: loop) { [unowned engine] in engine.forgetIdle() }
    forgetting = timer
    timer.start(afterMillis: Self.forgettingMillis, repeatMillis: Self.forgettingMillis)
  }

  /// A part of what the ledger takes to write a batch, in which a crash would lose it, too.
  private static let keepingDelayMillis: UInt64 = 200
  /// Agents that go on by themselves send the next request within milliseconds of the answer.
  private static let answeredDelayMillis: UInt64 = 20

  func deferKeeping(_ engine: Engine) {
    let timer = EventLoop.Timer(loop: loop) { [unowned engine] in engine.keepRest() }
    keeping = timer
    engine.wakesKeeping = { [unowned timer] time in
      timer.start(
        afterMillis: time == .soon ? Self.answeredDelayMillis : Self.keepingDelayMillis)
    }
  }
}
