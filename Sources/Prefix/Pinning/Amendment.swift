import Bytes
import Prompt

/// The note that carries new information to the tail, instead of changing what the server has.
struct Amendment {
  /// A note may grow to this; a larger change is accepted in place instead, so that nothing is lost.
  static let longestChange = 4096
  static let longestNote = 8192

  private var parts: [String] = []

  var isEmpty: Bool { parts.isEmpty }

  /// - Parameters:
  ///   - name: how a reader would call the block: `message 3`, `the system prompt`.
  ///   - tellsGone: whether a reader must not go by lines any more that are gone.
  /// - Returns: false if the change is too large for a note.
  mutating func add(_ name: String, before: String, after: String, tellsGone: Bool) -> Bool {
    guard let delta = Self.delta(before, after, tellsGone: tellsGone) else { return false }
    // Nothing but empty lines came or went.
    if delta.isEmpty { return true }
    return append("\(name) \(delta.heading):\n\(delta.text)")
  }

  /// A message that the agent sends no more, although it may still be read where it stood.
  /// - Parameter runs: its lines that are said nowhere else, those side by side together.
  /// - Returns: false if the note would be too long.
  mutating func withdraw(_ kind: String, _ runs: [ArraySlice<Substring>]) -> Bool {
    let gone = runs.reduce("") { $0 + LineDelta.gone($1) }
    return append("a \(kind) message was taken out and is no longer valid:\n\(gone)")
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

  /// nil if there are too many changed lines.
  private static func delta(_ before: String, _ after: String, tellsGone: Bool) -> LineDelta? {
    var before = before
    var after = after
    var delta = LineDelta(tellsGone: tellsGone)
    let isWhole = before.withUTF8 { old in
      after.withUTF8 { new in
        let a = UnsafeRawBufferPointer(old)
        let b = UnsafeRawBufferPointer(new)
        let diff = ByteDiff(a, b, wholeLines: true, limit: 256)
        guard diff.count == diff.hunks.count,
          diff.hunks.reduce(0, { $0 + $1.after.count }) <= 4 * longestChange
        else { return false }
        for hunk in diff.hunks {
          delta.add(LineDelta.lines(a[hunk.before]), LineDelta.lines(b[hunk.after]))
        }
        return true
      }
    }
    let size = delta.text.utf8.count
    return isWhole && size <= longestChange && size <= after.utf8.count + 2048 ? delta : nil
  }
}
