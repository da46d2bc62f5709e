import TurnCoding

/// Lines on their way to one reader of events. What it does not take in time waits here, up to a
/// bound; beyond that the oldest lines are dropped, and the reader is told how many.
struct EventBacklog {
  private let maxBytes: Int
  private var lines: [[UInt8]] = []
  /// Lines in front of it are gone.
  private var first = 0
  private(set) var bytes = 0
  /// Dropped since the last `next`.
  private var dropped = 0
  /// Dropped in all.
  private(set) var droppedCount = 0

  /// - Parameter maxBytes: how much waits at most. One line is kept whatever its size.
  init(maxBytes: Int) { self.maxBytes = maxBytes }

  mutating func append(_ line: [UInt8]) {
    lines.append(line)
    bytes += line.count
    while bytes > maxBytes, lines.count - first > 1 {
      bytes -= lines[first].count
      lines[first] = []
      first += 1
      dropped += 1
      droppedCount += 1
    }
    compact()
  }

  /// The oldest line; first of all how many are missing in front of it.
  mutating func next() -> [UInt8]? {
    if dropped > 0 {
      defer { dropped = 0 }
      return StreamMessage.lost(dropped).line
    }
    guard first < lines.count else { return nil }
    let line = lines[first]
    lines[first] = []
    first += 1
    bytes -= line.count
    compact()
    return line
  }

  private mutating func compact() {
    if first == lines.count {
      lines.removeAll(keepingCapacity: true)
      first = 0
    } else if first > 1_024, first * 2 > lines.count {
      lines.removeFirst(first)
      first = 0
    }
  }
}
