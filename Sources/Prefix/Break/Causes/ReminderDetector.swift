import Bytes

/// Whether two texts differ only by `<system-reminder>` sections: agents inject them into the last
/// user message and leave them out when they send that message again.
enum ReminderDetector {
  private static let open = "<system-reminder>"
  private static let close = "</system-reminder>"

  static func isReminder(_ before: String, _ after: String) -> Bool {
    guard before.containsText(open) || after.containsText(open) else { return false }
    return stripped(before) == stripped(after)
  }

  /// Whether nothing but reminders is left of the text.
  static func isOnlyReminder(_ text: String) -> Bool {
    text.containsText(open) && stripped(text).isEmpty
  }

  /// The text without its reminders and without white space, which moves with them.
  private static func stripped(_ text: String) -> [UInt8] {
    let bytes = Array(text.utf8)
    let start = Array(open.utf8)
    let end = Array(close.utf8)
    var out: [UInt8] = []
    var at = 0
    while at < bytes.count {
      if bytes[at...].starts(with: start) {
        at += start.count
        while at < bytes.count, !bytes[at...].starts(with: end) { at += 1 }
        at = min(bytes.count, at + end.count)
        continue
      }
      if ![0x20, 0x0A, 0x0D, 0x09].contains(bytes[at]) { out.append(bytes[at]) }
      at += 1
    }
    return out
  }
}
