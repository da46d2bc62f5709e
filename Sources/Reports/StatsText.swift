import Bytes
import Upstream

/// Pieces of text for reports in columns.
enum StatsText {
  /// `text` in exactly `width` columns. Names come from the network: what is not printable ASCII
  /// could move the cursor or take two columns, and is shown as `?`.
  static func cell(_ text: String, _ width: Int) -> String {
    let clean = printable(text)
    if clean.utf8.count > width { return String(clean.prefix(max(0, width - 1))) + "~" }
    return clean + String(repeating: " ", count: width - clean.utf8.count)
  }

  static func right(_ text: String, _ width: Int) -> String {
    let clean = printable(text)
    return String(repeating: " ", count: max(0, width - clean.utf8.count)) + clean
  }

  static func printable(_ text: String) -> String {
    String(
      decoding: text.unicodeScalars.map { scalar in
        (0x20..<0x7F).contains(scalar.value) ? UInt8(scalar.value) : UInt8(ascii: "?")
      }, as: UTF8.self)
  }

  /// A bar of `width` columns; a share that is neither everything nor nothing never looks so.
  static func bar(_ share: Double?, _ width: Int, ascii: Bool) -> String {
    guard let share else { return String(repeating: " ", count: width) }
    var filled = Int((share * Double(width)).rounded())
    if share > 0 { filled = max(1, filled) }
    if share < 1 { filled = min(width - 1, filled) }
    filled = min(max(0, filled), width)
    return String(repeating: ascii ? "#" : "█", count: filled)
      + String(repeating: ascii ? "." : "░", count: width - filled)
  }

  /// 1 turn, 2 turns
  static func count(_ number: Int, _ noun: String) -> String {
    "\(number) \(noun)" + (number == 1 ? "" : "s")
  }

  static func percent(_ share: Double?) -> String {
    share.map { "\(Humanised.percent($0))%" } ?? "-"
  }

  static func seconds(_ amount: Double) -> String {
    guard amount.isFinite, amount < 1e12 else { return "-" }
    return Humanised.duration(millis: Int((amount * 1000).rounded()))
  }

  /// One of the three figures, in money where there is any.
  static func figure(_ costs: CostSummary, _ figure: KeyPath<CostFigures, Double>) -> String {
    if costs.dollars.turns > 0 { return Humanised.dollars(costs.dollars[keyPath: figure]) }
    if costs.seconds.turns > 0 { return seconds(costs.seconds[keyPath: figure]) }
    return "-"
  }
}

extension String {
  /// Without the spaces at its end.
  var trimmedEnd: String {
    var text = self
    while text.last == " " { text.removeLast() }
    return text
  }
}
