/// Servers that match whole stored prefixes only: a change within one loses it back to the end of the
/// one before.
///
/// DeepSeek stores the ends of inputs and of outputs. OpenAI from gpt-5.6 on stores breakpoints, four
/// a request at most: an implicit one at the end of the prompt and the last three explicit ones
/// (`prompt_cache_breakpoint`), or the last four where `prompt_cache_options.mode` is `explicit`. It
/// looks at the latest 80 and keeps them for 30 minutes (prompt caching guide).
///
///     ends at 1000 and 1500, kept 1500 of 1500     1500
///     ends at 1000 and 1500, kept 1400 of 1500     1000
public struct UnitHits: Sendable, Equatable {
  /// Prompts shorter than this are not stored.
  var minimum: Int
  /// Whether the end of an answer is one of the stored places.
  var storesOutput: Bool

  public static let deepSeek = UnitHits(minimum: 64, storesOutput: true)
  public static let openAI = UnitHits(minimum: 1024, storesOutput: false)
  /// Breakpoints that one request writes at most (OpenAI).
  public static let writes = 4

  init(minimum: Int, storesOutput: Bool) {
    self.minimum = minimum
    self.storesOutput = storesOutput
  }

  public func predicted(_ query: HitQuery) -> Int {
    if storesOutput, query.kept >= query.previous, query.generated > 0,
      query.echoed >= query.generated - 1, query.common >= minimum
    {
      return min(query.common, query.prompt)
    }
    let mark = query.marks.last { $0.tokens <= query.kept && !$0.hasLapsed(at: query.now) }
    guard let mark, mark.tokens >= minimum else { return 0 }
    return min(mark.tokens, query.prompt)
  }
}
