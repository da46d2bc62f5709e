import Bytes

/// Tells of two messages that they differ in words without decoding them.
enum RawWords {
  /// Whether no form of the two renders alike, but for the one without reasoning, because text that
  /// every template shows differs in a letter or a digit. Up to there the bytes are the same, so both
  /// are at the same place of the same member. False where that cannot be told so cheaply.
  /// - Parameter front: how many leading bytes are the same.
  static func differ(
    _ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer, from front: Int
  ) -> Bool {
    guard front < min(a.count, b.count), !isInEscape(a, front),
      (isWord(a[front]) && isOther(b, front)) || (isWord(b[front]) && isOther(a, front))
    else { return false }
    return isText(a, front)
  }

  /// Whether what stands here is one character of a text, whatever it is, and not a letter or a digit
  /// in another writing.
  private static func isOther(_ bytes: UnsafeRawBufferPointer, _ at: Int) -> Bool {
    switch bytes[at] {
    case UInt8(ascii: "\""): false
    case UInt8(ascii: "\\"):
      at + 1 < bytes.count && "\"\\/bfnrt".utf8.contains(bytes[at + 1])
    // Where a sequence of UTF-8 is broken, several bytes may stand for one character.
    case 0x80...0xBF: false
    default: true
    }
  }

  private static func isWord(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "a")...UInt8(ascii: "z"):
      true
    default: false
    }
  }

  /// An escape has several writings: the digits of `\u00e9` may be capitals.
  private static func isInEscape(_ bytes: UnsafeRawBufferPointer, _ at: Int) -> Bool {
    bytes[max(0, at - 5)..<at].contains(UInt8(ascii: "\\"))
  }

  /// Whether the byte stands in the content of a message, or in the text or content of one of its
  /// parts.
  private static func isText(_ message: UnsafeRawBufferPointer, _ at: Int) -> Bool {
    guard let content = member(of: message, 0, at), content.isCalled("content") else {
      return false
    }
    switch message[content.value.lowerBound] {
    case UInt8(ascii: "\""): return true
    case UInt8(ascii: "["):
      var part: Range<Int>?
      var scanner = JSONScanner(message, at: content.value.lowerBound)
      _ = scanner.elements {
        guard $0.upperBound > at else { return true }
        part = $0
        return false
      }
      guard let part, part.contains(at), message[part.lowerBound] == UInt8(ascii: "{"),
        let inner = member(of: message, part.lowerBound, at)
      else { return false }
      return message[inner.value.lowerBound] == UInt8(ascii: "\"")
        && (inner.isCalled("text") || inner.isCalled("content"))
    default: return false
    }
  }

  private struct Member {
    let name: Slice<UnsafeRawBufferPointer>
    let value: Range<Int>

    func isCalled(_ wanted: StaticString) -> Bool { equal(name, wanted) }
  }

  /// The member of the object at `start` in whose value the byte stands; nil if text may stand in
  /// front of it, since of members of one name some forms read the first only.
  private static func member(
    of bytes: UnsafeRawBufferPointer, _ start: Int, _ at: Int
  ) -> Member? {
    var found: Member?
    var scanner = JSONScanner(bytes, at: start)
    _ = scanner.members { key, value in
      guard value.upperBound > at else {
        return !equal(bytes[key], "content") && !equal(bytes[key], "text")
          && !bytes[key].contains(UInt8(ascii: "\\"))
      }
      if value.contains(at) { found = Member(name: bytes[key], value: value) }
      return false
    }
    return found
  }
}
