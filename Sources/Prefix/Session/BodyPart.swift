import Bytes
import Prompt

/// A piece of a kept body. A body that differs from another in a few blocks shares all pieces but a
/// few with it, wherever those blocks stand, so that little has to be written for it.
struct BodyPart: Sendable, Equatable {
  /// Names the content; not unique across sessions.
  let key: UInt64
  let range: Range<Int>

  private static let shortest = 2 << 10
  private static let longest = 16 << 10

  /// Cuts `body` behind blocks, of which every other one may end a piece: which ones depends on their
  /// content only, so that the cuts fall into the same places again behind a change.
  /// - Returns: adjoining pieces that are the whole body; of some kilobytes each, or of one block.
  static func parts(of body: ByteBuffer, _ index: RequestIndex) -> [BodyPart] {
    var parts: [BodyPart] = []
    var start = 0
    var covered = 0
    var key: UInt64 = 0
    func mix(_ value: UInt64) {
      key = (key ^ value) &* 0x9E37_79B9_7F4A_7C15
      key ^= key >> 29
    }
    func mixBytes(_ range: Range<Int>) {
      mix(UInt64(range.count))
      if !range.isEmpty { mix(hash64(UnsafeRawBufferPointer(rebasing: body.bytes[range]))) }
    }
    var group: BlockGroup?
    func end(_ at: Int) {
      mixBytes(covered..<at)
      parts.append(BodyPart(key: key, range: start..<at))
      key = 0
      start = at
      covered = at
    }
    func add(_ block: Block) {
      let first = Int(block.offset)
      guard first >= covered else { return }
      // A single byte between two elements is their comma: to look at each would bring most of the
      // body into the processor's cache.
      if group == block.group, first == covered + 1 {
        mix(1)
      } else {
        mixBytes(covered..<first)
      }
      group = block.group
      mix(block.digest.low)
      mix(block.digest.high)
      covered = first + Int(block.length)
      let length = covered - start
      if length >= longest || (length >= shortest && block.digest.low & 1 == 0) { end(covered) }
    }
    for run in runs(index) {
      for at in run { add(index.blocks[at]) }
    }
    if start < body.count { end(body.count) }
    return parts
  }

  /// The blocks in the order in which they stand in the body, as runs of their indices.
  private static func runs(_ index: RequestIndex) -> [Range<Int>] {
    let blocks = index.blocks
    var runs = BlockGroup.allCases.map { index.indices(of: $0) }.filter { !$0.isEmpty }
    runs.sort { blocks[$0.lowerBound].offset < blocks[$1.lowerBound].offset }
    var last: UInt32 = 0
    for run in runs {
      for at in run {
        // Knobs, which are ordered by name, between the others.
        guard blocks[at].offset >= last else {
          return blocks.indices.sorted { blocks[$0].offset < blocks[$1].offset }.map { $0..<$0 + 1 }
        }
        last = blocks[at].offset
      }
    }
    return runs
  }
}
