public import Prefix

/// Where the ledger is, how much it keeps, and how it is written.
public struct LedgerSettings: Sendable {
  var path: String
  /// Names this run of the program; see `SessionKey`.
  var run: Int64
  /// The project the program was started in; see `WorkspaceID`.
  var workspace: String?
  /// Turns older than this many days are deleted.
  public var days = 90
  /// Beyond this many bytes the oldest turns are deleted.
  public var maxBytes = 512 << 20
  /// A batch is committed when it has so many turns, or its first turn has waited so long.
  public var batchTurns = 256
  public var batchMillis: UInt64 = 1000
  /// After a failure, the next attempt comes so much later.
  public var retryMillis: UInt64 = 10_000
  /// How many turns wait in memory while the file cannot be written; more are lost, and counted.
  var maxWaitingTurns = 20_000
  /// Sessions that were not used for so long are not known again after a restart.
  public var keptMillis: Int64 = 24 * 3_600_000
  /// The run in which a session began, for those that were brought back from an earlier one: their
  /// turns go on where they are.
  public var origins: [SessionID: Int64] = [:]
  /// How long one attempt waits for another process; it also holds up the end of the program.
  public var busyMillis: Int32 = 1000

  public init(path: String, run: Int64, workspace: String? = nil) {
    self.path = path
    self.run = run
    self.workspace = workspace
  }
}

/// Where the ledger takes the time from.
public struct LedgerClock: Sendable {
  let monotonicMillis: @Sendable () -> UInt64
  let wallMillis: @Sendable () -> Int64

  public init(
    monotonicMillis: @escaping @Sendable () -> UInt64, wallMillis: @escaping @Sendable () -> Int64
  ) {
    self.monotonicMillis = monotonicMillis
    self.wallMillis = wallMillis
  }
}
