/// Servers that cache whole blocks of tokens: vLLM by a chain of hashes (16 tokens by default),
/// SGLang in a radix tree of pages (1 token by default). Both keep what they generated.
///
///     blocks of 16, kept 1000, prompt 1200        992
///     the same prompt again, 992 tokens           976   the last block is computed for its last token
public struct BlockHits: Sendable, Equatable {
  /// Tokens per block.
  var size: Int

  public static let vLLM = BlockHits(size: 16)
  public static let sgLang = BlockHits(size: 1)

  init(size: Int) { self.size = max(1, size) }

  public func predicted(_ query: HitQuery) -> Int {
    min(query.common, max(0, query.prompt - 1)) / size * size
  }
}
