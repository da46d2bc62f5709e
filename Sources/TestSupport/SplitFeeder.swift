/// Feeds one input to a parser in every way that a network may cut it: whole, byte by byte, and in
/// each pair of pieces. A parser whose reading depends on the cut has a fault at a boundary.
public enum SplitFeeder {
  /// The pieces of each way. Pieces are never empty, and each has an allocation of its own, so that
  /// a sanitizer sees a read past its end.
  static func ways(_ bytes: [UInt8]) -> [[[UInt8]]] {
    guard !bytes.isEmpty else { return [[]] }
    return [[bytes], bytes.map { [$0] }]
      + bytes.indices.dropFirst().map { [Array(bytes[..<$0]), Array(bytes[$0...])] }
  }

  /// Reads `bytes` in every way.
  /// - Parameter read: feeds the pieces to a new parser and says what came out.
  /// - Returns: the reading of the whole, and a description of each way that read otherwise.
  public static func read<Reading: Equatable>(
    _ bytes: [UInt8], _ read: ([[UInt8]]) -> Reading
  ) -> (reading: Reading, disagreements: [String]) {
    let ways = ways(bytes)
    let whole = read(ways[0])
    let disagreements = ways.dropFirst().compactMap { pieces -> String? in
      let reading = read(pieces)
      guard reading != whole else { return nil }
      return "cut into \(pieces.map(\.count)): \(reading) instead of \(whole)"
    }
    return (whole, disagreements)
  }
}
