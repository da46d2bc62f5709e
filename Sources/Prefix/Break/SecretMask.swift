/// Masks what looks like a credential in text that is shown or stored.
///
/// A word is masked if it carries a known prefix of keys, or is long and mixes digits with letters
/// as only generated strings do. Too much masking costs an excerpt, too little a secret.
public enum SecretMask {
  public static let mask = "***"

  private static let prefixes = [
    "sk-", "sk_", "pk_", "rk_", "ghp_", "gho_", "ghs_", "github_pat_", "glpat-", "xox", "AKIA",
    "ASIA", "AIza", "ya29.", "eyJ", "hf_", "npm_", "pypi-", "SG.", "dop_v1_",
  ]

  public static func masked(_ text: String) -> String {
    var text = text
    return text.withUTF8 { plain($0) } ?? anyScript(text)
  }

  /// ASCII by bytes, which is most of what goes by; nil if there is anything else in it.
  private static func plain(_ text: UnsafeBufferPointer<UInt8>) -> String? {
    var out: [UInt8] = []
    out.reserveCapacity(text.count)
    var previous = 0..<0
    var at = 0
    while at < text.count {
      guard text[at] < 0x80 else { return nil }
      let start = at
      while at < text.count, isWordByte(text[at]) { at += 1 }
      if at == start {
        out.append(text[at])
        at += 1
        continue
      }
      // Shorter words are never masked.
      if at - start >= 8, isCredential(word(text, start..<at), behind: word(text, previous)) {
        out.append(contentsOf: mask.utf8)
      } else {
        out.append(contentsOf: text[start..<at])
      }
      previous = start..<at
    }
    return String(decoding: out, as: UTF8.self)
  }

  private static func word(_ text: UnsafeBufferPointer<UInt8>, _ range: Range<Int>) -> String {
    String(decoding: text[range], as: UTF8.self)
  }

  private static func isWordByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"),
      UInt8(ascii: "."), UInt8(ascii: "+"), UInt8(ascii: "/"), UInt8(ascii: "="),
      UInt8(ascii: "~"):
      true
    default: false
    }
  }

  private static func isCredential(_ word: String, behind previous: String) -> Bool {
    isSecret(word) || isAnnounced(word, by: previous)
  }

  private static func anyScript(_ text: String) -> String {
    var out = ""
    out.reserveCapacity(text.utf8.count)
    var word = ""
    var previous = ""
    func flush() {
      guard !word.isEmpty else { return }
      out += isCredential(word, behind: previous) ? mask : word
      previous = word
      word = ""
    }
    for character in text {
      if character.isLetter || character.isNumber || "-_.+/=~".contains(character) {
        word.append(character)
      } else {
        flush()
        out.append(character)
      }
    }
    flush()
    return out
  }

  private static func isSecret(_ word: String) -> Bool {
    let bare = word.drop { "=/.".contains($0) }
    let value = bare.lastIndex(of: "=").map { bare[bare.index(after: $0)...] } ?? bare
    if isKey(bare) || isKey(value) { return true }
    guard word.utf8.count >= 32, !word.contains("/") || word.utf8.count >= 64 else { return false }
    let digits = word.utf8.count { (0x30...0x39).contains($0) }
    let letters = word.utf8.count { (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0) }
    return digits >= 4 && letters >= 4 && !word.contains(".") && word.filter { $0 == "-" }.count < 4
  }

  /// Whether a word begins as the keys of known services do.
  static func isKey(_ word: Substring) -> Bool {
    word.utf8.count >= 12 && prefixes.contains { word.hasPrefix($0) }
  }

  private static func isAnnounced(_ word: String, by previous: String) -> Bool {
    guard word.utf8.count >= 8 else { return false }
    let name = previous.lowercased()
    return name == "bearer" || name.hasSuffix("password") || name.hasSuffix("passwd")
      || name.hasSuffix("secret") || name.hasSuffix("api_key") || name.hasSuffix("apikey")
      || name.hasSuffix("token=")
  }
}
