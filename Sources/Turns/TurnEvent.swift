public import Prefix
public import Upstream

/// Whether the upstream answers.
public enum UpstreamState: Sendable, Equatable {
  case unknown
  case up
  /// Since when (milliseconds since 1970), why (a few words), how many requests did not reach it.
  case down(since: Int64, reason: String, failedRequests: Int)
}

public struct UpstreamStatus: Sendable, Equatable {
  public var name: String
  /// `host:port`, never with user information.
  public var address: String
  public var kind: ServerKind
  public var state: UpstreamState
  /// How long the first connect took since the upstream was away, with name look-up, tunnel and TLS;
  /// nil if there was none.
  public var connectMillis: Int?
  /// The server's own name for its build; nil if it is not known.
  public var build: String?
  /// Windows of its models, in tokens; empty if they are not known.
  public var windows: [ServerFacts.ModelWindow] = []
  /// Conversations it can hold at the same time; nil if it does not say.
  public var slotCount: Int?
  /// What its slots held when they were last looked at; empty if they never were.
  public var slots: [SlotState] = []

  public init(
    name: String, address: String, kind: ServerKind = .unknown, state: UpstreamState = .unknown,
    connectMillis: Int? = nil
  ) {
    self.name = name
    self.address = address
    self.kind = kind
    self.state = state
    self.connectMillis = connectMillis
  }
}

public enum NoticeLevel: UInt8, Sendable { case info, warning }

/// Something a person should know that belongs to no turn.
public struct Notice: Sendable, Equatable {
  public var at: Int64
  public var level: NoticeLevel
  public var text: String

  public init(at: Int64, level: NoticeLevel, text: String) {
    self.at = at
    self.level = level
    self.text = text
  }
}

/// Why a request was relayed without being measured.
public enum UnmeasuredReason {
  /// Another endpoint than those that take prompts.
  public static let notAPrompt = "not a prompt"
  /// A prompt's endpoint, but a body that could not be read as one.
  public static let notUnderstood = "body not understood"
}

/// What the proxy tells the rest of the program. The counterpart is `ProxyCommand`.
///
/// Records are held by reference (`indirect`): one event goes to several threads, and a copy of it
/// must not copy the dozens of fields of a record.
public enum TurnEvent: Sendable {
  /// A measured request was forwarded; its verdict is known, its usage is not.
  indirect case started(TurnRecord)
  /// First byte of the answer.
  case firstByte(session: SessionID, turn: Int, afterMillis: Int)
  /// Prefill progress, where the upstream reports it.
  case progress(session: SessionID, turn: Int, processed: Int, total: Int)
  /// The turn ended, one way or another: the same record, completed.
  indirect case finished(TurnRecord)
  /// A request that is not measured was relayed; `reason` says why in a few words.
  case unmeasured(at: Int64, method: String, path: String, status: Int?, reason: String)
  case sessionEvicted(SessionID)
  indirect case upstream(UpstreamStatus)
  case modeChanged(session: SessionID?, mode: PinMode, fromTurn: Int)
  /// Which classes of cause are repaired from a turn on; of all sessions if nil.
  case repairsChanged(session: SessionID?, repairs: RepairSet, fromTurn: Int)
  /// What sessions to come begin with; those that are there keep what they have.
  case defaultsChanged(mode: PinMode, repairs: RepairSet)
  case notice(Notice)
}

/// What a person asks of the proxy.
public enum ProxyCommand: Sendable, Equatable {
  /// Sets the mode of one session, or of all if nil.
  case setMode(session: SessionID?, mode: PinMode)
  /// Sets which classes of cause are repaired, in one session, or in all if nil.
  case setRepairs(session: SessionID?, repairs: RepairSet)
  /// Stop accepting, finish what runs, then end.
  case drain
  /// End at once.
  case stop
}
