import Glibc
import Settings

/// Where the ledger is and how much it keeps, as the command line says.
struct LedgerOptions {
  var path: String
  var days: Int
  var maxBytes: Int

  /// Nil if no ledger is kept: on request, for the demo unless a file is named, and where there is
  /// no home to put it.
  init?(_ line: ParsedCommandLine) throws(UsageError) {
    days = try line.integer("ledger-days", in: 1...36_500, default: 90)
    maxBytes = try line.size("ledger-size", in: (1 << 20)...(1 << 40), default: 512 << 20)
    guard !line.has("no-ledger") else { return nil }
    if line.command == .demo, !line.has("ledger") { return nil }
    guard let path = line.last("ledger") ?? Self.standardPath() else { return nil }
    self.path = path
  }

  /// `$XDG_STATE_HOME/holdfast/ledger.sqlite`, by default below `~/.local/state`; nil without a
  /// home. A relative XDG_STATE_HOME is not valid and ignored, as its specification says.
  static func standardPath() -> String? {
    if let state = variable("XDG_STATE_HOME"), state.hasPrefix("/") {
      return state + "/holdfast/ledger.sqlite"
    }
    guard let home = variable("HOME"), home.hasPrefix("/") else { return nil }
    return home + "/.local/state/holdfast/ledger.sqlite"
  }

  private static func variable(_ name: String) -> String? {
    getenv(name).map { String(cString: $0) }
  }
}
