/// Which bytes of a string a backslash escapes, for 64 bytes at a time: those behind a run of
/// backslashes of odd length, and every other one in a run. An addition finds the ends of runs, as
/// described by Langdale and Lemire, "Parsing gigabytes of JSON per second", section 3.1.1.
struct EscapedBytes {
  /// Whether the first byte of the next block is escaped.
  private(set) var isFirstOfNext = false

  /// - Parameter backslashes: a bit for each backslash of the block, the lowest for its first byte.
  /// - Returns: a bit for each escaped byte.
  @inline(__always)
  mutating func next(backslashes: UInt64) -> UInt64 {
    let first: UInt64 = isFirstOfNext ? 1 : 0
    guard backslashes | first != 0 else { return 0 }
    let even: UInt64 = 0x5555_5555_5555_5555
    // An escaped backslash escapes nothing.
    let escaping = backslashes & ~first
    let behind = escaping << 1 | first
    let oddStarts = escaping & ~even & ~behind
    let (runs, overflow) = escaping.addingReportingOverflow(oddStarts)
    isFirstOfNext = overflow
    return (even ^ runs << 1) & behind
  }
}
