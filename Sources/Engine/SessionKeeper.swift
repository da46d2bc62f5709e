import Prefix
public import Proxy
public import Turns

/// Keeps what sessions need to go on after a restart. Called on the loop thread; must not block.
public protocol SessionKeeper: AnyObject {
  /// Takes over the newest state of a session; it replaces an earlier one.
  /// - Parameter hold: closed until the state is kept; nil where nothing waits for that.
  func keep(_ session: KeptSession, holding hold: AnswerHold?)
}

/// When to call `Engine.keepRest`.
public enum KeepingTime: Sendable {
  /// After the time in which an agent that goes on by itself sends its next request.
  case soon
  /// Some time later: nothing but digests would be lost.
  case later
}

extension Engine {
  /// Brings back a session that an earlier run kept; to be called before the first request, in the
  /// order of last use, oldest first, with the keeper in place.
  /// - Returns: false if its upstream is not among the present ones, its id is in use, or there is
  ///   no room for it.
  public func restore(_ kept: KeptSession) -> Bool {
    guard let upstream = upstreamIndex(kept.upstream) else { return false }
    var snapshot = kept.snapshot
    snapshot.key.upstream = upstream
    let idle = UInt64(max(0, wallMillis - kept.usedAt))
    guard let session = sessions.restore(snapshot, now: nowMillis - min(nowMillis, idle)) else {
      return false
    }
    // What nobody chose for this session follows the present default.
    if !session.modeIsChosen { session.mode = sessions.defaultMode }
    noteRestored(session)
    if kept.text != .none, session.mode == .off || keptText == .none {
      dropText(session)
    } else if kept.text == .all, keptText == .replacements {
      keep(session)
    }
    return true
  }

  /// Hands a session's state to the keeper. Text goes with it only while pinning is on; what has none
  /// decides nothing, and goes with the next `keepRest` where somebody calls that.
  /// - Parameter erasing: what was kept before holds something that was blanked since.
  func keep(_ session: Session, holding hold: AnswerHold? = nil, erasing: Bool = false) {
    guard keeper != nil else { return }
    let text = textToKeep(session)
    if text == .none, !erasing, wakesKeeping != nil { return keepLater(session, .later) }
    unkept[session.id] = nil
    keep(session, text, holding: text == .none ? nil : hold, erasing: erasing)
  }

  /// Hands over what an answer added to a session. The next request of the session hands over more, so
  /// that this is done only where none comes at once: to do it while that passes would hold it up.
  func keepAnswered(_ session: Session) {
    guard wakesKeeping != nil, keeper != nil, textToKeep(session) != .none else {
      return keep(session)
    }
    keepLater(session, .soon)
  }

  private func keepLater(_ session: Session, _ time: KeepingTime) {
    let wasEmpty = unkept.isEmpty
    unkept[session.id] = session
    switch time {
    case .later: if wasEmpty, !keepsSoon { wakesKeeping?(.later) }
    case .soon: if !keepsSoon { wakesKeeping?(.soon) }
    }
    if time == .soon { keepsSoon = true }
  }

  private func textToKeep(_ session: Session) -> SessionSnapshot.Text {
    // Also while something is held still: the next request gives it up.
    guard session.mode != .off else { return .none }
    let holdsSomething = session.view.map { !$0.isAsSent } ?? false
    return session.isExempt && !holdsSomething ? .none : keptText
  }

  /// Hands over what has changed since and could wait: once for all turns that went by meanwhile.
  public func keepRest() {
    let sessions = unkept.values
    unkept = [:]
    keepsSoon = false
    for session in sessions { keep(session, textToKeep(session)) }
  }

  private func keep(
    _ session: Session, _ text: SessionSnapshot.Text, holding hold: AnswerHold? = nil,
    erasing: Bool = false
  ) {
    guard let keeper, let snapshot = session.snapshot else { return }
    var kept = kept(session, snapshot, text)
    kept.erases = erasing
    keeper.keep(kept, holding: hold)
  }

  /// Pinning was turned off: nothing of the session's text stays, though its next request is the one
  /// that gives up what was held.
  func dropText(_ session: Session) {
    unkept[session.id] = nil
    keep(session, .none, erasing: true)
  }

  private func kept(
    _ session: Session, _ snapshot: SessionSnapshot, _ text: SessionSnapshot.Text
  ) -> KeptSession {
    KeptSession(
      snapshot: text == .none ? snapshot.withoutText : snapshot, text: text,
      upstream: upstreamLabel(session.key.upstream), usedAt: wallMillis)
  }
}
