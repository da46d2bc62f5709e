import Bytes

/// Wall clock texts. The offset of the local time zone is a value, so that they are pure.
public struct WallClock: Sendable, Equatable {
  /// Seconds east of UTC.
  public var utcOffset: Int

  public init(utcOffset: Int = 0) { self.utcOffset = utcOffset }

  /// `14:03:22`.
  public func time(_ millis: Int64) -> String {
    let local = (millis / 1_000).addingReportingOverflow(Int64(utcOffset)).partialValue
    let ofDay = Int(((local % 86_400) + 86_400) % 86_400)
    return [ofDay / 3_600, ofDay % 3_600 / 60, ofDay % 60].map { Humanised.padded($0, 2) }
      .joined(separator: ":")
  }

  /// `14:03`.
  public func shortTime(_ millis: Int64) -> String { String(time(millis).prefix(5)) }

  /// Whole local hours since 1970.
  func hour(_ millis: Int64) -> Int {
    Int((millis / 1_000).addingReportingOverflow(Int64(utcOffset)).partialValue / 3_600)
  }
}
