public import Bytes
public import Prompt

/// What two requests must share to be able to share a cache: who asks, whom, and for which model.
public struct GroupKey: Hashable, Sendable {
  /// Keyed hash of the credential; 0 without one. The credential itself is never kept.
  public var credential: Int
  /// Index of the upstream in the configuration.
  public var upstream: Int
  public var dialect: Dialect
  public var model: Digest

  public init(credential: Int, upstream: Int, dialect: Dialect, model: Digest) {
    self.credential = credential
    self.upstream = upstream
    self.dialect = dialect
    self.model = model
  }
}
