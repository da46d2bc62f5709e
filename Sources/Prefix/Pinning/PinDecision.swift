public import Bytes

/// What is forwarded for one request, and why.
public struct PinDecision {
  public enum Outcome: Sendable, Equatable {
    /// The agent's bytes are what the server expects: forwarded as received.
    case untouched
    /// The server's prefix was kept by repairs of these causes.
    case held([Cause])
    /// Forwarded as received from the change on, because the mode or a switch does not allow its
    /// repair.
    case refused(String)
    /// The change was accepted; what the agent sent is the new history.
    case rebased(String)
  }

  /// Why nothing is held where the agent blanked something.
  static let redaction = "redacted text is never kept"

  /// Whether the agent blanked something that the server had.
  public var isRedaction: Bool { outcome == .rebased(Self.redaction) }

  /// The body in pieces; joined they are the forwarded body.
  public var body: [ByteSlice]
  public var outcome: Outcome
  /// The classes of the repairs that this request needed.
  public var repairs: RepairSet
  /// Whether `body` differs from what was received.
  public var isRewritten: Bool
  public var forwardedBytes: Int
  /// Bytes of blocks that the agent dropped and the server still has.
  var ghostBytes: Int
  /// Bytes of notes added by this request.
  public var noteBytes: Int
  /// What the server had of the prompt, and with how much of it the forwarded prompt still begins;
  /// nil on a first turn.
  public var kept: ServerPrefix?
  /// Bytes of the forwarded prompt, all blocks but knobs.
  public var promptBytes: Int
  /// The translation table if this decision is forwarded.
  public var view: ServerView
}
