import Bytes
import Turns
import Upstream

/// The two curves of the bench: as CSV, and as a plot for a terminal of 80 columns.
enum BenchReport {
  static func print(_ unpinned: [TurnRecord], _ pinned: [TurnRecord]) {
    let off = unpinned.map(prefilled)
    let on = pinned.map(prefilled)
    Console.print(
      "turn,reprocessed_no_pin,reprocessed_pin,cumulative_no_pin,cumulative_pin,"
        + "received_bytes,forwarded_bytes_pin")
    var sums = (off: 0, on: 0)
    var curves: (off: [Int], on: [Int]) = ([], [])
    for turn in off.indices {
      sums.off += off[turn]
      sums.on += on[turn]
      curves.off.append(sums.off)
      curves.on.append(sums.on)
      Console.print(
        "\(turn + 1),\(off[turn]),\(on[turn]),\(sums.off),\(sums.on),"
          + "\(pinned[turn].receivedBytes),\(pinned[turn].forwardedBytes)")
    }
    plot(curves.off, curves.on)
    summary(pinned, sums.off, sums.on)
  }

  /// Tokens the upstream had to compute for the turn, by its own report.
  private static func prefilled(_ record: TurnRecord) -> Int { record.usage.processedTokens ?? 0 }

  private static func plot(_ off: [Int], _ on: [Int]) {
    let height = 14
    let width = 64
    let top = max(1, off.last ?? 1, on.last ?? 1)
    var rows = Array(repeating: Array(repeating: Character(" "), count: width), count: height)
    func draw(_ curve: [Int], _ mark: Character) {
      for column in 0..<width {
        let value = curve[column * (curve.count - 1) / (width - 1)]
        let row = height - 1 - value * (height - 1) / top
        rows[row][column] = mark
      }
    }
    draw(off, "o")
    draw(on, "#")
    Console.print("\ntokens prefilled, summed up: o as sent, # pinned")
    for (place, row) in rows.enumerated() {
      let value = top * (height - 1 - place) / (height - 1)
      let label = place % 4 == 0 || place == height - 1 ? Humanised.count(value) : ""
      Console.print(
        String(repeating: " ", count: 6 - label.count) + label + " |" + String(row).trimmedRight)
    }
    Console.print("       +" + String(repeating: "-", count: width))
    let last = "turn \(off.count)"
    Console.print("        1" + String(repeating: " ", count: width - 1 - last.count) + last)
  }

  private static func summary(_ pinned: [TurnRecord], _ off: Int, _ on: Int) {
    let received = pinned.reduce(0) { $0 + $1.receivedBytes }
    let forwarded = pinned.reduce(0) { $0 + $1.forwardedBytes }
    let percent = forwarded * 100 / max(1, received)
    Console.print(
      "\n\(Humanised.grouped(off)) tokens prefilled as sent, \(Humanised.grouped(on)) pinned: "
        + "\(on == 0 ? "-" : "\(off * 10 / on / 10).\(off * 10 / on % 10)") times less. "
        + "Forwarded \(percent)% of the bytes received.")
  }
}

extension String {
  fileprivate var trimmedRight: String {
    var text = Substring(self)
    while text.last == " " { text.removeLast() }
    return String(text)
  }
}
