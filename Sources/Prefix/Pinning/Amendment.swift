import Bytes
import Prompt

/// The note that carries new information to the tail, instead of changing what the server has.
struct Amendment {
  /// A note may grow to this; a larger change is accepted in place instead, so that nothing is lost.
  static let longestChange = 4096
  static let longestNote = 8192

  private var parts: [String] = []

  var isEmpty: Bool { parts.isEmpty }

  /// - Parameter name: how a reader would call the block: `message 3`, `the system prompt`.
  /// - Returns: false if the change is too large for a note.
  mutating func add(_ name: String, before: String, after: String) -> Bool {
    guard let delta = Self.delta(before, after) else { return false }
    // Nothing but empty lines came or went.
    if delta.isEmpty { return true }
    return append("\(name) now reads:\n\(delta)")
  }

  /// A message that the agent put in front of earlier ones.
  /// - Returns: false if the note would be too long.
  mutating func insert(_ kind: String, at index: Int, _ text: String) -> Bool {
    append("a \(kind) message was put in as message \(index):\n\(text)\n")
  }

  private mutating func append(_ part: String) -> Bool {
    parts.append(part)
    return parts.reduce(0) { $0 + $1.utf8.count } <= Self.longestNote
  }

  /// Fixed and plain: the model should read it, and not act on it as if a person had asked.
  var text: String {
    "[context update]\n" + parts.joined(separator: "\n")
  }

  /// Changed lines in order, new ones with `+`; nil if there are too many. Lines that were replaced
  /// still stand where they were, so only lines that are gone for good are told, with `-`.
  static func delta(_ before: String, _ after: String) -> String? {
    var before = before
    var after = after
    var out = ""
    before.withUTF8 { old in
      after.withUTF8 { new in
        let a = UnsafeRawBufferPointer(old)
        let b = UnsafeRawBufferPointer(new)
        for hunk in ByteDiff(a, b, limit: 256).hunks {
          let lines = wholeLines(b, hunk.after)
          if lines.isEmpty {
            append("- ", wholeLines(a, hunk.before), a, &out)
          } else {
            append("+ ", lines, b, &out)
          }
        }
      }
    }
    let added = after.utf8.count
    return out.utf8.count <= longestChange && (out.utf8.count <= added + 2048) ? out : nil
  }

  private static func wholeLines(
    _ text: UnsafeRawBufferPointer, _ range: Range<Int>
  ) -> Range<Int> {
    var start = range.lowerBound
    var end = range.upperBound
    while start > 0, text[start - 1] != 0x0A { start -= 1 }
    while end < text.count, end == start || text[end - 1] != 0x0A { end += 1 }
    return start..<end
  }

  private static func append(
    _ mark: String, _ range: Range<Int>, _ text: UnsafeRawBufferPointer, _ out: inout String
  ) {
    guard !range.isEmpty else { return }
    let lines = String(decoding: text[range], as: UTF8.self)
    for line in lines.split(separator: "\n", omittingEmptySubsequences: false) {
      if line.isEmpty { continue }
      out += mark + line + "\n"
    }
  }
}
