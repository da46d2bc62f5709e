/// Writes figures in the text form that Prometheus reads (exposition format 0.0.4).
struct MetricsText {
  enum Kind: String {
    case counter, gauge, histogram, summary
  }

  typealias Labels = [(name: String, value: String)]

  private(set) var text = ""
  private var name = ""

  /// Begins a family; its samples follow.
  /// - Parameter help: one line that says what is counted.
  mutating func family(_ name: String, _ kind: Kind, _ help: String) {
    self.name = name
    text += "# HELP \(name) \(Self.escaped(help, quotes: false))\n"
    text += "# TYPE \(name) \(kind.rawValue)\n"
  }

  mutating func sample(_ value: Int) { sample([], value) }

  mutating func sample(_ labels: Labels, _ value: Int) {
    line(name, labels, String(value))
  }

  mutating func sample(_ labels: Labels, _ value: Double) {
    line(name, labels, Self.number(value))
  }

  mutating func sample(_ labels: Labels, _ histogram: Histogram) {
    var below = 0
    for (bound, count) in zip(histogram.bounds, histogram.counts) {
      below += count
      line(name + "_bucket", labels + [("le", Self.number(bound))], String(below))
    }
    line(name + "_bucket", labels + [("le", "+Inf")], String(histogram.count))
    line(name + "_sum", labels, Self.number(histogram.sum))
    line(name + "_count", labels, String(histogram.count))
  }

  /// A summary: what shares of all values did not exceed, over everything that was counted.
  mutating func sample(
    _ quantiles: [(share: Double, seconds: Double)], count: Int, sum: Double
  ) {
    for (share, value) in quantiles {
      line(name, [("quantile", Self.number(share))], Self.number(value))
    }
    line(name + "_sum", [], Self.number(sum))
    line(name + "_count", [], String(count))
  }

  private mutating func line(_ name: String, _ labels: Labels, _ value: String) {
    text += name
    if !labels.isEmpty {
      text += "{"
      for (place, label) in labels.enumerated() {
        if place > 0 { text += "," }
        text += label.name + "=\"" + Self.escaped(label.value, quotes: true) + "\""
      }
      text += "}"
    }
    text += " " + value + "\n"
  }

  private static func number(_ value: Double) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value > 0 ? "+Inf" : "-Inf" }
    return value == value.rounded() && abs(value) < 1e15 ? String(Int(value)) : String(value)
  }

  private static func escaped(_ text: String, quotes: Bool) -> String {
    var out = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\\": out += "\\\\"
      case "\n": out += "\\n"
      case "\"" where quotes: out += "\\\""
      default: out.unicodeScalars.append(scalar)
      }
    }
    return out
  }
}
