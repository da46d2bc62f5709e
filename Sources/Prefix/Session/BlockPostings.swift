import Bytes
import Prompt

/// Which sessions hold a message block, by digest: finds the sessions that share content with a
/// request although their beginnings differ.
struct BlockPostings {
  private var holders: [UInt64: Holders] = [:]

  /// A system prompt is shared by all sessions of an agent, so it points at none of them.
  private static func counts(_ block: Block) -> Bool { block.kind != .system }

  mutating func insert(_ index: RequestIndex, _ session: SessionID) {
    for block in index.blocks(of: .messages) { insert(block, session) }
  }

  mutating func remove(_ index: RequestIndex, _ session: SessionID) {
    for block in index.blocks(of: .messages) { remove(block, session) }
  }

  /// Replaces a session's blocks; only those that differ are touched.
  /// - Parameter alignment: of both, where it is known.
  mutating func replace(
    _ old: RequestIndex?, _ new: RequestIndex, _ session: SessionID,
    _ alignment: Alignment? = nil
  ) {
    guard let old else { return insert(new, session) }
    let (gone, came) = Self.difference(old, new, alignment)
    let news = new.indices(of: .messages)
    var kept = BlockSearch(new, news)
    for at in gone {
      // What is gone from one place may still stand in another one.
      let digest = old.blocks[at].digest.low
      if kept.first(digest, behind: news.lowerBound - 1) == nil { remove(old.blocks[at], session) }
    }
    for at in came { insert(new.blocks[at], session) }
  }

  /// Message blocks that are not the same in both, of the old request and of the new one.
  private static func difference(
    _ old: RequestIndex, _ new: RequestIndex, _ alignment: Alignment?
  ) -> (gone: [Int], came: [Int]) {
    let olds = old.indices(of: .messages)
    let news = new.indices(of: .messages)
    guard let alignment else { return (Array(olds), Array(news)) }
    var gone: [Int] = []
    var came: [Int] = []
    var next = olds.lowerBound
    for at in news {
      guard case .same(let before) = alignment.matches[at] else {
        came.append(at)
        continue
      }
      if before > next { gone += next..<before }
      next = before + 1
    }
    gone += next..<max(next, olds.upperBound)
    return (gone, came)
  }

  /// So many of the first and the last messages are looked up one by one: conversations that parted
  /// early have the first ones in common, and those that parted lately differ in the last ones.
  private static let oldest = 16
  private static let newest = 64

  /// Of those in between a sample tells enough, since each lookup misses the processor's cache. A
  /// quarter, scattered: agents write in rounds of a few blocks, and a sample in step with them would
  /// hold blocks of one kind only, which may all have changed together.
  private static func isSampled(_ at: Int) -> Bool {
    UInt32(truncatingIfNeeded: at) &* 2_654_435_769 < 1 << 30
  }

  /// Sessions by the bytes of message blocks they share with `index`, best first; about, where there
  /// are many blocks.
  func ranked(_ index: RequestIndex) -> [(session: SessionID, bytes: Int)] {
    // Few sessions, and neighbouring blocks are held by the same ones.
    var scores: [(session: SessionID, bytes: Int)] = []
    let messages = index.indices(of: .messages)
    for at in messages {
      if at >= messages.lowerBound + Self.oldest, at < messages.upperBound - Self.newest,
        !Self.isSampled(at)
      {
        continue
      }
      let block = index.blocks[at]
      guard let holders = holders[block.digest.low] else { continue }
      for number in 0..<holders.count {
        let session = holders[number]
        if let place = scores.firstIndex(where: { $0.session == session }) {
          scores[place].bytes += Int(block.length)
        } else {
          scores.append((session, Int(block.length)))
        }
      }
    }
    return scores.sorted { ($0.bytes, $0.session) > ($1.bytes, $1.session) }
  }

  private mutating func insert(_ block: Block, _ session: SessionID) {
    guard Self.counts(block) else { return }
    holders[block.digest.low, default: Holders()].insert(session)
  }

  private mutating func remove(_ block: Block, _ session: SessionID) {
    guard var list = holders[block.digest.low] else { return }
    list.remove(session)
    holders[block.digest.low] = list.count == 0 ? nil : list
  }
}

/// Sessions that hold one block, newest last. A block that more sessions share (a common first
/// message) says little about any of them, so there is room for a few only. Inline, because a table
/// holds one for each block of each session.
private struct Holders {
  private var ids = SIMD8<UInt32>()
  private(set) var count = 0

  subscript(place: Int) -> SessionID { SessionID(raw: ids[place]) }

  mutating func insert(_ session: SessionID) {
    for place in 0..<count where ids[place] == session.raw { return }
    if count == ids.scalarCount { remove(self[0]) }
    ids[count] = session.raw
    count += 1
  }

  mutating func remove(_ session: SessionID) {
    guard let place = (0..<count).first(where: { ids[$0] == session.raw }) else { return }
    for next in (place + 1)..<max(place + 1, count) { ids[next - 1] = ids[next] }
    count -= 1
  }
}
