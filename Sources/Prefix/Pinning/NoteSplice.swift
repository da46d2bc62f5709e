import Bytes
import Prompt

/// Puts a note at the end of a message without touching any other byte of it.
enum NoteSplice {
  /// The message's JSON text with the note appended to its content; nil if there is no place for
  /// one: an assistant message, or content that is neither a string nor an array.
  static func append(
    _ note: String, to message: UnsafeRawBufferPointer, kind: BlockKind, dialect: Dialect
  ) -> [UInt8]? {
    guard kind == .user || kind == .toolResult else { return nil }
    if let first = message.first, first == UInt8(ascii: "\"") {
      return inserted(text(note), into: message, at: message.count - 1)
    }
    var scanner = JSONScanner(message)
    var content: Range<Int>?
    _ = scanner.members { key, value in
      if equal(message[key], "content") || equal(message[key], "output") { content = value }
      return true
    }
    guard let content else { return nil }
    switch message[content.lowerBound] {
    case UInt8(ascii: "\""):
      return inserted(text(note), into: message, at: content.upperBound - 1)
    case UInt8(ascii: "["):
      let inside = message[(content.lowerBound + 1)..<(content.upperBound - 1)]
      let isEmpty = inside.allSatisfy { [0x20, 0x0A, 0x0D, 0x09].contains($0) }
      let type = dialect == .openAIResponses ? "input_text" : "text"
      let part = (isEmpty ? "" : ",") + #"{"type":"\#(type)","text":""# + escaped(note) + "\"}"
      return inserted(Array(part.utf8), into: message, at: content.upperBound - 1)
    default:
      return nil
    }
  }

  private static func text(_ note: String) -> [UInt8] { Array(("\\n\\n" + escaped(note)).utf8) }

  private static func inserted(
    _ piece: [UInt8], into text: UnsafeRawBufferPointer, at offset: Int
  ) -> [UInt8] {
    var out: [UInt8] = []
    out.reserveCapacity(text.count + piece.count)
    out.append(contentsOf: text[..<offset])
    out.append(contentsOf: piece)
    out.append(contentsOf: text[offset...])
    return out
  }

  /// The inside of a JSON string (RFC 8259 section 7).
  static func escaped(_ text: String) -> String {
    var out = ""
    out.reserveCapacity(text.utf8.count + 16)
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": out += "\\\""
      case "\\": out += "\\\\"
      case "\n": out += "\\n"
      case "\r": out += "\\r"
      case "\t": out += "\\t"
      default:
        if scalar.value < 0x20 {
          out += "\\u" + hexadecimal(UInt64(scalar.value), digits: 4)
        } else {
          out.unicodeScalars.append(scalar)
        }
      }
    }
    return out
  }
}
