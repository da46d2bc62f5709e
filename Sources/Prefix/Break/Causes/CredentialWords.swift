import Bytes

/// Finds the credentials of a text: keys of known services, and words that stand behind a name such
/// as `password=`, `API key:` or `token:`.
enum CredentialWords {
  /// Whether `before` has a credential that `after` has no more.
  ///
  /// - Parameter isCleared: whether text was taken out to save room; asked for at most once. A
  ///   credential then counts as blanked only if the word in front of it is still there.
  /// - Complexity: linear in both texts.
  static func isOneGone(_ before: String, _ after: String, isCleared: () -> Bool) -> Bool {
    let found = credentials(before)
    guard !found.isEmpty else { return false }
    let words = self.words(after)
    let known = Set(words.map(\.text))
    let gone = found.filter { !known.contains($0.text) }
    guard !gone.isEmpty else { return false }
    guard isCleared() else { return true }
    return gone.contains { known.contains($0.name) }
  }

  private struct Credential {
    /// The word in front of it; empty if there is none.
    var name: Substring
    var text: Substring
  }

  private static func credentials(_ text: String) -> [Credential] {
    let words = words(text)
    return words.indices.compactMap { at in
      let word = words[at]
      guard word.text.utf8.count >= shortest else { return nil }
      if SecretMask.isKey(word.text) {
        return Credential(name: at > 0 ? words[at - 1].text : "", text: word.text)
      }
      // `the password is …`
      let isSaid = at > 1 && word.gap == .space && words[at - 1].text == "is"
      let named = isSaid ? at - 2 : at - 1
      guard named >= 0, mayBeValue(word, of: words[named]) else { return nil }
      let name = words[named]
      guard isCredential(word, name, announced: named > 0 ? words[named - 1].text : "") else {
        return nil
      }
      return Credential(name: name.text, text: word.text)
    }
  }

  // MARK: Words

  /// What stands between a word and the one in front of it.
  private enum Gap { case space, assignment, line, other }

  private struct Word {
    var text: Substring
    var gap: Gap
    /// A name that is called, as in `password = read()`.
    var isCall: Bool
  }

  private static let shortest = 4
  private static let longestName = 64

  private static func words(_ text: String) -> [Word] {
    let bytes = text.utf8
    var out: [Word] = []
    var at = bytes.startIndex
    var gap = Gap.line
    while at < bytes.endIndex {
      let start = at
      while at < bytes.endIndex, !isBetween(bytes[at]) { at = bytes.index(after: at) }
      if at > start {
        let isCall = at < bytes.endIndex && bytes[at] == UInt8(ascii: "(")
        out.append(Word(text: text[start..<at], gap: gap, isCall: isCall))
        gap = .space
        continue
      }
      gap = joined(gap, bytes[at])
      at = bytes.index(after: at)
    }
    return out
  }

  private static func joined(_ gap: Gap, _ byte: UInt8) -> Gap {
    switch byte {
    case 0x0A, 0x0D: .line
    case UInt8(ascii: ":"), UInt8(ascii: "="), UInt8(ascii: ">"):
      gap == .space ? .assignment : gap
    case 0x20, 0x09, UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "`"), UInt8(ascii: "\\"):
      gap
    default: .other
    }
  }

  private static func isBetween(_ byte: UInt8) -> Bool {
    switch byte {
    case 0...0x20, UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "`"), UInt8(ascii: "\\"),
      UInt8(ascii: ":"), UInt8(ascii: "="), UInt8(ascii: ","), UInt8(ascii: ";"),
      UInt8(ascii: "&"), UInt8(ascii: "?"), UInt8(ascii: "<"), UInt8(ascii: ">"),
      UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: "{"), UInt8(ascii: "}"),
      UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: "|"):
      true
    default: false
    }
  }

  // MARK: Names

  private static let names = [
    "password", "passwd", "passphrase", "pwd", "secret", "apikey", "accesskey", "secretkey",
    "privatekey", "accesstoken", "authtoken", "refreshtoken", "apitoken", "credential",
    "credentials",
  ]

  /// In front of `key` and `token` in a text of words.
  private static let announcements: Set<String> = [
    "api", "access", "secret", "private", "auth", "authentication", "refresh", "signing",
    "encryption",
  ]

  /// Behind a name, but no value of it: types, states and empty values in code and in prose.
  private static let plainWords: Set<String> = [
    "string", "text", "none", "null", "true", "false", "undefined", "optional", "required",
    "password", "secret", "token", "missing", "invalid", "incorrect", "wrong", "correct", "empty",
    "hidden", "bytes", "data", "object", "this", "that", "self", "type", "name", "value",
  ]

  /// Rules out most words, and cheaply.
  private static func mayBeValue(_ word: Word, of name: Word) -> Bool {
    guard !word.isCall, word.text.first != "$", word.text.first != "%" else { return false }
    switch word.gap {
    case .assignment: return true
    case .space: return isMixed(word.text, atLeast: 6)
    // The first line of a private key.
    case .line: return name.text.hasSuffix("-----") && isMixed(word.text, atLeast: 16)
    case .other: return false
    }
  }

  private static func isCredential(_ word: Word, _ name: Word, announced: Substring) -> Bool {
    guard name.text.utf8.count <= longestName, endsLikeName(name.text) else { return false }
    // `API_KEY_2` is a name like `API_KEY`.
    var lowered = name.text.lowercased()
    while let end = lowered.last, !end.isLetter { lowered.removeLast() }
    let bare = lowered.filter { $0.isLetter || $0.isNumber }
    let last = lowered.split { !$0.isLetter && !$0.isNumber }.last ?? ""
    let isWeak = ["key", "token", "bearer"].contains(last) || (last == "pass" && bare != last)
    if names.contains(where: bare.hasSuffix)
      || (isWeak && announcements.contains(announced.lowercased()))
    {
      return word.gap != .assignment
        || (word.text.contains { $0.isLetter || $0.isNumber }
          && !plainWords.contains(word.text.lowercased()))
    }
    guard isWeak, word.gap == .assignment || last == "bearer" else { return false }
    return isMixed(word.text, atLeast: 8)
  }

  /// By the last two letters, because every word in front of a colon is asked.
  private static func endsLikeName(_ text: Substring) -> Bool {
    var rest = text.utf8
    while let last = rest.last, last < 0x80, !isLetter(last) { rest.removeLast() }
    guard rest.count >= 3 else { return false }
    return ends.contains(String(decoding: rest.suffix(2).map { $0 | 0x20 }, as: UTF8.self))
  }

  private static let ends: Set<String> = [
    "rd", "wd", "se", "et", "ey", "en", "al", "ls", "er", "ss",
  ]

  private static func isLetter(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
  }

  /// Letters with digits, as generated words have them and those of a language do not.
  private static func isMixed(_ word: Substring, atLeast length: Int) -> Bool {
    word.utf8.count >= length && word.utf8.contains { $0 >= 0x80 || isLetter($0) }
      && word.utf8.contains { (0x30...0x39).contains($0) }
  }
}
