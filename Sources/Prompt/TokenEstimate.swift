/// Converts bytes of a prompt into tokens, corrected by what the server reported.
///
/// Each reported turn fixes one exact point: so many bytes from the start were so many tokens.
/// Between two points the rate is theirs; behind the last one it is the last known rate. Before
/// anything was reported a token is taken as four bytes:
///
///     points            bytes     tokens
///     none              1,000        250
///     (1,000 → 200)     1,000        200   exact
///     (1,000 → 200)     1,500        300
///     (1,000 → 200), (3,000 → 800)
///                       2,000        500
public struct TokenEstimate: Sendable {
  struct Point: Sendable, Equatable {
    var bytes: Int
    var tokens: Int
  }

  public static let defaultBytesPerToken = 4.0
  /// Points kept; the oldest inner ones are thinned out.
  static let maximumPoints = 64

  private(set) var points: [Point] = []
  /// Rate behind the last point.
  public private(set) var bytesPerToken = Self.defaultBytesPerToken

  public init() {}

  /// Tokens in the first `bytes` bytes of the prompt.
  public func tokens(inFirst bytes: Int) -> Int {
    guard bytes > 0 else { return 0 }
    var before = Point(bytes: 0, tokens: 0)
    for point in points {
      if bytes <= point.bytes { return interpolate(bytes, before, point) }
      before = point
    }
    return before.tokens + Int((Double(bytes - before.bytes) / bytesPerToken).rounded())
  }

  /// Whether the number for exactly this many bytes was reported rather than estimated.
  public func isExact(_ bytes: Int) -> Bool {
    bytes == 0 || points.contains { $0.bytes == bytes }
  }

  /// The server said that the first `bytes` bytes are `tokens` tokens.
  public mutating func calibrate(bytes: Int, tokens: Int) {
    guard bytes > 0, tokens > 0 else { return }
    points.removeAll { $0.bytes >= bytes || $0.tokens >= tokens }
    points.append(Point(bytes: bytes, tokens: tokens))
    bytesPerToken = min(16, max(1, Double(bytes) / Double(tokens)))
    if points.count > Self.maximumPoints { points.remove(at: points.count / 2) }
  }

  mutating func restore(_ points: [Point], bytesPerToken: Double) {
    self.points = points
    self.bytesPerToken = bytesPerToken
  }

  /// Forgets what lies behind a change: those bytes are other bytes now.
  public mutating func forget(behind bytes: Int) {
    points.removeAll { $0.bytes > bytes }
  }

  private func interpolate(_ bytes: Int, _ a: Point, _ b: Point) -> Int {
    guard b.bytes > a.bytes else { return b.tokens }
    let share = Double(bytes - a.bytes) / Double(b.bytes - a.bytes)
    return a.tokens + Int((share * Double(b.tokens - a.tokens)).rounded())
  }
}
