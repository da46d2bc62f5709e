/// Upper bounds on what a peer may send before its message is refused. Line lengths include the
/// line ending. Values outside 1 ... 16 MiB are clamped, so that positions inside a head always fit
/// 32 bits.
public struct HTTPLimits: Sendable, Equatable {
  /// Start line; a longer request line is answered 414 (RFC 9112 section 3 asks for 8,000 at least).
  public let requestLineBytes: Int
  /// All field lines of one head together with the empty line behind them; more is answered 431.
  public let headerBytes: Int
  /// Field lines of one head or of one trailer section; more is answered 431.
  public let headerCount: Int
  /// One chunk-size line with its extensions.
  public let chunkLineBytes: Int
  /// All lines of a trailer section together.
  public let trailerBytes: Int

  public init(
    requestLineBytes: Int = 16_384, headerBytes: Int = 32_768, headerCount: Int = 200,
    chunkLineBytes: Int = 256, trailerBytes: Int = 8_192
  ) {
    let bounds = 1...(16 << 20)
    self.requestLineBytes = requestLineBytes.clamped(to: bounds)
    self.headerBytes = headerBytes.clamped(to: bounds)
    self.headerCount = headerCount.clamped(to: bounds)
    self.chunkLineBytes = chunkLineBytes.clamped(to: bounds)
    self.trailerBytes = trailerBytes.clamped(to: bounds)
  }

  /// For requests.
  public static let request = HTTPLimits()
  /// For responses: upstreams are chosen by the user and may be more talkative than agents.
  public static let response = HTTPLimits(headerBytes: 262_144, headerCount: 500)
}

extension Int {
  fileprivate func clamped(to bounds: ClosedRange<Int>) -> Int {
    Swift.min(Swift.max(self, bounds.lowerBound), bounds.upperBound)
  }
}
