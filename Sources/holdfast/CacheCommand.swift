import Glibc
import Ledger
import Prefix
import Reports
import Settings
import Turns

/// What `holdfast cache` was asked.
struct CacheOptions {
  enum Question: String { case stats, inspect, zones }

  var question: Question
  var session: SessionID
  var ledger: String
  var json: Bool

  init(_ line: ParsedCommandLine) throws(UsageError) {
    guard let path = line.last("ledger") ?? LedgerOptions.standardPath() else {
      throw .missingOption("ledger", hint: "there is no home directory to look for it")
    }
    ledger = path
    json = line.has("json")
    let words = line.arguments
    guard let word = words.first, let question = Question(rawValue: word) else {
      throw .unknownCommand("cache \(words.first ?? "")")
    }
    self.question = question
    guard words.count > 1 else { throw .missingArgument("SESSION") }
    if words.count > 2 { throw .unexpectedArgument(words[2]) }
    session = try StatsOptions.session(words[1], "session")
  }
}

/// - Returns: 0; 1 if the ledger cannot be read; 2 if the session is not in it.
func cache(_ options: CacheOptions) -> Int32 {
  do throws(LedgerError) {
    guard access(options.ledger, F_OK) == 0 else {
      Console.error("holdfast: there is no ledger at \(options.ledger) yet")
      return 1
    }
    let reader = try LedgerReader(path: options.ledger)
    guard
      let found = try reader.sessions(LedgerFilter(session: options.session), limit: 1).first
    else {
      Console.error("holdfast: that session is not in the ledger \(options.ledger)")
      return 2
    }
    var turns: [StoredTurn] = []
    try reader.forEachTurn(LedgerFilter(run: found.key.run, session: options.session)) {
      turns.append($0)
    }
    let report = CacheReport(turns)
    switch (options.question, options.json) {
    case (.stats, false): Console.print(report.statsText(), terminator: "")
    case (.stats, true): put(report.statsJSON())
    case (.zones, false): Console.print(report.zonesText(), terminator: "")
    case (.zones, true): put(report.zonesJSON())
    case (.inspect, false): Console.print(report.inspectText(), terminator: "")
    case (.inspect, true): for line in report.inspectJSON() { put(line) }
    }
    return 0
  } catch {
    Console.error("holdfast: \(error)")
    return 1
  }
}

private func put(_ line: [UInt8]) {
  _ = (line + [0x0A]).withUnsafeBytes { writeAll($0, to: 1) }
}
