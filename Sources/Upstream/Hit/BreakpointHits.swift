/// Anthropic: prefixes that end at a `cache_control` breakpoint of an earlier request. From each
/// breakpoint of the new request the server looks back over 20 content blocks, that one included.
/// Source: the prompt caching guide of the Messages API.
///
///     stored at block 10, breakpoint at block 29     found
///     stored at block 10, breakpoint at block 30     not found
///     the same, with a second breakpoint at 10       found
public struct BreakpointHits: Sendable, Equatable {
  /// Tokens below which a prefix is not stored; depends on the model.
  public var minimum: Int

  static let lookBack = 20
  public static let shortLifetimeMillis: UInt64 = 5 * 60 * 1000
  public static let longLifetimeMillis: UInt64 = 60 * 60 * 1000

  public init(minimum: Int) { self.minimum = minimum }

  public init(model: String) { self.init(minimum: Self.minimum(of: model)) }

  public func predicted(_ query: HitQuery) -> Int {
    query.marks.last { mark in
      mark.tokens >= minimum && mark.tokens <= query.kept && !mark.hasLapsed(at: query.now)
        && query.breakpoints.contains { isInReach($0, of: mark) }
    }?.tokens ?? 0
  }

  /// Whether stored prefixes are out of reach only because their lifetime is over.
  public func hasLapsed(_ query: HitQuery) -> Bool {
    query.marks.contains { mark in
      mark.tokens >= minimum && mark.hasLapsed(at: query.now)
        && query.breakpoints.contains { isInReach($0, of: mark) }
    }
  }

  private func isInReach(_ breakpoint: PrefixMark, of mark: PrefixMark) -> Bool {
    breakpoint.blocks >= mark.blocks && breakpoint.blocks - mark.blocks < Self.lookBack
  }

  /// Where sources differ (Opus 4.7, Sonnet 4.6) the usual 1,024 is taken.
  static func minimum(of model: String) -> Int {
    for (names, minimum) in minimums where names.contains(where: { model.contains($0) }) {
      return minimum
    }
    return 1024
  }

  private static let minimums: [(names: [String], tokens: Int)] = [
    (["haiku-4-5", "opus-4-5", "opus-4-6"], 4096), (["opus-5", "fable-5", "mythos-5"], 512),
  ]
}
