import CUV
import Synchronization

/// Measures how long a loop works between two looks at its sockets: whatever becomes ready meanwhile
/// waits so long. It wakes nobody up.
public final class LoopLoad: Handle {
  public let figures = Figures()
  /// Called on the loop's thread behind a round that worked for longer than `stallNanos`, with its
  /// length in nanoseconds.
  public var onStall: ((UInt64) -> Void)?
  /// What a person may notice.
  static let stallNanos: UInt64 = 100_000_000

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
    private let fine = (0..<FineScale.count).map { _ in Count() }

    /// Rounds by the first bound that they did not exceed, and at the end those above all bounds.
    public var rounds: [Int] { counts.map { $0.value.load(ordering: .relaxed) } }

    public var seconds: Double { Double(nanos.load(ordering: .relaxed)) / 1_000_000_000 }

    /// The time that a share of all rounds did not exceed, in seconds, at most 3 % too long; nil
    /// before the first round.
    /// - Parameter share: above 0, up to 1.
    public func quantile(_ share: Double) -> Double? {
      let counts = fine.map { $0.value.load(ordering: .relaxed) }
      let all = counts.reduce(0, +)
      guard all > 0 else { return nil }
      var rest = max(1, Int((share * Double(all)).rounded(.up)))
      for (place, count) in counts.enumerated() {
        rest -= count
        if rest <= 0 { return Double(FineScale.bound(place)) / 1_000_000_000 }
      }
      return nil
    }

    /// By the loop's thread only: with one writer, no addition has to be atomic.
    fileprivate func add(_ busy: UInt64) {
      let place = Self.boundNanos.firstIndex { busy <= $0 } ?? Self.bounds.count
      let count = counts[place]
      count.value.store(count.value.load(ordering: .relaxed) &+ 1, ordering: .relaxed)
      let fine = fine[FineScale.place(busy)]
      fine.value.store(fine.value.load(ordering: .relaxed) &+ 1, ordering: .relaxed)
      nanos.store(
        nanos.load(ordering: .relaxed) &+ Int(truncatingIfNeeded: busy), ordering: .relaxed)
    }
  }

  /// To be made before the loop runs.
  public init(loop: Loop) throws(UVError) {
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

  override func willClose() { onStall = nil }

  private func roundEnds() {
    guard loop.worksSince > 0 else { return }
    let now = uv_hrtime()
    let busy = now - min(now, loop.worksSince)
    loop.worksSince = 0
    figures.add(busy)
    if busy > Self.stallNanos { onStall?(busy) }
  }
}

/// Steps of 3 % from a microsecond to 8 s: 32 between each power of two nanoseconds and the next.
/// What is shorter or longer falls into the first or the last.
enum FineScale {
  private static let steps = 5
  private static let lowest = 10
  private static let highest = 33
  static let count = (highest - lowest) << steps

  static func place(_ nanos: UInt64) -> Int {
    guard nanos >= 1 << lowest else { return 0 }
    let power = 63 - nanos.leadingZeroBitCount
    guard power < highest else { return count - 1 }
    let step = Int(nanos >> UInt64(power - steps)) & (1 << steps - 1)
    return (power - lowest) << steps + step
  }

  /// The shortest time that is longer than all in this place.
  static func bound(_ place: Int) -> UInt64 {
    let power = lowest + place >> steps
    let step = UInt64(place & (1 << steps - 1)) + 1
    return 1 << UInt64(power) + step << UInt64(power - steps)
  }
}
