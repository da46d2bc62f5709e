import Bytes

/// Wall clock texts. The offset of the local time zone is a value, so that they are pure.
public struct WallClock: Sendable, Equatable {
  /// Seconds east of UTC.
  var utcOffset: Int

  public init(utcOffset: Int = 0) { self.utcOffset = utcOffset }

  /// `14:03:22`.
  func time(_ millis: Int64) -> String {
    let local = (millis / 1_000).addingReportingOverflow(Int64(utcOffset)).partialValue
    let ofDay = Int(((local % 86_400) + 86_400) % 86_400)
    return [ofDay / 3_600, ofDay % 3_600 / 60, ofDay % 60].map { Humanised.padded($0, 2) }
      .joined(separator: ":")
  }

  /// `14:03`.
  func shortTime(_ millis: Int64) -> String { String(time(millis).prefix(5)) }

  /// `2026-11-21 14:03`.
  func date(_ millis: Int64) -> String {
    let local = (millis / 1_000).addingReportingOverflow(Int64(utcOffset)).partialValue
    // Days to a date in the Gregorian calendar, with years that begin in March.
    let days = Int((Double(local) / 86_400).rounded(.down)) + 719_468
    let era = days / 146_097
    let dayOfEra = days % 146_097
    let year = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * year + year / 4 - year / 100)
    let march = (5 * dayOfYear + 2) / 153
    let month = march < 10 ? march + 3 : march - 9
    let day = dayOfYear - (153 * march + 2) / 5 + 1
    let date = [year + era * 400 + (month <= 2 ? 1 : 0), month, day]
    return "\(date[0])-\(Humanised.padded(date[1], 2))-\(Humanised.padded(date[2], 2)) "
      + shortTime(millis)
  }

  /// The local midnight before `millis`.
  func midnight(_ millis: Int64) -> Int64 {
    let local = (millis / 1_000).addingReportingOverflow(Int64(utcOffset)).partialValue
    return (local - ((local % 86_400) + 86_400) % 86_400 - Int64(utcOffset)) * 1_000
  }

  /// Whole local hours since 1970.
  func hour(_ millis: Int64) -> Int {
    Int((millis / 1_000).addingReportingOverflow(Int64(utcOffset)).partialValue / 3_600)
  }
}
