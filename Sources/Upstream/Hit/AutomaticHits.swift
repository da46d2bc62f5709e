/// OpenAI up to gpt-5.5: prompts of at least 1,024 tokens, reported in steps of 128. Source: the
/// prompt caching guide.
///
///     kept 1,000                    0
///     kept 1,100                1,024
///     kept 1,160                1,152
public struct AutomaticHits: Sendable, Equatable {
  static let minimum = 1024
  static let step = 128

  public init() {}

  public func predicted(_ query: HitQuery) -> Int {
    let kept = min(query.kept, query.prompt)
    return kept < Self.minimum ? 0 : kept / Self.step * Self.step
  }
}
