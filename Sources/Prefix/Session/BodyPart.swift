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
    let blocks = inBodyOrder(index)
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
    for block in blocks where block.range.lowerBound >= covered {
      // A single byte between two elements is their comma: to look at each would bring most of the
      // body into the processor's cache.
      if group == block.group, block.range.lowerBound == covered + 1 {
        mix(1)
      } else {
        mixBytes(covered..<block.range.lowerBound)
      }
      group = block.group
      mix(block.digest.low)
      mix(block.digest.high)
      covered = block.range.upperBound
      let length = covered - start
      if length >= longest || (length >= shortest && block.digest.low & 1 == 0) { end(covered) }
    }
    if start < body.count { end(body.count) }
    return parts
  }

  /// Within a group blocks stand in the order of the body.
  private static func inBodyOrder(_ index: RequestIndex) -> [Block] {
    var runs = BlockGroup.allCases.map { index.indices(of: $0) }.filter { !$0.isEmpty }
    runs.sort { index.blocks[$0.lowerBound].offset < index.blocks[$1.lowerBound].offset }
    let blocks = runs.flatMap { index.blocks[$0] }
    let isOrdered = zip(blocks, blocks.dropFirst()).allSatisfy { $0.offset <= $1.offset }
    return isOrdered ? blocks : blocks.sorted { $0.offset < $1.offset }
  }
}
