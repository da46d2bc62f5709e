import Bytes
import Prompt

/// A piece of a kept body. A body that differs from another in a few blocks shares all pieces but a
/// few with it, wherever those blocks stand, so that little has to be written for it.
public struct BodyPart: Sendable, Equatable {
  /// Names the content; not unique across sessions.
  public let key: UInt64
  public let range: Range<Int>

  private static let shortest = 2 << 10
  private static let longest = 16 << 10

  /// Cuts `body` behind blocks, of which every other one may end a piece: which ones depends on their
  /// content only, so that the cuts fall into the same places again behind a change.
  /// - Returns: adjoining pieces that are the whole body; of some kilobytes each, or of one block.
  static func parts(of body: ByteBuffer, _ index: RequestIndex) -> [BodyPart] {
    let blocks = index.blocks.sorted { $0.offset < $1.offset }
    var parts: [BodyPart] = []
    var start = 0
    var covered = 0
    var name = BinaryWriter()
    func end(_ at: Int) {
      name.blob(UnsafeRawBufferPointer(rebasing: body.bytes[covered..<at]))
      parts.append(BodyPart(key: name.bytes.withUnsafeBytes { hash64($0) }, range: start..<at))
      name = BinaryWriter()
      start = at
      covered = at
    }
    for block in blocks where block.range.lowerBound >= covered {
      name.blob(UnsafeRawBufferPointer(rebasing: body.bytes[covered..<block.range.lowerBound]))
      name.digest(block.digest)
      covered = block.range.upperBound
      let length = covered - start
      if length >= longest || (length >= shortest && block.digest.low & 1 == 0) { end(covered) }
    }
    if start < body.count { end(body.count) }
    return parts
  }
}

extension SessionSnapshot {
  /// The pieces of the agent's last body, in order; empty if only its digests are left.
  /// - Complexity: grows with the number of blocks, not with the body.
  public var bodyParts: [BodyPart] {
    guard let body = history.body else { return [] }
    return BodyPart.parts(of: body, history.index)
  }
}
