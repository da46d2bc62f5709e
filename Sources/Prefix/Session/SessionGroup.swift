import Bytes
import Prompt

/// The sessions that one client has with one upstream, and the ends of their histories side by side,
/// so that a body is held against a thousand of them in a few microseconds.
final class SessionGroup {
  private(set) var sessions: [Session] = []
  private var tips: [Tip] = []

  /// A place where a body that continues the session must have the same bytes.
  private struct Tip {
    /// End of the last message; 0 without a history.
    var end: Int32
    /// The eight bytes in front of it, and the hash of the bytes of the probe.
    var word: UInt64
    var hash: UInt64
  }

  func insert(_ session: Session) {
    session.place = sessions.count
    sessions.append(session)
    tips.append(Tip(end: 0, word: 0, hash: 0))
  }

  func remove(_ session: Session) {
    let place = session.place
    guard sessions.indices.contains(place), sessions[place] === session else { return }
    sessions.swapAt(place, sessions.count - 1)
    tips.swapAt(place, tips.count - 1)
    sessions.removeLast()
    tips.removeLast()
    if place < sessions.count { sessions[place].place = place }
  }

  /// To be called whenever the session's history changes.
  func update(_ session: Session) {
    guard let history = session.history, let probe = history.probes.first, let body = history.body,
      probe.end < Int(Int32.max)
    else {
      tips[session.place].end = 0
      return
    }
    tips[session.place] = Tip(
      end: Int32(probe.end), word: Self.word(body.bytes, before: probe.end), hash: probe.hash)
  }

  /// Sessions whose last message ends in `body` as it did, the longest histories first.
  func continued(by body: UnsafeRawBufferPointer) -> [Session] {
    var found: [Session] = []
    for (place, tip) in tips.enumerated() {
      let end = Int(tip.end)
      guard end >= History.Probe.length, end <= body.count,
        Self.word(body, before: end) == tip.word,
        History.Probe.hash(body, end: end) == tip.hash
      else { continue }
      found.append(sessions[place])
    }
    return found.count < 2
      ? found : found.sorted { ($0.history?.index.tip ?? 0) > ($1.history?.index.tip ?? 0) }
  }

  @inline(__always)
  private static func word(_ body: UnsafeRawBufferPointer, before end: Int) -> UInt64 {
    body.loadUnaligned(fromByteOffset: end - 8, as: UInt64.self)
  }
}
