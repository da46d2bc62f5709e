import Bytes
import CSystem
import EventLoop
import Glibc
import Ledger
import Prefix
import Reports
import Settings
import Turns
import Upstream

/// Answers a question about the ledger.
/// - Returns: 0; 1 if the ledger cannot be read; 2 if what was asked for is not in it.
func stats(_ options: StatsOptions) -> Int32 {
  do throws(LedgerError) {
    guard access(options.ledger, F_OK) == 0 else {
      Console.error("holdfast: there is no ledger at \(options.ledger) yet")
      return 1
    }
    let reader = try LedgerReader(path: options.ledger)
    if options.command == .show { return try show(reader, options) }
    if let modes = options.compare { return try compare(reader, options, modes) }
    var report = StatsReport(prices: options.prices) { String(localTime($0).prefix(10)) }
    try reader.forEachTurn(filter(options)) { report.add($0) }
    switch (options.command, options.format) {
    case (.sessions, .table):
      put(SessionsList.table(report.sessions, localTime: localTime))
    case (.sessions, .json):
      for session in report.sessions { put(SessionsList.json(session) + [0x0A]) }
    case (_, .csv): put(SessionsList.csv(report.sessions))
    case (_, .json): put(StatsJSON.bytes(report))
    case (_, .table):
      let table = StatsTable(
        ascii: isASCII(options), question: question(options), localTime: localTime)
      put(table.text(report))
    }
    return 0
  } catch {
    Console.error("holdfast: \(error)")
    return 1
  }
}

private func compare(
  _ reader: LedgerReader, _ options: StatsOptions, _ modes: (PinMode, PinMode)
) throws(LedgerError) -> Int32 {
  var comparison = StatsComparison(modes.0, modes.1)
  try reader.forEachTurn(filter(options)) { comparison.add($0) }
  switch options.format {
  case .json: put(comparison.json())
  case .csv: put(comparison.csv())
  case .table: put(comparison.text(question: question(options)))
  }
  return 0
}

/// The latest session of the id that was asked for.
private func show(_ reader: LedgerReader, _ options: StatsOptions) throws(LedgerError) -> Int32 {
  guard let id = options.session,
    let session = try reader.sessions(LedgerFilter(session: id), limit: 1).first
  else {
    Console.error("holdfast: that session is not in the ledger \(options.ledger)")
    return 2
  }
  // All turns of the session, because a local turn is priced by the speed measured over them.
  var turns: [StoredTurn] = []
  var costs = CostBreakdown(prices: options.prices)
  try reader.forEachTurn(LedgerFilter(run: session.key.run, session: id)) { turn in
    turns.append(turn)
    costs.add(turn.record, isLocal: turn.isLocal)
  }
  let speeds = costs.speeds
  func cost(_ turn: StoredTurn) -> CostSummary {
    var meter = CostMeter(options.prices)
    meter.add(turn.costInput)
    return meter.summary(speeds: speeds)
  }
  if let number = options.turn { turns = turns.filter { $0.record.turn == number } }
  guard let first = turns.first else {
    Console.error("holdfast: session \(id) has no such turn in the ledger")
    return 2
  }
  switch options.format {
  case .csv: put(ShowTurns.csv(turns, cost: cost))
  case .json: for turn in turns { put(ShowTurns.json(turn, cost: cost(turn))) }
  case .table where options.turn != nil:
    put(ShowTurns.text(first, cost: cost(first), localTime: localTime))
  case .table: put(ShowTurns.table(turns, localTime: localTime))
  }
  return 0
}

private func filter(_ options: StatsOptions) -> LedgerFilter {
  LedgerFilter(
    since: options.windowMillis.map { Loop.wallMillis() - $0 }, mode: options.mode,
    session: options.session, workspace: options.workspace)
}

private func question(_ options: StatsOptions) -> String {
  var parts: [String] = []
  if let millis = options.windowMillis {
    let hours = millis / 3_600_000
    parts.append(
      millis % 3_600_000 != 0
        ? "last \(millis / 60_000) minutes"
        : hours % 24 != 0 || hours < 48 ? "last \(hours) hours" : "last \(hours / 24) days")
  } else {
    parts.append("all that is kept")
  }
  if let mode = options.mode { parts.append("mode \(mode.name)") }
  if let session = options.session { parts.append("session \(session)") }
  if options.workspace != nil { parts.append("one workspace") }
  return parts.joined(separator: ", ")
}

private func put(_ text: String) { _ = Console.write(text, 1) }

private func put(_ bytes: [UInt8]) { _ = bytes.withUnsafeBytes { writeAll($0, to: 1) } }

private func isASCII(_ options: StatsOptions) -> Bool {
  options.ascii || String(cString: nl_langinfo(nl_item(CODESET))) != "UTF-8"
}

private func localTime(_ millis: Int64) -> String {
  var seconds = time_t(millis / 1000)
  var parts = tm()
  localtime_r(&seconds, &parts)
  func two(_ value: Int32) -> String { Humanised.padded(Int(value), 2) }
  return "\(Int(parts.tm_year) + 1900)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday)) "
    + "\(two(parts.tm_hour)):\(two(parts.tm_min))"
}
