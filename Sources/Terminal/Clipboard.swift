/// The sequence that asks a terminal to take text into its clipboard (OSC 52). Terminals may ignore
/// it; there is no answer.
enum Clipboard {
  /// Most terminals cut or refuse what is longer.
  private static let limit = 74_000

  static func sequence(_ text: String) -> String {
    "\u{1b}]52;c;\(base64(Array(text.utf8.prefix(limit))))\u{7}"
  }

  static func base64(_ bytes: [UInt8]) -> String {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    var out: [UInt8] = []
    out.reserveCapacity((bytes.count + 2) / 3 * 4)
    var index = 0
    while index < bytes.count {
      let part = bytes[index..<min(index + 3, bytes.count)]
      var group = 0
      for offset in 0..<3 {
        group = group << 8 | (offset < part.count ? Int(part[part.startIndex + offset]) : 0)
      }
      for place in 0..<4 {
        let isPadding = place > part.count
        out.append(
          isPadding ? UInt8(ascii: "=") : alphabet[(group >> (18 - 6 * place)) & 63])
      }
      index += 3
    }
    return String(decoding: out, as: UTF8.self)
  }
}
