public import Bytes

/// What is forwarded for one request, and why.
public struct PinDecision {
  public enum Outcome: Sendable, Equatable {
    /// The agent's bytes are what the server expects: forwarded as received.
    case untouched
    /// The server's prefix was kept by these repairs.
    case held([Cause])
    /// Forwarded as received, because of this.
    case refused(String)
    /// The change was accepted; what the agent sent is the new history.
    case rebased(String)
  }

  /// The body in pieces; joined they are the forwarded body.
  public var body: [ByteSlice]
  public var outcome: Outcome
  /// Whether `body` differs from what was received.
  public var isRewritten: Bool
  public var forwardedBytes: Int
  public var ghostBytes: Int
  /// Bytes of notes added by this request.
  public var noteBytes: Int
  /// The translation table if this decision is forwarded.
  public var view: ServerView
}

/// What a rewrite has to respect.
public struct PinPolicy: Sendable {
  public var mode: PinMode
  /// Whether writings that the server renders alike are restored, too. Not on an API whose cache
  /// markers are part of those writings.
  public var restoresNeutral = true
  /// Whether the billing line may be frozen.
  public var freezesBillingLine = true
  /// Tokens the server's window holds, and an estimate of bytes per token; nil if unknown.
  public var windowTokens: Int?
  public var bytesPerToken = 4.0

  public init(mode: PinMode) { self.mode = mode }
}
