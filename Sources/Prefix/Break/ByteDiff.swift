import Bytes

/// Finds the differing stretches of two byte ranges, for people. Lines are the unit as long as there
/// are lines: escaped line ends (`\n` in JSON text) count as such.
public struct ByteDiff {
  public struct Hunk: Sendable, Equatable {
    public var before: Range<Int>
    public var after: Range<Int>
  }

  public private(set) var hunks: [Hunk] = []
  /// How many hunks there are in all; the rest was left out.
  public private(set) var count = 0

  /// Work is bounded: at most this many pieces on each side are compared.
  private static let maximumPieces = 4096

  /// Whether every hunk begins and ends with a line of plain text, which holds no escaped line ends.
  private let wholeLines: Bool
  /// The end of what both have in common at the beginning.
  private var front = 0

  public init(
    _ before: UnsafeRawBufferPointer, _ after: UnsafeRawBufferPointer, wholeLines: Bool = false,
    limit: Int = 32
  ) {
    self.wholeLines = wholeLines
    front = commonPrefixLength(before, after)
    if front == before.count && front == after.count { return }
    var back = commonSuffixLength(
      UnsafeRawBufferPointer(rebasing: before[front...]),
      UnsafeRawBufferPointer(rebasing: after[front...]))
    if wholeLines {
      while front > 0, before[front - 1] != 0x0A { front -= 1 }
      while back > 0,
        !startsLine(before, before.count - back) || !startsLine(after, after.count - back)
      { back -= 1 }
    }
    let a = pieces(before, front..<(before.count - back))
    let b = pieces(after, front..<(after.count - back))
    walk(before, a, after, b, limit)
  }

  private func startsLine(_ bytes: UnsafeRawBufferPointer, _ at: Int) -> Bool {
    at == front || bytes[at - 1] == 0x0A
  }

  private mutating func walk(
    _ before: UnsafeRawBufferPointer, _ a: [Range<Int>], _ after: UnsafeRawBufferPointer,
    _ b: [Range<Int>], _ limit: Int
  ) {
    var places: [UInt64: [Int]] = [:]
    for (at, piece) in a.enumerated() { places[hash(before, piece), default: []].append(at) }
    var nextA = 0
    var nextB = 0
    for (at, piece) in b.enumerated() {
      guard let same = places[hash(after, piece)]?.first(where: { $0 >= nextA }),
        // A piece that is found only far ahead is no anchor.
        same - nextA <= 64 + (at - nextB)
      else { continue }
      add(a, nextA..<same, b, nextB..<at, limit)
      nextA = same + 1
      nextB = at + 1
    }
    add(a, nextA..<a.count, b, nextB..<b.count, limit)
  }

  private mutating func add(
    _ a: [Range<Int>], _ fromA: Range<Int>, _ b: [Range<Int>], _ fromB: Range<Int>, _ limit: Int
  ) {
    guard !fromA.isEmpty || !fromB.isEmpty else { return }
    count += 1
    guard hunks.count < limit else { return }
    hunks.append(Hunk(before: span(a, fromA), after: span(b, fromB)))
  }

  private func span(_ pieces: [Range<Int>], _ range: Range<Int>) -> Range<Int> {
    if range.isEmpty {
      let at =
        range.lowerBound < pieces.count
        ? pieces[range.lowerBound].lowerBound : pieces.last?.upperBound ?? front
      return at..<at
    }
    return pieces[range.lowerBound].lowerBound..<pieces[range.upperBound - 1].upperBound
  }

  private func hash(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) -> UInt64 {
    var line = bytes[range]
    // The last line of a text may lack its end and is the same line all the same.
    if wholeLines, line.last == 0x0A { line.removeLast() }
    return hash64(UnsafeRawBufferPointer(rebasing: line))
  }

  /// Cuts behind each `\n`, raw or escaped.
  private func pieces(
    _ bytes: UnsafeRawBufferPointer, _ range: Range<Int>
  ) -> [Range<Int>] {
    var out: [Range<Int>] = []
    var start = range.lowerBound
    var at = start
    while at < range.upperBound, out.count < Self.maximumPieces - 1 {
      let isEscaped =
        !wholeLines && bytes[at] == UInt8(ascii: "n") && at > start
        && bytes[at - 1] == UInt8(ascii: "\\")
      if bytes[at] == 0x0A || isEscaped {
        out.append(start..<(at + 1))
        start = at + 1
      }
      at += 1
    }
    if start < range.upperBound { out.append(start..<range.upperBound) }
    return out
  }
}
