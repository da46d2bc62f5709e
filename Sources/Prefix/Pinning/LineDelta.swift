import Bytes

/// Changed lines of a text as a note tells them: `+ ` for a new line, `- ` for one that is gone.
///
/// The old text still stands where it stood, so a line that is gone has to be named, or it would be
/// taken for valid. Only where the new line is plainly the old one with another value, as with a
/// clock, the new one says it all.
struct LineDelta {
  /// Whether lines that are gone are told.
  let tellsGone: Bool
  private(set) var text = ""
  private var hasGone = false
  /// Lines that were told as new.
  private var told: Set<Substring> = []

  /// A longer run of lines that are gone is named by its first and its last one.
  private static let longestRun = 512
  /// So much of a line is enough to find it by.
  private static let mark = 120
  /// An old line is looked for among so many.
  private static let reach = 8
  /// A line of this length that stayed for the most part is no other line.
  private static let longLine = 160

  init(tellsGone: Bool) { self.tellsGone = tellsGone }

  var isEmpty: Bool { text.isEmpty }

  /// What is said of the block in front of the lines.
  var heading: String {
    if !hasGone { return "now reads" }
    return told.isEmpty
      ? "changed (- is no longer valid)" : "changed (- is no longer valid, + is new)"
  }

  /// Lines that stand side by side on both sides; one of the sides may be empty.
  mutating func add(_ olds: [Substring], _ news: [Substring]) {
    var added = ""
    var next = 0
    for new in news {
      let nearest = next..<min(next + Self.reach, olds.count)
      if let at = nearest.first(where: { Self.isOtherValue(olds[$0], new) }) {
        drop(olds[next..<at])
        next = at + 1
      }
      added += "+ \(new)\n"
    }
    drop(olds[next...])
    told.formUnion(news)
    text += added
  }

  private mutating func drop(_ run: ArraySlice<Substring>) {
    guard tellsGone else { return }
    // A line that only moved is valid.
    for part in run.split(whereSeparator: told.contains) {
      hasGone = true
      text += Self.gone(part)
    }
  }

  /// Names lines that are gone and stood side by side.
  static func gone(_ run: ArraySlice<Substring>) -> String {
    guard let first = run.first, let last = run.last else { return "" }
    if run.reduce(0, { $0 + $1.utf8.count }) <= longestRun {
      return run.reduce("") { $0 + "- \($1)\n" }
    }
    if run.count == 1 { return "- \(first.prefix(mark)) ... (the whole line)\n" }
    return "- \(first.prefix(mark)) ... (and all \(run.count) lines to:) \(last.prefix(mark))\n"
  }

  /// The lines that are not blank.
  static func lines(_ text: Slice<UnsafeRawBufferPointer>) -> [Substring] {
    lines(String(decoding: text, as: UTF8.self))
  }

  static func lines(_ text: String) -> [Substring] {
    text.utf8.split(separator: 0x0A).map { Substring($0) }.filter {
      !$0.allSatisfy(\.isWhitespace)
    }
  }

  // MARK: The same line with another value

  private static func isOtherValue(_ old: Substring, _ new: Substring) -> Bool {
    if VolatileText.isClock(String(old), String(new)) || isMostlyKept(old, new) { return true }
    // An item beside other items may as well be one more of them.
    return !isItem(old) && isOtherNumber(old, new)
  }

  private static func isItem(_ line: Substring) -> Bool {
    let text = line.utf8.drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
    guard let first = text.first else { return false }
    let word = text.prefix { $0 != UInt8(ascii: " ") }
    return [UInt8(ascii: "-"), UInt8(ascii: "*"), UInt8(ascii: "+")].contains(first)
      || isDigit(first) && [UInt8(ascii: "."), UInt8(ascii: ")")].contains(word.last)
  }

  private static func isMostlyKept(_ old: Substring, _ new: Substring) -> Bool {
    let longer = max(old.utf8.count, new.utf8.count)
    guard longer >= longLine else { return false }
    let front = zip(old.utf8, new.utf8).prefix { $0 == $1 }.count
    let back = zip(old.utf8.dropFirst(front).reversed(), new.utf8.dropFirst(front).reversed())
      .prefix { $0 == $1 }.count
    return (front + back) * 4 >= longer * 3
  }

  /// The words that differ are numbers with a name to them, or the one word behind a label.
  private static func isOtherNumber(_ old: Substring, _ new: Substring) -> Bool {
    var left = old.utf8.split(separator: UInt8(ascii: " "))[...]
    var right = new.utf8.split(separator: UInt8(ascii: " "))[...]
    guard left.count == right.count else { return false }
    var label: Substring.UTF8View?
    var hasName = false
    while let a = left.popFirst(), let b = right.popFirst() {
      if a.elementsEqual(b) {
        label = a
        hasName = true
        continue
      }
      let isValue =
        left.isEmpty && [UInt8(ascii: ":"), UInt8(ascii: "=")].contains(label?.last ?? 0)
      let name = withoutNumbers(a)
      guard isValue || name.elementsEqual(withoutNumbers(b)) else { return false }
      hasName = hasName || name.contains { _ in true }
      label = nil
    }
    return hasName
  }

  private static func withoutNumbers(_ word: Substring.UTF8View) -> some Sequence<UInt8> {
    word.lazy.filter { !isDigit($0) && $0 != UInt8(ascii: ".") && $0 != UInt8(ascii: ",") }
  }

  private static func isDigit(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
  }
}
