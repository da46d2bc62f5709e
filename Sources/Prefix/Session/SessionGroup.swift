import Bytes
import Prompt

/// The sessions that one client has with one upstream, and the ends of their histories side by side,
/// so that a body is held against a thousand of them in a few microseconds.
final class SessionGroup {
  private(set) var sessions: [Session] = []
  /// A place where a body that continues the session must have the same bytes: the end of its last
  /// message (0 without a history), the eight bytes in front of it, and the hash of the bytes of the
  /// probe. Apart, because most sessions are ruled out by the first.
  private var ends: [Int32] = []
  private var words: [UInt64] = []
  private var hashes: [UInt64] = []

  func insert(_ session: Session) {
    session.place = sessions.count
    sessions.append(session)
    ends.append(0)
    words.append(0)
    hashes.append(0)
  }

  func remove(_ session: Session) {
    let place = session.place
    guard sessions.indices.contains(place), sessions[place] === session else { return }
    let last = sessions.count - 1
    sessions.swapAt(place, last)
    ends.swapAt(place, last)
    words.swapAt(place, last)
    hashes.swapAt(place, last)
    sessions.removeLast()
    ends.removeLast()
    words.removeLast()
    hashes.removeLast()
    if place < sessions.count { sessions[place].place = place }
  }

  /// To be called whenever the session's history changes.
  func update(_ session: Session) {
    guard let history = session.history, let probe = history.probes.first, let body = history.body,
      probe.end < Int(Int32.max)
    else {
      ends[session.place] = 0
      return
    }
    ends[session.place] = Int32(probe.end)
    words[session.place] = Self.word(body.bytes, before: probe.end)
    hashes[session.place] = probe.hash
  }

  /// Sessions whose last message ends in `body` as it did, the longest histories first.
  func continued(by body: UnsafeRawBufferPointer) -> [Session] {
    var found: [Session] = []
    let longest = Int32(clamping: body.count)
    let shortest = Int32(History.Probe.length)
    ends.withUnsafeBufferPointer { ends in
      words.withUnsafeBufferPointer { words in
        for place in ends.indices where ends[place] >= shortest && ends[place] <= longest {
          let end = Int(ends[place])
          guard Self.word(body, before: end) == words[place],
            History.Probe.hash(body, end: end) == hashes[place]
          else { continue }
          found.append(sessions[place])
        }
      }
    }
    return found.count < 2
      ? found : found.sorted { ($0.history?.index.tip ?? 0) > ($1.history?.index.tip ?? 0) }
  }

  @inline(__always)
  private static func word(_ body: UnsafeRawBufferPointer, before end: Int) -> UInt64 {
    body.loadUnaligned(fromByteOffset: end - 8, as: UInt64.self)
  }
}
