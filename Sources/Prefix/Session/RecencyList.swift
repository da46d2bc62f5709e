/// Sessions from the least to the most recently used, as a linked list through the sessions.
struct RecencyList {
  private(set) var oldest: Session?
  private var newest: Session?

  /// Makes `session` the newest; it may be in the list or not.
  mutating func touch(_ session: Session) {
    if newest === session { return }
    remove(session)
    session.older = newest
    newest?.newer = session
    newest = session
    if oldest == nil { oldest = session }
  }

  /// The newest sessions with this key, newest first. Looks at a bounded number of sessions.
  func newest(_ count: Int, _ key: GroupKey) -> [Session] {
    var found: [Session] = []
    var next = newest
    for _ in 0..<(4 * count) {
      guard let session = next, found.count < count else { break }
      if session.key == key { found.append(session) }
      next = session.older
    }
    return found
  }

  mutating func remove(_ session: Session) {
    let older = session.older
    let newer = session.newer
    if oldest === session { oldest = newer }
    if newest === session { newest = older }
    older?.newer = newer
    newer?.older = older
    session.older = nil
    session.newer = nil
  }
}
