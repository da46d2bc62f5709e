import Bytes

/// Cuts text into tokens of about four bytes: pieces of words with the space before them, runs of
/// digits, of punctuation, of white space, and the template's special tokens.
///
/// Where a token ends depends only on the bytes of its own run, so a text that is continued after
/// a special token, or after a run that the continuation does not prolong, keeps all its tokens.
/// Two tokens have the same number exactly when they have the same bytes, but for collisions of
/// a 31-bit hash.
enum Tokenizer {
  static func tokens(of text: [UInt8]) -> [UInt32] {
    text.withUnsafeBytes { bytes in
      var tokens: [UInt32] = []
      tokens.reserveCapacity(bytes.count / 4 + 8)
      var at = 0
      while at < bytes.count {
        let end = pieceEnd(bytes, at)
        let hash = hash64(UnsafeRawBufferPointer(rebasing: bytes[at..<end]))
        tokens.append(UInt32(truncatingIfNeeded: hash) & 0x7FFF_FFFF)
        at = end
      }
      return tokens
    }
  }

  static func tokens(of text: String) -> [UInt32] { tokens(of: Array(text.utf8)) }

  /// The byte ranges of the tokens.
  static func pieces(of text: [UInt8]) -> [Range<Int>] {
    text.withUnsafeBytes { bytes in
      var pieces: [Range<Int>] = []
      var at = 0
      while at < bytes.count {
        let end = pieceEnd(bytes, at)
        pieces.append(at..<end)
        at = end
      }
      return pieces
    }
  }

  private enum Kind {
    case letter, digit, blank, newline, mark
  }

  private static func kind(_ byte: UInt8) -> Kind {
    switch byte {
    case 0x61...0x7A, 0x41...0x5A, 0x5F, 0x80...0xFF: .letter
    case 0x30...0x39: .digit
    case 0x20, 0x09: .blank
    case 0x0A, 0x0D: .newline
    default: .mark
    }
  }

  private static let specials: [StaticString] = ["<|im_start|>", "<|im_end|>", "<|endoftext|>"]

  private static func special(_ bytes: UnsafeRawBufferPointer, _ at: Int) -> Int? {
    guard at + 1 < bytes.count, bytes[at + 1] == UInt8(ascii: "|") else { return nil }
    for word in specials {
      let name = UnsafeRawBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount)
      if hasBytes(name, in: bytes, at: at) { return at + name.count }
    }
    return nil
  }

  private static func run(
    _ bytes: UnsafeRawBufferPointer, _ at: Int, of wanted: Kind, atMost limit: Int
  ) -> Int {
    var end = at
    while end < bytes.count, end - at < limit, kind(bytes[end]) == wanted { end += 1 }
    return end
  }

  private static func pieceEnd(_ bytes: UnsafeRawBufferPointer, _ at: Int) -> Int {
    switch kind(bytes[at]) {
    case .letter: return run(bytes, at, of: .letter, atMost: 9)
    case .digit: return run(bytes, at, of: .digit, atMost: 3)
    case .newline: return run(bytes, at, of: .newline, atMost: 4)
    case .blank:
      let end = run(bytes, at, of: .blank, atMost: 16)
      guard end < bytes.count, end - at < 16 else { return end }
      // The last space belongs to the word or the mark behind it.
      switch kind(bytes[end]) {
      case .letter: return end - at > 1 ? end - 1 : run(bytes, end, of: .letter, atMost: 9)
      case .mark where bytes[end] != UInt8(ascii: "<"):
        return end - at > 1 ? end - 1 : markEnd(bytes, end)
      default: return end
      }
    case .mark:
      if bytes[at] == UInt8(ascii: "<"), let end = special(bytes, at) { return end }
      return markEnd(bytes, at)
    }
  }

  /// A run of marks ends before a bracket that may open a special token.
  private static func markEnd(_ bytes: UnsafeRawBufferPointer, _ at: Int) -> Int {
    var end = at + 1
    while end < bytes.count, end - at < 4, kind(bytes[end]) == .mark,
      bytes[end] != UInt8(ascii: "<")
    {
      end += 1
    }
    return end
  }
}
