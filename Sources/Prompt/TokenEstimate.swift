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

  static let defaultBytesPerToken = 4.0
  /// Points kept; the oldest inner ones are thinned out.
  static let maximumPoints = 64
  /// Bytes between two points that are weighed at most: a millisecond of work.
  private static let longestWeighed = 512 << 10

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

  /// The same, for a place between two points: what stands on either side of it is weighed, because
  /// schemas, prose and code take different numbers of bytes per token. The share is the mean of that
  /// by weight and that by bytes, which err in opposite directions.
  ///
  /// - Parameter weight: of a range of the prompt; called for both sides, unless they are too long.
  public func tokens(inFirst bytes: Int, weight: (Range<Int>) -> Int) -> Int {
    var before = Point(bytes: 0, tokens: 0)
    for point in points {
      if bytes == point.bytes { return point.tokens }
      if bytes < point.bytes {
        guard bytes > before.bytes, point.bytes - before.bytes <= Self.longestWeighed else { break }
        let left = weight(before.bytes..<bytes)
        let whole = left + weight(bytes..<point.bytes)
        guard whole > 0 else { break }
        let byWeight = Double(left) / Double(whole)
        let byBytes = Double(bytes - before.bytes) / Double(point.bytes - before.bytes)
        let share = (byWeight + byBytes) / 2
        return before.tokens + Int((share * Double(point.tokens - before.tokens)).rounded())
      }
      before = point
    }
    return tokens(inFirst: bytes)
  }

  /// Tokens in front of each of these places, which ascend.
  public func tokens(atEach places: [Int]) -> [Int] {
    var before = Point(bytes: 0, tokens: 0)
    var next = 0
    return places.map { bytes in
      while next < points.count, points[next].bytes < bytes {
        before = points[next]
        next += 1
      }
      if next < points.count { return max(0, interpolate(bytes, before, points[next])) }
      return before.tokens + Int((Double(max(0, bytes - before.bytes)) / bytesPerToken).rounded())
    }
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
