import Bytes

/// Bytes that the server renders like those it has. They cost nothing there, but the first ones are
/// kept all the same: another server, or another version of it, may render them differently.
enum NeutralRepair {
  /// What is forwarded in place of `now`; nil to forward the agent's own bytes. Cache markers belong
  /// where the agent puts them: kept in every place, they would pile up.
  static func piece(
    was: UnsafeRawBufferPointer, now: UnsafeRawBufferPointer
  ) -> ServerView.Piece? {
    guard findBytes("\"cache_control\"", in: was) == nil,
      findBytes("\"cache_control\"", in: now) == nil
    else { return nil }
    return ServerView.Piece(was)
  }
}
