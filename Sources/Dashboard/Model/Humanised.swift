import Bytes
import Turns

extension Humanised {
  /// `8%`; `?` if unknown.
  static func share(_ value: Double?) -> String {
    guard let value, value.isFinite else { return "?" }
    return "\(percent(value))%"
  }

  /// A span of work in milliseconds; `?` if unknown or beyond reason.
  static func work(millis: Double?) -> String {
    guard let millis, millis.isFinite, millis >= 0, millis < 1e14 else { return "?" }
    return duration(millis: Int(millis))
  }

  /// `38s`, `12m`, `5h51m`, `3d04h`: an age, coarse on purpose.
  static func age(millis: Int64) -> String {
    let seconds = max(0, millis) / 1_000
    if seconds < 60 { return "\(seconds)s" }
    if seconds < 3_600 { return "\(seconds / 60)m" }
    return duration(millis: Int(clamping: millis))
  }

  /// `1 turn`, `3 turns`.
  static func plural(_ count: Int, _ noun: String) -> String {
    "\(grouped(count)) \(noun)\(count == 1 ? "" : "s")"
  }
}
