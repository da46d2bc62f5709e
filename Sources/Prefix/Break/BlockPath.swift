import Bytes
import Prompt

/// Finds the member that a byte offset lies in.
enum BlockPath {
  /// Path below the value that begins at `start`, and the innermost member name:
  /// `.content[0].text`, `text`. Empty if the offset lies in no member; ends at the member whose key
  /// it lies in, because then nothing inside of that member has changed.
  static func find(_ bytes: UnsafeRawBufferPointer, from start: Int, offset: Int)
    -> (path: String, field: String)
  {
    var path = ""
    var field = ""
    var at = start
    // Each step goes at least one byte deeper; the bound keeps hostile nesting cheap.
    for _ in 0..<16 {
      guard let step = child(bytes, of: at, holding: offset) else { break }
      switch step.name {
      case .key(let name):
        path += "." + name
        field = name
      case .index(let index): path += "[\(index)]"
      }
      at = step.value
      if offset < at { break }
    }
    return (path, field)
  }

  private enum Name { case key(String), index(Int) }

  private static func child(
    _ bytes: UnsafeRawBufferPointer, of start: Int, holding offset: Int
  ) -> (name: Name, value: Int)? {
    var scanner = JSONScanner(bytes, at: start)
    scanner.skipWhitespace()
    var found: (Name, Int)?
    if scanner.current == UInt8(ascii: "{") {
      _ = scanner.members { key, value in
        // A difference in the key itself or right behind the value belongs to this member.
        if offset <= value.upperBound {
          found = (.key(String(decoding: bytes[key].prefix(64), as: UTF8.self)), value.lowerBound)
        }
        return found == nil
      }
    } else if scanner.current == UInt8(ascii: "[") {
      var index = 0
      _ = scanner.elements { value in
        if offset <= value.upperBound { found = (.index(index), value.lowerBound) }
        index += 1
        return found == nil
      }
    }
    guard let (name, value) = found else { return nil }
    return (name, value)
  }

  /// How the dialect calls the array that a group of blocks stands in.
  static func root(_ group: BlockGroup, _ dialect: Dialect) -> String {
    switch (group, dialect) {
    case (.messages, .openAIResponses): "input"
    case (.messages, .openAICompletions): "prompt"
    case (.messages, _): "messages"
    case (.system, .openAIResponses): "instructions"
    case (.system, _): "system"
    case (.tools, _): "tools"
    case (.knobs, _): ""
    }
  }

  /// Name of the member whose value begins at `value`: the string in front of the colon.
  static func memberName(_ bytes: UnsafeRawBufferPointer, ofValueAt value: Int) -> String {
    guard value <= bytes.count else { return "" }
    var at = value - 1
    while at >= 0, bytes[at] != UInt8(ascii: "\"") { at -= 1 }
    let end = at
    at -= 1
    while at >= 0, bytes[at] != UInt8(ascii: "\"") { at -= 1 }
    guard at >= 0, end > at else { return "" }
    return String(decoding: bytes[(at + 1)..<end].prefix(64), as: UTF8.self)
  }
}
