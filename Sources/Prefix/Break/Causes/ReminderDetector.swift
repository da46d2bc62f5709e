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
  private static func stripped(_ text: String) -> [UInt8] { parted(text).outside }

  /// The reminders in the text, without white space.
  static func reminders(_ text: String) -> Set<[UInt8]> { parted(text).reminders }

  private static func parted(_ text: String) -> (outside: [UInt8], reminders: Set<[UInt8]>) {
    let bytes = Array(text.utf8)
    let start = Array(open.utf8)
    let end = Array(close.utf8)
    var outside: [UInt8] = []
    var reminders: Set<[UInt8]> = []
    func isInk(_ byte: UInt8) -> Bool { ![0x20, 0x0A, 0x0D, 0x09].contains(byte) }
    var at = 0
    while at < bytes.count {
      if bytes[at...].starts(with: start) {
        at += start.count
        let first = at
        while at < bytes.count, !bytes[at...].starts(with: end) { at += 1 }
        reminders.insert(bytes[first..<at].filter(isInk))
        at = min(bytes.count, at + end.count)
        continue
      }
      if isInk(bytes[at]) { outside.append(bytes[at]) }
      at += 1
    }
    return (outside, reminders)
  }
}
