import Dashboard
import Glibc

/// The local time zone, from the C library.
enum LocalTime {
  static func clock(at millis: Int64) -> WallClock {
    var seconds = time_t(millis / 1_000)
    var parts = tm()
    guard localtime_r(&seconds, &parts) != nil else { return WallClock() }
    return WallClock(utcOffset: parts.tm_gmtoff)
  }
}
