public import Prompt

/// What a request brings with it besides its body.
public struct RequestContext: Sendable {
  var key: GroupKey
  /// Hash of an explicit session id; nil without one.
  var hint: UInt64?
  /// Hash of the conversation key in the body; nil without one. Some clients use one for all
  /// conversations of a user, so it says less than `hint`.
  var conversationKey: UInt64?
  /// What a session must not contradict.
  var narrowing: UInt64? { hint ?? conversationKey }
  /// The client connection it came on.
  var connection: UInt64
  /// Monotonic milliseconds.
  var now: UInt64
  /// Where the upstream renders the tools, as far as is known.
  var order: RenderingOrder

  public init(
    key: GroupKey, hint: UInt64?, connection: UInt64, now: UInt64,
    order: RenderingOrder = .toolsFirst
  ) {
    self.key = key
    self.hint = hint
    self.connection = connection
    self.now = now
    self.order = order
  }
}

/// A request that was matched to its session.
public struct Reception {
  public let session: Session
  public let turn: Int
  public let relation: Relation
  public let history: History
  /// The session's history before this request; nil on a first turn.
  public let previous: History?
  /// nil on a first turn.
  public let alignment: Alignment?
  /// Where the request stops continuing `previous`; nil if it does not, or there is none.
  public let boundary: Boundary?
  /// The rendering order that was assumed for `boundary`.
  public let order: RenderingOrder
  /// Sessions that had to go to make room.
  public let evicted: [SessionID]
}
