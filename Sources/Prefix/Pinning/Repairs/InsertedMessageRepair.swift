import Bytes
import Prompt

/// A message put in front of earlier ones: it is left out of its place and told at the tail.
enum InsertedMessageRepair {
  static let repairClass = RepairClass.inserted
  /// A longer text is not told.
  static let longest = 4096

  /// The text to tell; nil if the message is not one whose content a note can carry: calls and
  /// results have to stay in pairs, images cannot be told, and the model's own words are not news.
  static func text(_ block: Block, _ bytes: UnsafeRawBufferPointer) -> String? {
    guard block.kind == .user || block.kind == .system, let value = JSONValue(bytes),
      let text = plainText(value), !text.isEmpty
    else { return nil }
    return text
  }

  private static func plainText(_ message: JSONValue) -> String? {
    if let text = message.string { return text }
    guard
      (message.members ?? []).allSatisfy({
        ["role", "content", "type", "text", "cache_control"].contains($0.key)
      })
    else { return nil }
    // A system block of the Anthropic API.
    if message["content"] == nil { return message["text"]?.string }
    if let text = message["content"]?.string { return text }
    guard let parts = message["content"]?.array else { return nil }
    var texts: [String] = []
    for part in parts {
      guard let type = part["type"]?.string, type == "text" || type == "input_text",
        let text = part["text"]?.string
      else { return nil }
      texts.append(text)
    }
    return texts.joined(separator: "\n")
  }
}
