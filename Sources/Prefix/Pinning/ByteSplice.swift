/// Parts of a block that are replaced, every other byte as it is.
struct ByteSplice {
  private var edits: [(range: Range<Int>, bytes: [UInt8])] = []

  var isEmpty: Bool { edits.isEmpty }

  mutating func replace(_ range: Range<Int>, with bytes: [UInt8]) {
    edits.append((range, bytes))
  }

  /// nil if parts overlap.
  func applied(to block: UnsafeRawBufferPointer) -> [UInt8]? {
    var out: [UInt8] = []
    var at = 0
    for edit in edits.sorted(by: { $0.range.lowerBound < $1.range.lowerBound }) {
      guard edit.range.lowerBound >= at else { return nil }
      out.append(contentsOf: block[at..<edit.range.lowerBound])
      out += edit.bytes
      at = edit.range.upperBound
    }
    out.append(contentsOf: block[at...])
    return out
  }
}
