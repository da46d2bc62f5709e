import Bytes
import Prefix
import Turns

/// The newest state of each session that is to be written. Bounded: what does not fit loses its
/// text, then goes; the session then begins anew after a restart.
struct WaitingSessions {
  private let limit: Int
  private let maxTextBytes: Int
  private var states: [SessionID: KeptSession] = [:]
  private var bytes = 0

  var isEmpty: Bool { states.isEmpty }
  /// Whether one of them has text, so that an answer may wait for it.
  private(set) var isUrgent = false
  var newest: some Sequence<KeptSession> { states.values }

  /// - Parameters:
  ///   - limit: how many sessions wait at most.
  ///   - maxTextBytes: how long their text is together at most.
  init(limit: Int = 1024, maxTextBytes: Int = 64 << 20) {
    self.limit = limit
    self.maxTextBytes = maxTextBytes
  }

  mutating func add(_ session: KeptSession) {
    let id = session.snapshot.id
    bytes -= states[id]?.snapshot.body?.count ?? 0
    var session = session
    // What an earlier state has to erase is still to be erased.
    if states[id]?.erases == true { session.erases = true }
    let count = session.snapshot.body?.count ?? 0
    if bytes + count > maxTextBytes {
      session.snapshot = session.snapshot.withoutText
      session.text = .none
    }
    if states[id] == nil, states.count >= limit {
      // What takes text out of the file is not lost for digests.
      guard session.erases,
        let other = states.first(where: { $0.value.text == .none && !$0.value.erases })
      else { return }
      bytes -= other.value.snapshot.body?.count ?? 0
      states[other.key] = nil
    }
    bytes += session.snapshot.body?.count ?? 0
    states[id] = session
    if session.text != .none { isUrgent = true }
  }

  mutating func removeAll() {
    states.removeAll(keepingCapacity: true)
    bytes = 0
    isUrgent = false
  }
}
