import Bytes
import Prefix
import Turns
import Upstream

/// Sessions of the ledger as a table, as CSV (RFC 4180) or as one JSON object per line.
public enum SessionsList {
  public static func table(
    _ sessions: [StatsReport.Session], localTime: (Int64) -> String
  ) -> String {
    var out =
      "session  last seen        agent      model          mode turns hits breaks again\n"
    for entry in sessions {
      let session = entry.session
      let totals = session.totals
      out += "\(session.key.session) " + StatsText.cell(localTime(session.lastSeen), 17)
      out += StatsText.cell(session.agent, 10) + " " + StatsText.cell(session.model, 14) + " "
      out += StatsText.cell(session.mode.name, 4) + StatsText.right("\(totals.turns)", 6)
      out += StatsText.right(StatsText.percent(totals.hitShare), 5)
      out += StatsText.right("\(totals.breaks)", 7)
      out += StatsText.right(Humanised.count(totals.computedAgainTokens), 6) + "\n"
    }
    return out
  }

  public static func csv(_ sessions: [StatsReport.Session]) -> String {
    var out = CSVLine.text(columns.map(\.name))
    for session in sessions { out += CSVLine.text(columns.map { $0.text(session) }) }
    return out
  }

  public static func json(_ session: StatsReport.Session) -> [UInt8] {
    var json = JSONObjectWriter()
    for column in columns {
      switch column.value(session) {
      case .text(let text): json.add(column.name, text)
      case .count(let count): json.add(column.name, count)
      case .number(let number): json.add(column.name, number)
      }
    }
    return json.finish()
  }

  // MARK: Columns

  private enum Value {
    case text(String?)
    case count(Int?)
    case number(Double?)
  }

  private struct Column: Sendable {
    let name: String
    let value: @Sendable (StatsReport.Session) -> Value

    func text(_ session: StatsReport.Session) -> String {
      switch value(session) {
      case .text(let text): text ?? ""
      case .count(let count): count.map { String($0) } ?? ""
      case .number(let number): number.map { String($0) } ?? ""
      }
    }
  }

  private static let columns: [Column] = [
    Column(name: "session_id") { .text($0.session.key.session.description) },
    Column(name: "run") { .text(hexadecimal(UInt64(bitPattern: $0.session.key.run), digits: 16)) },
    Column(name: "first_seen") { .text(NDJSONLine.timestamp($0.session.firstSeen)) },
    Column(name: "last_seen") { .text(NDJSONLine.timestamp($0.session.lastSeen)) },
    Column(name: "agent") { .text($0.session.agent) },
    Column(name: "model") { .text($0.session.model) },
    Column(name: "upstream") { .text($0.session.upstream) },
    Column(name: "parent_session_id") { .text($0.session.parent?.description) },
    Column(name: "workspace") { .text($0.session.workspace) },
    Column(name: "mode") { .text($0.session.mode.name) },
    Column(name: "turns") { .count($0.session.totals.turns) },
    Column(name: "side_calls") { .count($0.session.totals.sideCalls) },
    Column(name: "failed_turns") { .count($0.session.totals.failedTurns) },
    Column(name: "breaks") { .count($0.session.totals.breaks) },
    Column(name: "unreported_turns") { .count($0.session.totals.unreportedTurns) },
    Column(name: "hit_share") { .number($0.session.totals.hitShare) },
    Column(name: "uncached_tokens") { .count(reported($0, $0.session.totals.uncachedTokens)) },
    Column(name: "read_tokens") { .count(reported($0, $0.session.totals.readTokens)) },
    Column(name: "written_tokens") { .count(reported($0, $0.session.totals.writtenTokens)) },
    Column(name: "output_tokens") { .count($0.session.totals.outputTokens) },
    Column(name: "computed_again_tokens") { .count($0.session.totals.computedAgainTokens) },
    Column(name: "saved_tokens") { .count($0.session.totals.savedTokens) },
    Column(name: "paid_usd") { .number(money($0, \.paid)) },
    Column(name: "without_cache_usd") { .number(money($0, \.withoutCache)) },
    Column(name: "agent_alone_usd") { .number(money($0, \.agentAlone)) },
    Column(name: "paid_prefill_seconds") { .number(seconds($0, \.paid)) },
    Column(name: "without_cache_prefill_seconds") { .number(seconds($0, \.withoutCache)) },
    Column(name: "agent_alone_prefill_seconds") { .number(seconds($0, \.agentAlone)) },
    Column(name: "unpriced_turns") { .count($0.costs.unpriced.values.reduce(0, +)) },
  ]

  private static func reported(_ entry: StatsReport.Session, _ count: Int) -> Int? {
    entry.session.totals.reportedTurns > 0 ? count : nil
  }

  private static func money(
    _ entry: StatsReport.Session, _ figure: KeyPath<CostFigures, Double>
  ) -> Double? {
    entry.costs.dollars.turns > 0 ? entry.costs.dollars[keyPath: figure] : nil
  }

  private static func seconds(
    _ entry: StatsReport.Session, _ figure: KeyPath<CostFigures, Double>
  ) -> Double? {
    entry.costs.seconds.turns > 0 ? entry.costs.seconds[keyPath: figure] : nil
  }
}

/// One line of CSV.
enum CSVLine {
  static func text(_ cells: [String]) -> String {
    cells.map(cell).joined(separator: ",") + "\r\n"
  }

  private static func cell(_ text: String) -> String {
    var text = text
    // A spreadsheet takes such a text for a formula; names come from the network.
    if let first = text.unicodeScalars.first, "=+-@\t\r".unicodeScalars.contains(first),
      Double(text) == nil
    {
      text = "'" + text
    }
    guard text.utf8.contains(where: { [0x22, 0x2C, 0x0A, 0x0D].contains($0) }) else { return text }
    return "\""
      + text.split(separator: "\"", omittingEmptySubsequences: false)
      .joined(separator: "\"\"") + "\""
  }
}
