public import Prefix

/// A session on its way into the ledger or back from it.
public struct KeptSession: Sendable {
  public var snapshot: SessionSnapshot
  /// How much text may be kept of it.
  public var text: SessionSnapshot.Text
  /// Name and address of the upstream, which stand for the index in the snapshot's key.
  public var upstream: String
  /// Milliseconds since 1970.
  public var usedAt: Int64
  /// The run that the session began in; nil for the present one.
  public var run: Int64?
  /// Whether what was kept before holds text that must not stay, in the write-ahead log neither.
  public var erases = false

  public init(
    snapshot: SessionSnapshot, text: SessionSnapshot.Text, upstream: String, usedAt: Int64,
    run: Int64? = nil
  ) {
    self.snapshot = snapshot
    self.text = text
    self.upstream = upstream
    self.usedAt = usedAt
    self.run = run
  }
}
