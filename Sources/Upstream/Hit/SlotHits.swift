/// llama.cpp and what is built on it: the common token prefix with what the slot holds, prompt and
/// answer. Sources: its tools/server/server-context.cpp, and counts of a running server.
///
///     kept 900 of 1000, prompt 1200                     900
///     kept 1000 of 1000, 80 of the answer echoed       1080
///     the same prompt again, 1000 tokens                999   one token is always evaluated
public struct SlotHits: Sendable, Equatable {
  /// Whether the memory of the model cannot be cut anywhere (sliding window, recurrent, hybrid): what
  /// does not continue to the end of the slot goes back to a checkpoint.
  public var resumesAtCheckpoints: Bool

  /// Distances of checkpoints from the end of each prompt.
  static let checkpointOffsets = [4, 4 + 512]

  public init(resumesAtCheckpoints: Bool = false) {
    self.resumesAtCheckpoints = resumesAtCheckpoints
  }

  public func predicted(_ query: HitQuery) -> Int {
    let most = max(0, query.prompt - 1)
    let common = min(query.common, most)
    // The last token of an answer is never evaluated, so it is not held.
    let held = query.previous + max(0, query.generated - 1)
    guard resumesAtCheckpoints, common < held else { return common }
    return Self.checkpoint(query.marks, atMost: common) ?? 0
  }

  /// The last checkpoint that is not behind `tokens`.
  static func checkpoint(_ marks: [PrefixMark], atMost tokens: Int) -> Int? {
    let places = marks.flatMap { mark in checkpointOffsets.map { mark.tokens - $0 } }
    return places.filter { $0 > 0 && $0 <= tokens }.max()
  }

  /// Whether a reported count is one of the checkpoints, as closely as marks are known.
  public static func isCheckpoint(_ reported: Int, of marks: [PrefixMark]) -> Bool {
    reported > 0
      && marks.contains { mark in
        checkpointOffsets.contains { abs(mark.tokens - $0 - reported) <= 4 }
      }
  }
}
