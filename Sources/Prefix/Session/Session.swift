public import Prompt
public import Upstream

/// One conversation branch. Owned by `SessionTable`, used on the loop thread only.
public final class Session {
  public let id: SessionID
  public let key: GroupKey
  /// Hash of an explicit session id that came with the requests; nil without one. One id is shared
  /// by main thread, subagents and side calls, so it narrows but never decides.
  let hint: UInt64?
  public internal(set) var parent: SessionID?
  public internal(set) var isSideCall: Bool
  /// Turns so far.
  public internal(set) var turns = 0
  public internal(set) var history: History?
  var lastUsed: UInt64
  public var mode: PinMode
  /// The classes that are repaired, as far as the mode allows; from the next turn on.
  public var repairs: RepairSet
  /// Holds pinning against what the server reports.
  public var audit = PinAudit()
  /// What the upstream has instead of the agent's own bytes; nil while nothing is pinned.
  public var view: ServerView?
  /// Whether a person set the mode, rather than a default.
  public private(set) var modeIsChosen = false
  /// Whether it is left as sent although the mode for all says otherwise; see `Engine.policy`.
  public var isExempt = false
  public var agent = ""
  public let model: String
  public var estimate = TokenEstimate()
  /// Prompt tokens of the last answered turn as the server reported them, and the bytes they were.
  public var lastPrompt: (bytes: Int, tokens: Int?) = (0, nil)
  /// Where the server holds this session's prompt as a whole, as far as it is unchanged.
  public var marks = PrefixMarks()
  /// What breaks displaced, and the server may hold still.
  public var olderPrompts = OlderPrompts()
  /// Reads the cache markers of the session's requests.
  public var markerScan: CacheMarkerScan
  /// The id of the last response, for OpenAI Responses chains.
  var lastResponse: UInt64?
  /// What is known of the last answered turn; nil while a turn is under way.
  public var last: LastTurn?

  /// The turn on which tools or system prompt changed last; nil while they did not.
  public var prefixChangedOn: Int?

  /// What the model wrote last, for comparing the agent's echo with it. nil before the first complete
  /// answer, and once it had to make room (`SessionTable.noteAnswer`).
  public internal(set) var generated: GeneratedMessage?

  /// The session that this one and its relatives go back to by branching.
  var family: SessionID
  /// Whether its last request asked for a summary of it.
  var awaitsSummary = false
  /// The connection it was last used on.
  var connection: UInt64?
  /// Position in its group.
  var place = 0
  /// Neighbours in the order of use. Not counted: the table owns every session in the list, and a
  /// chain of owners would be released recursively.
  unowned(unsafe) var older: Session?
  unowned(unsafe) var newer: Session?

  /// From the next turn on.
  public func set(_ mode: PinMode) {
    self.mode = mode
    modeIsChosen = true
  }

  /// What is needed to go on after a restart, as of the request that was decided last; nil before the
  /// first turn.
  public var snapshot: SessionSnapshot? { SessionSnapshot(self) }

  init(_ snapshot: SessionSnapshot, now: UInt64) {
    id = snapshot.id
    family = snapshot.id
    key = snapshot.key
    markerScan = CacheMarkerScan(snapshot.key.dialect)
    model = snapshot.history.model
    hint = snapshot.hint
    parent = snapshot.parent
    isSideCall = snapshot.isSideCall
    turns = snapshot.turns
    mode = snapshot.mode
    repairs = snapshot.repairs
    audit = snapshot.audit
    generated = snapshot.generated
    modeIsChosen = snapshot.modeIsChosen
    view = snapshot.view
    agent = snapshot.agent
    estimate = snapshot.estimate
    lastPrompt = snapshot.lastPrompt
    lastResponse = snapshot.lastResponse
    lastUsed = now
  }

  init(
    id: SessionID, key: GroupKey, model: String, hint: UInt64?, parent: SessionID?,
    isSideCall: Bool, mode: PinMode, repairs: RepairSet, now: UInt64
  ) {
    self.id = id
    family = id
    self.key = key
    markerScan = CacheMarkerScan(key.dialect)
    self.model = model
    self.hint = hint
    self.parent = parent
    self.isSideCall = isSideCall
    self.mode = mode
    self.repairs = repairs
    lastUsed = now
  }
}
