public import Prompt

/// What two requests must share to be able to share a cache, besides the model: who asks, whom, and
/// in which dialect.
public struct GroupKey: Hashable, Sendable {
  /// Keyed hash of the credential; 0 without one. The credential itself is never kept.
  var credential: Int
  /// Index of the upstream in the configuration.
  public var upstream: Int
  var dialect: Dialect

  public init(credential: Int, upstream: Int, dialect: Dialect) {
    self.credential = credential
    self.upstream = upstream
    self.dialect = dialect
  }
}
