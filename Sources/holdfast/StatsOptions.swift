import Bytes
import Ledger
import Prefix
import Settings
import Upstream

/// What `stats`, `sessions` and `show` were asked.
struct StatsOptions {
  enum Format: String, CaseIterable { case table, json, csv }

  var command: Command
  var ledger: String
  var prices: PriceTable
  var format: Format
  var ascii: Bool
  /// Milliseconds back from the present; nil for all.
  var windowMillis: Int64?
  var mode: PinMode?
  var session: SessionID?
  /// For `show`: only this turn.
  var turn: Int?
  var workspace: String?
  var compare: (PinMode, PinMode)?

  init(_ line: ParsedCommandLine) throws(UsageError) {
    command = line.command
    guard let path = line.last("ledger") ?? LedgerOptions.standardPath() else {
      throw .missingOption("ledger", hint: "there is no home directory to look for it")
    }
    ledger = path
    prices = try Self.prices(line)
    format =
      Format(
        rawValue: try line.word("format", of: Format.allCases.map(\.rawValue), default: "table"))
      ?? .table
    ascii = line.has("ascii")
    windowMillis = try line.last("window").flatMap(Self.window)
    mode = try line.last("mode").map { text throws(UsageError) in try Self.mode(text, "mode") }
    workspace = line.last("workspace")
    if workspace == "." { workspace = Workspace.current() }
    if let text = line.last("session") { session = try Self.session(text, "session") }
    if let text = line.last("compare") { compare = try Self.modes(text) }
    if command == .show { try readTarget(line.arguments) }
  }

  /// SESSION or SESSION/TURN.
  private mutating func readTarget(_ arguments: [String]) throws(UsageError) {
    guard let text = arguments.first else { throw .missingArgument("SESSION") }
    if arguments.count > 1 { throw .unexpectedArgument(arguments[1]) }
    let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    session = try Self.session(String(parts[0]), "session")
    guard parts.count > 1 else { return }
    guard let number = Int(parts[1]), number > 0 else {
      throw .badValue(option: "turn", value: String(parts[1]), expected: "the number of a turn")
    }
    turn = number
  }

  /// The list that was named, else the built-in one.
  static func prices(_ line: ParsedCommandLine) throws(UsageError) -> PriceTable {
    guard let path = line.last("prices") else { return .standard }
    guard let text = readFile(path) else {
      throw .badValue(option: "prices", value: path, expected: "a file that can be read")
    }
    do {
      return try PriceTable(text.bytes)
    } catch {
      throw .badValue(option: "prices", value: path, expected: "a price list (\(error))")
    }
  }

  private static func window(_ text: String) throws(UsageError) -> Int64? {
    if text == "all" { return nil }
    let units: [Character: Int64] = ["m": 60_000, "h": 3_600_000, "d": 86_400_000]
    guard let unit = text.last.flatMap({ units[$0] }), let count = Int64(text.dropLast()),
      (1...1_000_000).contains(count)
    else { throw .badValue(option: "window", value: text, expected: "90m, 24h, 7d or all") }
    return count * unit
  }

  private static func mode(_ text: String, _ option: String) throws(UsageError) -> PinMode {
    guard let mode = PinMode(name: text) else {
      throw .badValue(option: option, value: text, expected: "one of off, safe, hold")
    }
    return mode
  }

  private static func modes(_ text: String) throws(UsageError) -> (PinMode, PinMode) {
    let names = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    guard names.count == 2, names[0] != names[1] else {
      throw .badValue(option: "compare", value: text, expected: "two modes like off,hold")
    }
    return (try mode(names[0], "compare"), try mode(names[1], "compare"))
  }

  static func session(_ text: String, _ option: String) throws(UsageError) -> SessionID {
    guard text.utf8.count == 8, let raw = UInt32(text, radix: 16) else {
      throw .badValue(
        option: option, value: text, expected: "a session id of eight hexadecimal digits")
    }
    return SessionID(raw: raw)
  }
}
