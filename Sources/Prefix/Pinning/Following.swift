/// How much of what followed a message is still there.
struct Following {
  /// Unchanged blocks from each one of the new request to its end.
  private var unchanged: [Int32]

  init(_ alignment: Alignment) {
    unchanged = Array(repeating: 0, count: alignment.matches.count + 1)
    for at in alignment.matches.indices.reversed() {
      unchanged[at] = unchanged[at + 1] + (alignment.matches[at].isUnchanged ? 1 : 0)
    }
  }

  /// Whether at least half of them are.
  /// - Parameters:
  ///   - at: a block of the new request.
  ///   - count: how many followed the block that it stands for.
  func isMostlyThere(behind at: Int, of count: Int) -> Bool {
    Int(unchanged[at + 1]) * 2 >= count
  }
}
