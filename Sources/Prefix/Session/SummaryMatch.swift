import Prompt

/// Finds the session that goes on from a summary which shares no message with it.
///
/// Only what stands in front of the messages, the connection and a call for a summary point at the
/// session, and sessions of one agent have much of that in common. Where they leave two in doubt the
/// request counts as a conversation of its own: taking another session's history away would make
/// that session's next turn wrong, too.
struct SummaryMatch {
  /// A conversation that begins with a summary is short: more messages than this are another one.
  static let messages = 32

  let new: History
  let context: RequestContext
  /// Whether the client has no other session it could mean.
  let isAlone: Bool

  /// - Parameter recent: sessions of the client, newest first.
  func find(_ recent: [Session]) -> (session: Session, finder: RelationFinder)? {
    // Most conversations begin otherwise: the sessions are not looked at for those.
    let candidates = recent.filter { session in
      guard !session.isSideCall, session.model == new.model, let old = session.history else {
        return false
      }
      return RelationFinder.isMuchShorter(new.index, than: old.index)
    }
    guard !candidates.isEmpty,
      RelationFinder.startsWithSummary(
        new, from: new.index.indices(of: .messages).lowerBound)
    else { return nil }
    var best: [(session: Session, finder: RelationFinder)] = []
    var most = -1
    var count = 0
    for session in candidates {
      guard let old = session.history else { continue }
      let finder = RelationFinder(old: old, new: new)
      guard finder.frameIsAlike else { continue }
      count += 1
      let shared = finder.sharedFrameBytes
      if shared > most {
        best = []
        most = shared
      }
      // Of a session and its branches the one used last is meant.
      if shared == most, !best.contains(where: { $0.session.family == session.family }) {
        best.append((session, finder))
      }
    }
    let asked = best.filter { $0.session.awaitsSummary }
    if asked.count == 1 { return asked[0] }
    let near = best.filter {
      ($0.session.hint != nil && $0.session.hint == context.narrowing)
        || $0.session.connection == context.connection
    }
    if near.count == 1 { return near[0] }
    return best.count == 1 && (count > 1 || isAlone) ? best[0] : nil
  }
}
