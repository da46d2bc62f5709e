import Bytes
import Prompt

/// Tells a message that says something else from one that is only written otherwise.
enum OtherWords {
  /// Whether nothing but the ids of calls differs. Reads both once.
  static func isSameButIDs(
    _ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer
  ) -> Bool {
    var x = 0
    var y = 0
    while true {
      let common = commonPrefixLength(
        UnsafeRawBufferPointer(rebasing: a.dropFirst(x)),
        UnsafeRawBufferPointer(rebasing: b.dropFirst(y)))
      x += common
      y += common
      if x == a.count || y == b.count { return x == a.count && y == b.count }
      guard let left = endOfID(a, at: x), let right = endOfID(b, at: y) else { return false }
      // Past the quote, so that every step goes on.
      x = left + 1
      y = right + 1
    }
  }

  /// Whether a message of the model says or does something else: no other rendering, ids, reasoning
  /// or names of tools. False where the bytes are gone; true where it is too much to be read.
  static func differ(_ before: Int, _ old: History, _ at: Int, _ new: History) -> Bool {
    guard let a = old.bytes(of: before), let b = new.bytes(of: at), !isSameButIDs(a, b) else {
      return false
    }
    guard max(a.count, b.count) <= longestRead else { return true }
    guard let left = old.value(of: before), let right = new.value(of: at)
    else { return false }
    let form = CanonicalForm.withoutIDs
    return form.digest(left) != form.digest(right)
      && CanonicalForm.withoutReasoning.digest(left) != CanonicalForm.withoutReasoning.digest(right)
      && form.digest(unnamed(left)) != form.digest(unnamed(right)) && !isAmended(left, right)
  }

  /// Whether one has all of the other's text, and something more in one place: an agent that marks its
  /// messages does not make others of them.
  private static func isAmended(_ left: JSONValue, _ right: JSONValue) -> Bool {
    guard let leaf = LeafDifference(left, right), leaf.isInWords else { return false }
    let (a, b) = (leaf.before.utf8, leaf.after.utf8)
    let shorter = min(a.count, b.count)
    guard shorter >= leastText, shorter * 2 >= max(a.count, b.count) else { return false }
    let front = zip(a, b).prefix { $0 == $1 }.count
    let back = zip(a.dropFirst(front).reversed(), b.dropFirst(front).reversed())
      .prefix { $0 == $1 }.count
    return front + back == shorter
  }

  /// Shorter texts are alike by chance.
  private static let leastText = 16

  /// A request is held against several sessions, and each comparison parses both messages.
  private static let longestRead = 128 << 10
  private static let longestID = 128
  private static let members: [StaticString] = [
    #""id""#, #""call_id""#, #""tool_call_id""#, #""tool_use_id""#,
  ]

  /// Where the string at `place` ends, if it is the value of a member that holds an id.
  private static func endOfID(_ bytes: UnsafeRawBufferPointer, at place: Int) -> Int? {
    var start = place
    while start > 0, isOfID(bytes[start - 1]), place - start < longestID { start -= 1 }
    var end = place
    while end < bytes.count, isOfID(bytes[end]), end - place < longestID { end += 1 }
    guard start > 0, bytes[start - 1] == UInt8(ascii: "\""), end < bytes.count,
      bytes[end] == UInt8(ascii: "\"")
    else { return nil }
    var key = start - 1
    func skipSpace() {
      while key > 0, bytes[key - 1] == UInt8(ascii: " ") { key -= 1 }
    }
    skipSpace()
    guard key > 0, bytes[key - 1] == UInt8(ascii: ":") else { return nil }
    key -= 1
    skipSpace()
    let isID = members.contains { name in
      key >= name.utf8CodeUnitCount
        && equal(bytes[(key - name.utf8CodeUnitCount)..<key], name)
    }
    return isID ? end : nil
  }

  private static func isOfID(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"),
      UInt8(ascii: "."), UInt8(ascii: ":"), UInt8(ascii: "|"):
      true
    default: false
    }
  }

  /// Without the names of called tools.
  private static func unnamed(_ value: JSONValue) -> JSONValue {
    switch value {
    case .object(let members):
      .object(members.filter { $0.key != "name" }.map { .init($0.key, unnamed($0.value)) })
    case .array(let elements): .array(elements.map(unnamed))
    default: value
    }
  }
}
