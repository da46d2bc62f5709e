import Bytes
import Prefix
import Turns
import Upstream

/// The report as text of at most 80 columns.
public struct StatsTable: Sendable {
  var ascii: Bool
  /// What was asked for: window, mode and the like, in a few words.
  var question: String
  /// Local date and time, `YYYY-MM-DD HH:MM`, of milliseconds since 1970.
  var localTime: @Sendable (Int64) -> String

  public init(ascii: Bool, question: String, localTime: @escaping @Sendable (Int64) -> String) {
    self.ascii = ascii
    self.question = question
    self.localTime = localTime
  }

  private static let plotWidth = 70
  private static let plotRows = 6
  /// The newest days that are shown; JSON has all.
  private static let dayRows = 14
  /// Sessions shown; `holdfast sessions` lists all.
  private static let sessionRows = 20

  public func text(_ report: StatsReport) -> String {
    guard !report.isEmpty else { return "no turns in the ledger (\(question))\n" }
    let sessions = report.sessions
    var out = StatsText.count(report.totals.turns, "turn") + " in "
    out += StatsText.count(sessions.count, "session") + ", \(question)\n"
    out += "\(localTime(report.first)) to \(localTime(report.last))\n\n"
    out += tokens(report.totals) + "\n"
    out += costs(report.breakdown.costs, report.breakdown.prices.date) + "\n"
    out += plot(report) + "\n"
    out += dayTable(report.days) + "\n"
    out += sessionTable(sessions)
    return out
  }

  // MARK: Parts

  private func tokens(_ totals: SessionTotals) -> String {
    let count = Humanised.count
    var out = "cache hits    \(StatsText.bar(totals.hitShare, 20, ascii: ascii)) "
    out += StatsText.right(StatsText.percent(totals.hitShare), 4)
    out += "  \(count(totals.readTokens)) of \(count(totals.promptTokens)) prompt tokens reused\n"
    if totals.unreportedTurns > 0 {
      out += "not reported  " + StatsText.count(totals.unreportedTurns, "turn")
      out += ", in no figure above\n"
    }
    out +=
      "prompts       \(count(totals.readTokens)) read, \(count(totals.uncachedTokens)) uncached, "
    out += "\(count(totals.writtenTokens)) written; \(count(totals.outputTokens)) output\n"
    out += "breaks        \(totals.breaks) by the agent; "
    out += "\(count(totals.computedAgainTokens)) tokens computed again"
    out += totals.savedTokens > 0 ? ", \(count(totals.savedTokens)) saved\n" : "\n"
    if totals.failedTurns > 0 {
      out += "failed        " + StatsText.count(totals.failedTurns, "turn") + "\n"
    }
    return out
  }

  private func costs(_ costs: CostSummary, _ date: String) -> String {
    var out = StatsText.cell("costs", 22) + StatsText.right("as paid", 12)
    out += StatsText.right("without cache", 16) + StatsText.right("agent alone", 14)
    out += StatsText.right("turns", 8) + "\n"
    func row(_ name: String, _ figures: CostFigures, _ text: (Double) -> String) {
      guard figures.turns > 0 else { return }
      out += StatsText.cell(name, 22) + StatsText.right(text(figures.paid), 12)
      out += StatsText.right(text(figures.withoutCache), 16)
      out += StatsText.right(text(figures.agentAlone), 14)
      out += StatsText.right("\(figures.turns)", 8) + "\n"
    }
    row("paid APIs", costs.dollars, Humanised.dollars)
    row("own servers, prefill", costs.seconds, StatsText.seconds)
    for (reason, turns) in costs.unpriced.sorted(by: { $0.key < $1.key }) {
      out += StatsText.cell("unpriced", 22) + StatsText.cell(reason.text, 42)
      out += StatsText.right("\(turns)", 8) + "\n"
    }
    if costs.dollars.turns > 0 { out += "prices as of \(StatsText.printable(date))\n" }
    return out
  }

  private func plot(_ report: StatsReport) -> String {
    let series = report.series(Self.plotWidth)
    var out = "cache hits over time\n"
    for row in (0..<Self.plotRows).reversed() {
      let label = row == Self.plotRows - 1 ? "100%" : row == 0 ? "0%" : ""
      var line = StatsText.right(label, 4) + (ascii ? " |" : " │")
      for share in series { line += glyph(share, row) }
      out += line.trimmedEnd + "\n"
    }
    out += "     " + (ascii ? "+" : "└")
    out += String(repeating: ascii ? "-" : "─", count: Self.plotWidth) + "\n"
    let from = localTime(report.first)
    let to = localTime(report.last)
    let gap = max(1, Self.plotWidth - from.count - to.count)
    return out + "      " + from + String(repeating: " ", count: gap) + to + "\n"
  }

  /// What a share looks like in one row of the plot; the bottom row shows that there is data.
  private func glyph(_ share: Double?, _ row: Int) -> String {
    guard let share else { return " " }
    let steps = ascii ? 2 : 8
    let filled = Int((share * Double(Self.plotRows * steps)).rounded()) - row * steps
    if filled <= 0 { return row == 0 ? (ascii ? "_" : "▁") : " " }
    if ascii { return filled >= 2 ? "#" : ":" }
    return ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"][min(filled, 8) - 1]
  }

  private func dayTable(_ days: [StatsReport.Day]) -> String {
    var out = StatsText.cell("day", 23) + Self.figureTitles
    for day in days.suffix(Self.dayRows) {
      out += row(StatsText.cell(day.date, 23), day.totals, day.costs)
    }
    if days.count > Self.dayRows {
      out += "and \(days.count - Self.dayRows) days before; --format json has all\n"
    }
    return out
  }

  private func sessionTable(_ sessions: [StatsReport.Session]) -> String {
    var out = "session  " + StatsText.cell("model", 14)
    out += Self.figureTitles
    for entry in sessions.prefix(Self.sessionRows) {
      let session = entry.session
      let name = "\(session.key.session) " + StatsText.cell(session.model, 14)
      out += row(name, session.totals, entry.costs)
    }
    if sessions.count > Self.sessionRows {
      out += "and \(sessions.count - Self.sessionRows) more; see holdfast sessions\n"
    }
    return out
  }

  private static let figureTitles = " turns  cache hits     saved     paid  no cache    alone\n"

  /// Tokens that pinning saved, and the three figures: in money where any was paid, else in seconds.
  private func row(_ name: String, _ totals: SessionTotals, _ costs: CostSummary) -> String {
    name + StatsText.right("\(totals.turns)", 6) + "  "
      + StatsText.bar(totals.hitShare, 8, ascii: ascii)
      + StatsText.right(StatsText.percent(totals.hitShare), 5)
      + StatsText.right(Humanised.count(totals.savedTokens), 7)
      + StatsText.right(StatsText.figure(costs, \.paid), 9)
      + StatsText.right(StatsText.figure(costs, \.withoutCache), 10)
      + StatsText.right(StatsText.figure(costs, \.agentAlone), 9) + "\n"
  }
}
