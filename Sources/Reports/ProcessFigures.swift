/// What a process knows about itself at the moment it is asked.
public struct ProcessFigures: Sendable {
  /// Version of the program.
  public var version = ""
  public var sessions = 0
  public var turnsInFlight = 0
  public var controlConnections = 0
  public var attachedReaders = 0
  /// Events that a reader was too slow for, by who reads.
  public var droppedEvents: [(reader: String, count: Int)] = []
  /// Time the proxy's loop was busy between two looks at its sockets.
  public var loopBusy: Histogram?
  /// The same as times that a share of all rounds did not exceed, in seconds.
  public var loopQuantiles: [(share: Double, seconds: Double)] = []
  public var residentBytes: Int?
  public var cpuSeconds: Double?
  public var openDescriptors: Int?
  public var maxDescriptors: Int?
  /// Seconds since 1970.
  public var startedAt: Double?

  public init() {}
}
