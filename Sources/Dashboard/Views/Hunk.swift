import Turns

/// A difference made ready to show: both sides cleaned and cut to the context asked for.
struct Hunk {
  struct Side {
    let bytes: [UInt8]
    /// Offset of the first byte in its body.
    let offset: Int
    /// Index of the first differing byte in `bytes`.
    let markByte: Int
    /// The text, one scalar with its columns each.
    private let scalars: [(scalar: Unicode.Scalar, columns: Int)]
    /// Column of the first differing byte in the unwrapped text, and columns of the difference.
    let markAt: Int
    let markWidth: Int

    init(bytes: [UInt8], offset: Int, markByte: Int, differing: Int, ascii: Bool) {
      self.bytes = bytes
      self.offset = offset
      self.markByte = markByte
      // A scalar is not cut in two: the mark goes to its start.
      var start = markByte
      while start > 0, start < bytes.count, bytes[start] & 0xC0 == 0x80 { start -= 1 }
      let lead = Sanitised(bytes: bytes[..<start], ascii: ascii)
      let rest = Sanitised(bytes: bytes[start...], ascii: ascii)
      let end = min(bytes.count, max(start, markByte + differing))
      markAt = lead.width
      markWidth = Sanitised(bytes: bytes[start..<end], ascii: ascii).width
      scalars = (lead.text + rest.text).unicodeScalars.map {
        if case .columns(let columns) = TextWidth.classify($0) { return ($0, columns) }
        return ($0, 0)
      }
    }

    /// Offset of the first differing byte in its body.
    var differenceOffset: Int { offset + markByte }

    /// The text cut every `width` columns; what is beyond `most` lines is left out, with a `~`.
    func lines(width: Int, most: Int = .max) -> [String] {
      let lines = lines(width: width)
      guard lines.count > most else { return lines }
      var kept = Array(lines.prefix(most))
      kept[most - 1] = String(kept[most - 1].unicodeScalars.dropLast()) + "~"
      return kept
    }

    private func lines(width: Int) -> [String] {
      guard width > 1 else { return [] }
      var lines: [String] = []
      var line = String.UnicodeScalarView()
      var used = 0
      for (scalar, columns) in scalars {
        if used + columns > width {
          lines.append(String(line))
          line = String.UnicodeScalarView()
          used = 0
        }
        line.append(scalar)
        used += columns
      }
      if !line.isEmpty || lines.isEmpty { lines.append(String(line)) }
      return lines
    }
  }

  let before: Side
  let after: Side

  /// - Parameter context: 0 shows the difference alone, 1 half of the context there is, 2 all.
  init(_ hunk: BreakDetail.Hunk, context: Int, ascii: Bool) {
    let lead = max(0, min(hunk.context, hunk.before.count, hunk.after.count))
    let trailing = Hunk.commonSuffix(hunk.before[lead...], hunk.after[lead...])
    func side(_ bytes: [UInt8], _ offset: Int) -> Side {
      let keptLead = lead * min(context, 2) / 2
      let keptTrail = trailing * min(context, 2) / 2
      var start = lead - keptLead
      // Context begins at a whole scalar, so that it does not read as broken text.
      while start < lead, bytes[start] & 0xC0 == 0x80 { start += 1 }
      let end = max(start, bytes.count - (trailing - keptTrail))
      return Side(
        bytes: Array(bytes[start..<end]), offset: max(0, Bounded.count(offset) - lead + start),
        markByte: lead - start,
        differing: bytes.count - lead - trailing, ascii: ascii)
    }
    before = side(hunk.before, hunk.beforeOffset)
    after = side(hunk.after, hunk.afterOffset)
  }

  private static func commonSuffix(_ a: ArraySlice<UInt8>, _ b: ArraySlice<UInt8>) -> Int {
    var length = 0
    while length < min(a.count, b.count), a[a.endIndex - 1 - length] == b[b.endIndex - 1 - length] {
      length += 1
    }
    return length
  }
}
