/// When to draw: at most once per `gapMillis`, never when nothing changed. Pure; the caller owns the
/// clock (monotonic milliseconds) and the timer.
public struct RefreshGate: Sendable {
  public enum Decision: Sendable, Equatable {
    case drawNow
    /// Ask again after so many milliseconds.
    case wait(Int)
    case nothing
  }

  public let gapMillis: Int
  private var dirty = false
  private var lastDrawn: Int64?

  public init(gapMillis: Int = 50) { self.gapMillis = gapMillis }

  public mutating func markDirty() { dirty = true }

  public func decision(at now: Int64) -> Decision {
    guard dirty else { return .nothing }
    guard let lastDrawn else { return .drawNow }
    let rest = Int64(gapMillis) - (now - lastDrawn)
    return rest <= 0 ? .drawNow : .wait(Int(min(rest, Int64(gapMillis))))
  }

  public mutating func drawn(at now: Int64) {
    dirty = false
    lastDrawn = now
  }
}
