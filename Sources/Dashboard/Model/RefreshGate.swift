/// When to draw: never when nothing changed, at most once per `gapMillis`, and under a flood of
/// events more rarely still, because nobody reads twenty pictures a second. Pure; the caller owns the
/// clock (monotonic milliseconds) and the timer.
public struct RefreshGate: Sendable {
  public enum Decision: Sendable, Equatable {
    case drawNow
    /// Ask again after so many milliseconds.
    case wait(Int)
    case nothing
  }

  /// Events that keep coming so long, frame after frame, are a flood.
  static let floodMillis: Int64 = 500

  let gapMillis: Int
  /// The gap in a flood.
  let floodGapMillis: Int
  private var dirty = false
  private var isAwaited = false
  private var lastDrawn: Int64?
  /// Since when each frame was due as soon as it was allowed.
  private var busySince: Int64?

  public init(gapMillis: Int = 50, floodGapMillis: Int = 100) {
    self.gapMillis = gapMillis
    self.floodGapMillis = floodGapMillis
  }

  /// Milliseconds that must lie between the last frame and the next one.
  public var gap: Int { isFlood && !isAwaited ? floodGapMillis : gapMillis }

  private var isFlood: Bool {
    guard let busySince, let lastDrawn else { return false }
    return lastDrawn - busySince >= Self.floodMillis
  }

  /// - Parameter byPerson: somebody pressed a key and waits for what it does.
  public mutating func markDirty(byPerson: Bool = false) {
    dirty = true
    if byPerson { isAwaited = true }
  }

  public func decision(at now: Int64) -> Decision {
    guard dirty else { return .nothing }
    guard let lastDrawn else { return .drawNow }
    let gap = Int64(gap)
    let rest = gap - (now - lastDrawn)
    return rest <= 0 ? .drawNow : .wait(Int(min(rest, gap)))
  }

  public mutating func drawn(at now: Int64) {
    if let lastDrawn, now - lastDrawn <= Int64(2 * floodGapMillis), !isAwaited {
      busySince = busySince ?? lastDrawn
    } else if !isAwaited {
      busySince = nil
    }
    dirty = false
    isAwaited = false
    lastDrawn = now
  }
}
