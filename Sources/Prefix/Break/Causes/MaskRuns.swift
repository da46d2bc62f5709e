import Bytes

/// Counts what stands in place of a secret without brackets: runs of one masking character, and the
/// words REDACTED and MASKED.
enum MaskRuns {
  static func count(_ text: String) -> Int {
    var text = text
    // A longer run counts twice, so that a run that grew is one more.
    var count = ["•••", "███", "▇▇▇", "••••", "████", "▇▇▇▇"].reduce(0) { $0 + text.countText($1) }
    text.withUTF8 { bytes in
      for line in bytes.split(separator: 0x0A) { count += runs(in: line) + words(in: line) }
    }
    return count
  }

  private typealias Line = Slice<UnsafeBufferPointer<UInt8>>

  /// Runs of one of `*`, `#` and the letter x.
  private static func runs(in line: Line) -> Int {
    var count = 0
    /// A run of three asterisks that may begin bold italics.
    var isOpen = false
    /// Whether anything stands in front of the run, and anything but `#`.
    var isBehindAny = false
    var isBehindText = false
    var at = line.startIndex
    while at < line.endIndex {
      let start = at
      defer {
        isBehindAny = isBehindAny || !isSpace(line[start])
        isBehindText = isBehindText || !(isSpace(line[start]) || line[start] == UInt8(ascii: "#"))
      }
      while at < line.endIndex, line[at] == line[start] { at += 1 }
      let length = at - start
      let before = start > line.startIndex ? line[start - 1] : 0x20
      let after = at < line.endIndex ? line[at] : 0x20
      switch line[start] {
      case UInt8(ascii: "*") where length >= 4: count += 2
      case UInt8(ascii: "*") where length == 3:
        // A rule, the ends of a comment, bold italics: none of them masks anything.
        if !isBehindAny, line[at...].allSatisfy(isSpace) { continue }
        if before == UInt8(ascii: "/") || after == UInt8(ascii: "/") { continue }
        if isOpen, !isSpace(before) {
          isOpen = false
          count -= 1
        } else {
          isOpen = !isWord(before) && isWord(after)
          count += 1
        }
      // Else a heading, or the edge of a box.
      case UInt8(ascii: "#") where length >= 4 && isBehindText: count += 1
      case UInt8(ascii: "x"), UInt8(ascii: "X"):
        if length >= 8 { count += 1 }
        if length >= 5, !isWord(before), !isWord(after) { count += 1 }
      default: break
      }
    }
    return count
  }

  private static func isSpace(_ byte: UInt8) -> Bool {
    byte == 0x20 || byte == 0x09 || byte == 0x0D
  }

  private static func isLetter(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
  }

  private static func isWord(_ byte: UInt8) -> Bool {
    isLetter(byte) || (0x30...0x39).contains(byte) || byte >= 0x80
  }

  /// `redacted` in any case; `MASKED` in capitals only, because code is full of the other.
  private static func words(in line: Line) -> Int {
    var count = 0
    var at = line.startIndex
    while at < line.endIndex {
      let start = at
      while at < line.endIndex, isLetter(line[at]) { at += 1 }
      if at == start {
        at += 1
      } else if at - start == 8, line[start..<at].map({ $0 | 0x20 }) == Array("redacted".utf8) {
        count += 1
      } else if at - start == 6, line[start..<at].elementsEqual("MASKED".utf8) {
        count += 1
      }
    }
    return count
  }
}
