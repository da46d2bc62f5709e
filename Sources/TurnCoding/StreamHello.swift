public import Prefix

/// How a stream of turn events begins: who speaks, and in which version of the form.
public struct StreamHello: Sendable, Equatable {
  /// Raised whenever an older reader would misunderstand what is written.
  public static let currentVersion = 1

  public var version = StreamHello.currentVersion
  /// Version of the program.
  public var program: String
  /// Process id of the proxy.
  public var process: Int
  /// `127.0.0.1:8089`.
  public var listen: String
  /// When the proxy started, in milliseconds since 1970.
  public var startedAt: Int64
  /// Whether requests to change something are refused.
  public var readOnly: Bool
  /// The mode of sessions that nobody changed.
  public var mode: PinMode
  /// Absolute path of the ledger, for readers on the same machine; empty if there is none.
  public var ledger: String

  public init(
    program: String, process: Int, listen: String, startedAt: Int64, readOnly: Bool, mode: PinMode,
    ledger: String = ""
  ) {
    self.program = program
    self.process = process
    self.listen = listen
    self.startedAt = startedAt
    self.readOnly = readOnly
    self.mode = mode
    self.ledger = ledger
  }

  mutating func code<Coder: FieldCoder>(_ coder: inout Coder) {
    coder.field("version", &version)
    coder.field("program", &program)
    coder.field("process", &process)
    coder.field("listen", &listen)
    coder.field("started_at", &startedAt)
    coder.field("read_only", &readOnly)
    coder.field("mode", &mode)
    coder.field("ledger", &ledger)
  }
}
