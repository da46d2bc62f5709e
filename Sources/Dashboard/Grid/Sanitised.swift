/// Text from outside, made safe to show: whatever could move a cursor, change a colour, reorder the
/// line or hide itself becomes a visible escape (`\n`, `\x1b`, `\u{202e}`).
///
/// A second combining mark on one letter is shown as an escape too, because a cell holds only one.
public struct Sanitised: Sendable, Equatable {
  public let text: String
  /// Columns that `text` takes.
  public let width: Int

  /// - Parameter ascii: every scalar outside of 0x20...0x7E becomes an escape.
  public init(_ source: String, ascii: Bool = false) {
    if Sanitised.isPlain(source) {
      text = source
      width = source.utf8.count
      return
    }
    var out = ""
    var columns = 0
    var canCombine = false
    for scalar in source.unicodeScalars {
      Sanitised.append(scalar, ascii: ascii, to: &out, columns: &columns, canCombine: &canCombine)
    }
    text = out
    width = columns
  }

  /// The same for bytes that should be UTF-8; those that are not become `\xNN`.
  public init(bytes: some RandomAccessCollection<UInt8>, ascii: Bool = false) {
    var out = ""
    var columns = 0
    var canCombine = false
    var rest = bytes[...]
    while let first = rest.first {
      if let (scalar, length) = UTF8Decoding.scalar(at: rest) {
        Sanitised.append(scalar, ascii: ascii, to: &out, columns: &columns, canCombine: &canCombine)
        rest = rest.dropFirst(length)
      } else {
        out += "\\x" + hexByte(first)
        columns += 4
        canCombine = false
        rest = rest.dropFirst()
      }
    }
    text = out
    width = columns
  }

  private static func isPlain(_ source: String) -> Bool {
    source.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F }
  }

  private static func append(
    _ scalar: Unicode.Scalar, ascii: Bool, to out: inout String, columns: inout Int,
    canCombine: inout Bool
  ) {
    switch TextWidth.classify(scalar) {
    case .columns(let width) where !ascii || scalar.value < 0x7F:
      out.unicodeScalars.append(scalar)
      columns += width
      canCombine = scalar.value > 0x20
    case .combining where canCombine && !ascii:
      out.unicodeScalars.append(scalar)
      canCombine = false
    default:
      let escape = Sanitised.escape(scalar)
      out += escape
      columns += escape.utf8.count
      canCombine = false
    }
  }

  private static func escape(_ scalar: Unicode.Scalar) -> String {
    switch scalar.value {
    case 0x09: "\\t"
    case 0x0A: "\\n"
    case 0x0D: "\\r"
    case 0..<0x80: "\\x" + hexByte(UInt8(scalar.value))
    default: "\\u{" + String(scalar.value, radix: 16) + "}"
    }
  }
}

/// Two lower-case hexadecimal digits.
func hexByte(_ byte: UInt8) -> String {
  let text = String(byte, radix: 16)
  return text.count == 1 ? "0" + text : text
}
