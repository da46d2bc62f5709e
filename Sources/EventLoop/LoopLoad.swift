import CUV
import Synchronization

/// Measures how long a loop works between two looks at its sockets: whatever becomes ready meanwhile
/// waits so long. It wakes nobody up.
public final class LoopLoad: Handle {
  public let figures = Figures()
  private var lastNanos: UInt64
  private var lastIdleNanos: UInt64

  /// Counts that may be read from any thread.
  public final class Figures: Sendable {
    /// Seconds, ascending.
    public static let bounds = [0.000_1, 0.000_5, 0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1]

    private final class Count: Sendable {
      let value = Atomic<Int>(0)
    }

    private static let boundNanos = bounds.map { UInt64($0 * 1_000_000_000) }
    private let counts = (0...bounds.count).map { _ in Count() }
    private let nanos = Atomic<Int>(0)

    /// Rounds by the first bound that they did not exceed, and at the end those above all bounds.
    public var rounds: [Int] { counts.map { $0.value.load(ordering: .relaxed) } }

    public var seconds: Double { Double(nanos.load(ordering: .relaxed)) / 1_000_000_000 }

    /// By the loop's thread only: with one writer, no addition has to be atomic.
    fileprivate func add(_ busy: UInt64) {
      let place = Self.boundNanos.firstIndex { busy <= $0 } ?? Self.bounds.count
      let count = counts[place]
      count.value.store(count.value.load(ordering: .relaxed) &+ 1, ordering: .relaxed)
      nanos.store(
        nanos.load(ordering: .relaxed) &+ Int(truncatingIfNeeded: busy), ordering: .relaxed)
    }
  }

  /// To be made before the loop runs.
  public init(loop: Loop) throws(UVError) {
    lastNanos = uv_hrtime()
    lastIdleNanos = 0
    try UVError.check(.loop, cuv_measure_idle_time(loop.raw))
    super.init(loop: loop, type: UV_PREPARE)
    let prepare = memory.assumingMemoryBound(to: uv_prepare_t.self)
    try UVError.check(.loop, uv_prepare_init(loop.raw, prepare))
    adopted()
    uv_prepare_start(prepare) { handle in
      guard let data = cuv_handle_data(handle) else { return }
      Unmanaged<LoopLoad>.fromOpaque(data)._withUnsafeGuaranteedRef { $0.roundEnds() }
    }
    unreference()
  }

  private func roundEnds() {
    let now = uv_hrtime()
    let idle = uv_metrics_idle_time(loop.raw)
    let round = now &- lastNanos
    figures.add(round - min(round, idle &- lastIdleNanos))
    lastNanos = now
    lastIdleNanos = idle
  }
}
