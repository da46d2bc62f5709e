import Bytes
import Prompt

/// The description of a tool that names something volatile (a session's address, a date, a list of
/// agents), while name and schema stay: the server keeps the first one, and the tail says what it now
/// reads.
enum ToolDescriptionRepair {
  static let repairClass = RepairClass.toolDescription

  /// Both texts, if nothing but the description is different; nil otherwise, and where text was
  /// blanked: that is never kept.
  static func change(
    _ was: UnsafeRawBufferPointer, _ now: UnsafeRawBufferPointer
  ) -> (was: String, now: String)? {
    guard let left = JSONValue(was), let right = JSONValue(now),
      let before = description(left), let after = description(right),
      ToolCause.isSameButDescription(left, right),
      !RedactionDetector.isRedaction(Text.all(left), Text.all(right))
    else { return nil }
    return (before, after)
  }

  private static func description(_ tool: JSONValue) -> String? {
    (tool["description"] ?? tool["function"]?["description"])?.string
  }
}
