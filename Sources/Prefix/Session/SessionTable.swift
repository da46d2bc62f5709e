public import Bytes
public import Prompt
public import Upstream

public struct SessionLimits: Sendable {
  public var sessions = 1024
  /// Bytes of kept bodies over all sessions.
  public var bodyBytes = 256 << 20
  /// What is pinned is kept for longer: only the numbers above bound it.
  var idleMillis: UInt64 = 24 * 3600 * 1000

  public init() {}
}

/// The bounded set of known conversations. Loop thread only; pure: time comes in as a value.
public final class SessionTable {
  /// Smaller ones are met with the next request.
  public var limits: SessionLimits
  private var sessions: [SessionID: Session] = [:]
  private var groups: [GroupKey: SessionGroup] = [:]
  private var recency = RecencyList()
  private var postings = BlockPostings()
  private var lastOnConnection: [UInt64: SessionID] = [:]
  private var byResponse: [UInt64: SessionID] = [:]
  private var keptBytes = 0
  private var nextID: UInt32
  public var defaultMode: PinMode
  /// The classes that are repaired in sessions to come.
  public var defaultRepairs = RepairSet.all

  /// - Parameter seed: makes session ids differ between runs.
  public init(limits: SessionLimits = SessionLimits(), seed: UInt32 = 0, mode: PinMode = .off) {
    self.limits = limits
    nextID = seed
    defaultMode = mode
  }

  public var count: Int { sessions.count }

  public func session(_ id: SessionID) -> Session? { sessions[id] }

  public var all: [Session] { Array(sessions.values) }

  /// Finds or makes the session a body belongs to and records it there.
  /// - Returns: nil if the body cannot be measured; then nothing is recorded.
  public func receive(_ body: ByteBuffer, dialect: Dialect, _ context: RequestContext) -> Reception?
  {
    let group = self.group(context.key)
    var context = context
    var exact = extendedSession(body, group, context)
    let reference = exact?.session ?? likelySession(body, context)
    guard
      let index = RequestIndexer.index(
        body.bytes, dialect: dialect,
        reference: reference.flatMap { Self.reference($0, exact?.commonPrefix ?? 0) })
    else { return nil }
    let history = History(index: index, body: body)
    context.conversationKey = history.conversationKey
    if let other = exact?.session, !compatible(other, context) {
      exact = extendedSession(body, group, context)
    }
    let found = find(history, exact?.session, context)
    return record(history, found, context)
  }

  /// Takes back what `receive` recorded, because the upstream never processed the request.
  public func revert(_ reception: Reception) {
    let session = reception.session
    guard reception.relation != .compactionCall, session.turns == reception.turn,
      let previous = reception.previous, sessions[session.id] === session
    else { return }
    postings.replace(session.history?.index, previous.index, session.id)
    setHistory(session, previous)
  }

  /// Brings a session back as it was when the snapshot was taken. Sessions are to be restored in the
  /// order of their last use, oldest first.
  /// - Returns: nil if its id is in use, or the table is full.
  public func restore(_ snapshot: SessionSnapshot, now: UInt64) -> Session? {
    let bytes = snapshot.history.bytesKept + (snapshot.generated?.byteCount ?? 0)
    guard sessions[snapshot.id] == nil, sessions.count < limits.sessions,
      keptBytes + bytes <= limits.bodyBytes
    else { return nil }
    let session = Session(snapshot, now: now)
    keptBytes += session.generated?.byteCount ?? 0
    sessions[session.id] = session
    group(session.key).insert(session)
    postings.insert(snapshot.history.index, session.id)
    setHistory(session, snapshot.history)
    if let response = session.lastResponse { byResponse[response] = session.id }
    recency.touch(session)
    return session
  }

  /// Remembers the id of a response, so that a request that names it is known to continue here.
  public func noteResponse(_ id: UInt64, _ session: Session) {
    if let old = session.lastResponse { byResponse[old] = nil }
    session.lastResponse = id
    byResponse[id] = session.id
  }

  /// Remembers what the model wrote in the session's newest answer; nil if that is not known. Its
  /// bytes count as kept, and it goes when the session's body has to go.
  public func noteAnswer(_ message: GeneratedMessage?, _ session: Session) {
    guard sessions[session.id] === session else { return }
    keptBytes += (message?.byteCount ?? 0) - (session.generated?.byteCount ?? 0)
    session.generated = message
  }

  /// Drops sessions that were idle for too long.
  public func expire(now: UInt64) -> [SessionID] {
    let old = sessions.values.filter {
      $0.mode == .off && $0.view == nil && now > $0.lastUsed
        && now - $0.lastUsed > limits.idleMillis
    }
    for session in old { remove(session) }
    return old.map(\.id)
  }

  // MARK: Matching

  private func compatible(_ session: Session, _ context: RequestContext) -> Bool {
    guard let mine = session.hint, let theirs = context.narrowing else { return true }
    return mine == theirs
  }

  /// The session with the longest history of which the body is an extension, byte for byte up to
  /// the end of its last message.
  private func extendedSession(
    _ body: ByteBuffer, _ group: SessionGroup, _ context: RequestContext
  ) -> (session: Session, commonPrefix: Int)? {
    for session in group.continued(by: body.bytes) where compatible(session, context) {
      guard let history = session.history, let old = history.body, let tip = history.index.tip
      else { continue }
      let common = commonPrefixLength(old.bytes, body.bytes)
      if common >= tip { return (session, common) }
    }
    return nil
  }

  /// A session whose previous body makes indexing cheap, if it is the right one.
  private func likelySession(
    _ body: ByteBuffer, _ context: RequestContext
  ) -> Session? {
    let recent = recency.newest(8, context.key)
    let probed = recent.first { session in
      session.history?.probes.contains { $0.matches(body.bytes) } ?? false
    }
    if let probed { return probed }
    if let last = lastOnConnection[context.connection], let session = sessions[last] {
      return session
    }
    return recent.first
  }

  private static func reference(
    _ session: Session, _ commonPrefix: Int
  ) -> RequestIndexer.Reference? {
    guard let history = session.history, let body = history.body else { return nil }
    return .init(index: history.index, body: body.bytes, commonPrefix: commonPrefix)
  }

  private struct Found {
    var session: Session?
    var relation: Relation
    var alignment: Alignment?
    /// For a new session: where it comes from.
    var parent: Session?
    var origin: History?
  }

  private func find(
    _ new: History, _ exact: Session?, _ context: RequestContext
  ) -> Found {
    if let chained = chainedSession(new), let old = chained.history {
      return Found(
        session: chained, relation: .continuation,
        alignment: Alignment(old: old, new: new, isChained: true))
    }
    var best: (found: Found, rank: (Int, Int, Int))?
    for session in candidates(new, exact, context) {
      guard let old = session.history else { continue }
      let finder = RelationFinder(old: old, new: new)
      guard var relation = finder.relation() else { continue }
      let bytes = relation == .branch ? finder.sharedBytesOfBranch : finder.sharedBytes
      if session.model != new.model { relation = .modelSwitch }
      let rank =
        relation == .mutation && finder.isContinuedBehindItsFront
        ? (1, bytes, 1) : Self.rank(relation, sharing: bytes)
      if let best, best.rank >= rank { continue }
      let isNew = relation == .branch || relation == .modelSwitch
      best = (
        Found(
          session: isNew ? nil : session, relation: relation, alignment: finder.alignment,
          parent: isNew ? session : nil, origin: isNew ? old : nil),
        rank
      )
    }
    if let best { return best.found }
    if let match = summarised(new, context) {
      return Found(
        session: match.session, relation: .compaction, alignment: match.finder.alignment)
    }
    let parent = relative(new, context)
    let isSmall =
      new.index.blocks(of: .tools).isEmpty && new.index.messageCount <= 3
      && new.index.promptBytes < 32_768
    return Found(relation: parent != nil && isSmall ? .sideCall : .first, parent: parent)
  }

  /// A session that is continued wins; else the one that explains the most of the request. A session
  /// with a change in front may explain less of it than the branch that was left a moment ago.
  private static func rank(_ relation: Relation, sharing bytes: Int) -> (Int, Int, Int) {
    switch relation {
    case .continuation: (2, bytes, 0)
    case .compactionCall: (1, bytes, 0)
    case .mutation: (0, bytes, 4)
    case .compaction: (0, bytes, 3)
    case .branch: (0, bytes, 2)
    case .modelSwitch: (0, bytes, 1)
    case .first, .sideCall: (0, bytes, 0)
    }
  }

  private func summarised(
    _ new: History, _ context: RequestContext
  ) -> (session: Session, finder: RelationFinder)? {
    guard new.index.messageCount <= SummaryMatch.messages else { return nil }
    return SummaryMatch(
      new: new, context: context, isAlone: groups[context.key]?.sessions.count == 1
    ).find(recency.newest(8, context.key).filter { compatible($0, context) })
  }

  private func chainedSession(_ new: History) -> Session? {
    guard let range = new.index.previousResponse, let body = new.body else { return nil }
    let id = hash64(UnsafeRawBufferPointer(rebasing: body.bytes[range]))
    return byResponse[id].flatMap { sessions[$0] }
  }

  /// Sessions worth a closer look: the exact one, those that share the most content, and those that
  /// carry the same explicit id or came over the same connection.
  private func candidates(
    _ new: History, _ exact: Session?, _ context: RequestContext
  ) -> [Session] {
    if let exact { return [exact] }
    var list: [Session] = []
    func add(_ session: Session?) {
      guard let session, session.history != nil, !list.contains(where: { $0 === session }),
        session.key == context.key, compatible(session, context)
      else { return }
      list.append(session)
    }
    for entry in postings.ranked(new.index).prefix(6) { add(sessions[entry.session]) }
    add(lastOnConnection[context.connection].flatMap { sessions[$0] })
    // Without a message in common: the one message of a young session in other words.
    for session in recency.newest(4, context.key)
    where (session.history?.index.messageCount ?? .max) <= 2 {
      add(session)
    }
    return list
  }

  /// The conversation that a request without a history of its own belongs to, if there is one: the
  /// same explicit id, or recent use by the same client.
  private func relative(_ new: History, _ context: RequestContext) -> Session? {
    guard context.hint != nil || new.index.blocks(of: .tools).isEmpty else { return nil }
    let recent: UInt64 = 15 * 60 * 1000
    let known = sessions.values.filter { session in
      !session.isSideCall && session.key.credential == context.key.credential
        && session.key.upstream == context.key.upstream
        && context.now - min(session.lastUsed, context.now) < recent
        && !(session.history?.index.blocks(of: .tools).isEmpty ?? true)
    }
    if context.hint != nil {
      return known.filter { $0.hint == context.hint }.min { $0.id < $1.id }
    }
    return known.filter { compatible($0, context) }.max { $0.lastUsed < $1.lastUsed }
  }

  // MARK: Recording

  private func record(_ history: History, _ found: Found, _ context: RequestContext) -> Reception {
    var history = history
    if found.relation == .continuation, history.index.previousResponse != nil,
      let old = found.session?.history, let body = history.body
    {
      let messages = old.index.blocks(of: .messages).reduce(0) { $0 + Int($1.length) }
      history = History(
        index: history.index, body: body, inheritedBytes: old.inheritedBytes + messages)
    }
    let session = found.session ?? makeSession(history, found, context)
    session.turns += 1
    session.lastUsed = context.now
    session.awaitsSummary = found.relation == .compactionCall
    let previous = found.session == nil ? found.origin : session.history
    if session.isSideCall, session.turns > 1 { session.isSideCall = false }
    if found.relation != .compactionCall {
      postings.replace(
        session.history?.index, history.index, session.id,
        found.session == nil ? nil : found.alignment)
      setHistory(session, history)
    }
    if let connection = session.connection, lastOnConnection[connection] == session.id {
      lastOnConnection[connection] = nil
    }
    lastOnConnection[context.connection] = session.id
    session.connection = context.connection
    recency.touch(session)
    var boundary: Boundary?
    if let alignment = found.alignment, let previous {
      boundary = Boundary(alignment, old: previous, new: history, order: context.order)
    }
    return Reception(
      session: session, turn: session.turns, relation: found.relation, history: history,
      previous: previous, alignment: found.alignment, boundary: boundary, order: context.order,
      evicted: makeRoom(keeping: session))
  }

  private func makeSession(
    _ history: History, _ found: Found, _ context: RequestContext
  ) -> Session {
    repeat {
      nextID = nextID &* 2_654_435_761 &+ 0x9E37_79B9
    } while sessions[SessionID(raw: nextID)] != nil
    let session = Session(
      id: SessionID(raw: nextID), key: context.key, model: history.model, hint: context.narrowing,
      parent: found.parent?.id, isSideCall: found.relation == .sideCall,
      mode: found.parent?.mode ?? defaultMode, repairs: found.parent?.repairs ?? defaultRepairs,
      now: context.now)
    if found.relation == .branch, let parent = found.parent {
      session.estimate = parent.estimate
      session.marks = parent.marks
    }
    if found.relation != .sideCall, let parent = found.parent { session.family = parent.family }
    sessions[session.id] = session
    group(context.key).insert(session)
    return session
  }

  private func setHistory(_ session: Session, _ history: History) {
    keptBytes += history.bytesKept - (session.history?.bytesKept ?? 0)
    session.history = history
    groups[session.key]?.update(session)
  }

  private func group(_ key: GroupKey) -> SessionGroup {
    if let group = groups[key] { return group }
    let group = SessionGroup()
    groups[key] = group
    return group
  }

  /// Drops bodies, then sessions, until the limits hold.
  private func makeRoom(keeping current: Session) -> [SessionID] {
    var evicted: [SessionID] = []
    while sessions.count > limits.sessions, let session = recency.oldest, session !== current {
      evicted.append(session.id)
      remove(session)
    }
    guard keptBytes > limits.bodyBytes else { return evicted }
    // Some more than needed, so that the walk over sessions without a body is not made every time.
    let target = limits.bodyBytes - limits.bodyBytes / 16
    var next = recency.oldest
    while keptBytes > target, let session = next {
      next = session.newer
      guard session !== current, session.history?.body != nil else { continue }
      keptBytes -= session.history?.bytesKept ?? 0
      session.history?.dropBody()
      noteAnswer(nil, session)
      groups[session.key]?.update(session)
    }
    return evicted
  }

  private func remove(_ session: Session) {
    noteAnswer(nil, session)
    keptBytes -= session.history?.bytesKept ?? 0
    if let history = session.history { postings.remove(history.index, session.id) }
    if let response = session.lastResponse { byResponse[response] = nil }
    sessions[session.id] = nil
    recency.remove(session)
    groups[session.key]?.remove(session)
    if groups[session.key]?.sessions.isEmpty == true { groups[session.key] = nil }
    if let connection = session.connection, lastOnConnection[connection] == session.id {
      lastOnConnection[connection] = nil
    }
  }
}
