/// Numbers for people, in few characters. Pure functions of their argument.
public enum Humanised {
  /// 0, 999, 1.2k, 31k, 999k, 1.2M: at most four characters.
  public static func count(_ value: Int) -> String {
    let units: [(Int, String)] = [(1_000_000_000, "G"), (1_000_000, "M"), (1000, "k")]
    for (size, unit) in units where value >= size - size / 2000 {
      let tenths = (value * 10 + size / 2) / size
      return tenths < 100
        ? "\(tenths / 10).\(tenths % 10)\(unit)" : "\((value + size / 2) / size)\(unit)"
    }
    return "\(value)"
  }

  /// 14,237
  public static func grouped(_ value: Int) -> String {
    let digits = String(value.magnitude)
    var out = ""
    for (place, digit) in digits.enumerated() {
      if place > 0, (digits.count - place) % 3 == 0 { out.append(",") }
      out.append(digit)
    }
    return value < 0 ? "-" + out : out
  }

  /// Bytes in powers of 1,024: 512 B, 212 KB, 1.4 MB.
  public static func bytes(_ value: Int) -> String {
    let units: [(Int, String)] = [(1 << 30, "GB"), (1 << 20, "MB"), (1 << 10, "KB")]
    for (size, unit) in units where value >= size {
      let tenths = (value / size) * 10 + (value % size) * 10 / size
      return tenths < 100 ? "\(tenths / 10).\(tenths % 10) \(unit)" : "\(tenths / 10) \(unit)"
    }
    return "\(value) B"
  }

  /// 0.31s, 2.1s, 41s, 1m02s, 5h51m: at most six characters.
  public static func duration(millis: Int) -> String {
    switch millis {
    case ..<0: return "0s"
    case ..<1000: return "0.\(padded(millis / 10, 2))s"
    case ..<10_000: return "\(millis / 1000).\(millis / 100 % 10)s"
    case ..<60_000: return "\(millis / 1000)s"
    case ..<3_600_000: return "\(millis / 60_000)m\(padded(millis / 1000 % 60, 2))s"
    case ..<86_400_000: return "\(millis / 3_600_000)h\(padded(millis / 60_000 % 60, 2))m"
    default: return "\(millis / 86_400_000)d\(padded(millis / 3_600_000 % 24, 2))h"
    }
  }

  /// A share from 0 to 1 as a whole percentage. 100 is said only of everything and 0 of nothing.
  public static func percent(_ share: Double) -> Int {
    if share >= 1 { return 100 }
    if share <= 0 { return 0 }
    return min(99, max(1, Int((share * 100).rounded())))
  }

  public static func padded(_ value: Int, _ width: Int) -> String {
    let text = String(value)
    return String(repeating: "0", count: max(0, width - text.count)) + text
  }

  /// $0.0012, $0.41, -$12.30, $1,234; `-` beyond reason.
  public static func dollars(_ amount: Double) -> String {
    guard amount.isFinite, abs(amount) < 1e15 else { return "-" }
    let sign = amount < 0 ? "-" : ""
    let size = abs(amount)
    if size >= 1000 { return "\(sign)$" + grouped(Int(size.rounded())) }
    return "\(sign)$" + fixed(size, size > 0 && size < 0.1 ? 4 : 2)
  }

  /// `value` with so many digits behind the point; `-` beyond reason.
  public static func fixed(_ value: Double, _ digits: Int) -> String {
    guard value.isFinite, abs(value) < 1e12 else { return "-" }
    var unit = 1
    for _ in 0..<digits { unit *= 10 }
    let scaled = Int((abs(value) * Double(unit)).rounded())
    let sign = value < 0 && scaled > 0 ? "-" : ""
    guard digits > 0 else { return "\(sign)\(scaled)" }
    return "\(sign)\(scaled / unit).\(padded(scaled % unit, digits))"
  }
}
