/// A place in a session's prompt up to which a server holds it as a whole: the end of an earlier
/// prompt, or a cache breakpoint in it.
public struct PrefixMark: Sendable, Equatable {
  /// Bytes and tokens of prompt in front of it.
  public var bytes: Int
  public var tokens: Int
  /// Content blocks in front of it, for rules that count blocks; 0 where none are counted.
  var blocks: Int
  /// Monotonic milliseconds of its last use, from which its lifetime runs.
  public var usedAt: UInt64
  /// nil if it stays until it is displaced.
  var lifetimeMillis: UInt64?

  public init(
    bytes: Int, tokens: Int, blocks: Int = 0, usedAt: UInt64, lifetimeMillis: UInt64? = nil
  ) {
    self.bytes = bytes
    self.tokens = tokens
    self.blocks = blocks
    self.usedAt = usedAt
    self.lifetimeMillis = lifetimeMillis
  }

  func hasLapsed(at now: UInt64) -> Bool {
    guard let lifetimeMillis else { return false }
    return now > usedAt && now - usedAt > lifetimeMillis
  }
}

/// The marks of one session, in the order of the prompt.
public struct PrefixMarks: Sendable, Equatable {
  /// As many as the widest rule looks at (OpenAI: the latest 80 breakpoints).
  public static let limit = 80

  public private(set) var all: [PrefixMark] = []

  public init() {}

  /// Adds a mark, or renews the one at the same place.
  public mutating func note(_ mark: PrefixMark) {
    let place = all.firstIndex { $0.bytes >= mark.bytes } ?? all.count
    if place < all.count, all[place].bytes == mark.bytes {
      all[place] = mark
      return
    }
    all.insert(mark, at: place)
    if all.count > Self.limit { all.removeFirst() }
  }

  /// The prompt changed behind `bytes`: what was held of the rest is of no use to this session.
  public mutating func forget(behind bytes: Int) {
    while let last = all.last, last.bytes > bytes { all.removeLast() }
  }
}
