import Bytes
import Prompt

/// Which sessions hold a message block, by digest: finds the sessions that share content with a
/// request although their beginnings differ.
struct BlockPostings {
  /// Sessions remembered per block, newest last. A block that more sessions share (a common first
  /// message) says little about any of them.
  private static let perBlock = 8

  private var holders: [UInt64: [SessionID]] = [:]

  /// A system prompt is shared by all sessions of an agent, so it points at none of them.
  private static func counts(_ block: Block) -> Bool { block.kind != .system }

  mutating func insert(_ index: RequestIndex, _ session: SessionID) {
    for block in index.blocks(of: .messages) where Self.counts(block) {
      var list = holders[block.digest.low] ?? []
      if list.contains(session) { continue }
      if list.count == Self.perBlock { list.removeFirst() }
      list.append(session)
      holders[block.digest.low] = list
    }
  }

  mutating func remove(_ index: RequestIndex, _ session: SessionID) {
    for block in index.blocks(of: .messages) {
      guard var list = holders[block.digest.low] else { continue }
      list.removeAll { $0 == session }
      holders[block.digest.low] = list.isEmpty ? nil : list
    }
  }

  /// Replaces a session's blocks; only those that differ are touched.
  mutating func replace(_ old: RequestIndex?, _ new: RequestIndex, _ session: SessionID) {
    guard let old else { return insert(new, session) }
    let before = old.blocks(of: .messages)
    let after = new.blocks(of: .messages)
    var same = 0
    for (a, b) in zip(before, after) {
      guard a.digest == b.digest else { break }
      same += 1
    }
    let kept = Set(after.dropFirst(same).map(\.digest.low))
    for block in before.dropFirst(same) where !kept.contains(block.digest.low) {
      guard var list = holders[block.digest.low] else { continue }
      list.removeAll { $0 == session }
      holders[block.digest.low] = list.isEmpty ? nil : list
    }
    for block in after.dropFirst(same) where Self.counts(block) {
      var list = holders[block.digest.low] ?? []
      if list.contains(session) { continue }
      if list.count == Self.perBlock { list.removeFirst() }
      list.append(session)
      holders[block.digest.low] = list
    }
  }

  /// Sessions by the bytes of message blocks they share with `index`, best first.
  func ranked(_ index: RequestIndex) -> [(session: SessionID, bytes: Int)] {
    // Few sessions, and neighbouring blocks are held by the same ones.
    var scores: [(session: SessionID, bytes: Int)] = []
    for block in index.blocks(of: .messages) {
      for session in holders[block.digest.low] ?? [] {
        if let place = scores.firstIndex(where: { $0.session == session }) {
          scores[place].bytes += Int(block.length)
        } else {
          scores.append((session, Int(block.length)))
        }
      }
    }
    return scores.sorted { ($0.bytes, $0.session) > ($1.bytes, $1.session) }
  }
}
