import Bytes
import Prefix
import Prompt
import Turns

/// Makes the before/after of a break, for people: bounded, secrets masked.
enum DetailBuilder {
  private static let hunkLimit = 24
  private static let context = 40
  private static let longest = 400

  static func detail(_ reception: Reception, _ verdict: Verdict) -> BreakDetail? {
    // What was redacted must not come back, not even on a screen.
    guard verdict.cause != .none, verdict.cause != .redaction, let old = reception.previous,
      let boundary = reception.boundary,
      let oldBlock = boundary.oldBlock, let before = old.bytes(of: oldBlock),
      boundary.block < reception.history.index.blocks.count,
      let after = reception.history.bytes(of: boundary.block)
    else { return nil }
    let diff = ByteDiff(before, after, limit: hunkLimit)
    let same = commonPrefixLength(before, after)
    let oldStart = old.index.blocks[oldBlock].range.lowerBound
    let newStart = reception.history.index.blocks[boundary.block].range.lowerBound
    return BreakDetail(
      hunks: diff.hunks.map { hunk($0, before, after, oldStart, newStart) }, hunkCount: diff.count,
      beforeBlockBytes: before.count, afterBlockBytes: after.count,
      previousTurn: reception.turn - 1,
      before: BlockText(block: before, difference: same),
      after: BlockText(block: after, difference: same))
  }

  private static func hunk(
    _ hunk: ByteDiff.Hunk, _ before: UnsafeRawBufferPointer, _ after: UnsafeRawBufferPointer,
    _ oldStart: Int, _ newStart: Int
  ) -> BreakDetail.Hunk {
    // Lines that changed begin alike more often than not: the hunk begins where they differ.
    let a = UnsafeRawBufferPointer(rebasing: before[hunk.before])
    let b = UnsafeRawBufferPointer(rebasing: after[hunk.after])
    let same = commonPrefixLength(a, b)
    let back = commonSuffixLength(
      UnsafeRawBufferPointer(rebasing: a[same...]), UnsafeRawBufferPointer(rebasing: b[same...]))
    let left = (hunk.before.lowerBound + same)..<(hunk.before.upperBound - back)
    let right = (hunk.after.lowerBound + same)..<(hunk.after.upperBound - back)
    let lead = masked(before, max(0, left.lowerBound - context)..<left.lowerBound)
    return BreakDetail.Hunk(
      beforeOffset: oldStart + left.lowerBound, afterOffset: newStart + right.lowerBound,
      before: lead + masked(before, cut(left)) + masked(before, tail(before, left)),
      after: lead + masked(after, cut(right)) + masked(after, tail(after, right)),
      context: lead.count)
  }

  private static func cut(_ range: Range<Int>) -> Range<Int> {
    range.lowerBound..<min(range.upperBound, range.lowerBound + longest)
  }

  private static func tail(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) -> Range<Int> {
    guard range.count <= longest else { return range.lowerBound..<range.lowerBound }
    return range.upperBound..<min(bytes.count, range.upperBound + context)
  }

  /// The bytes of a range, with every word that touches it and looks like a secret masked whole.
  private static func masked(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) -> [UInt8] {
    var start = range.lowerBound
    var end = range.upperBound
    while start > 0, range.lowerBound - start < 128, isWordByte(bytes[start - 1]) { start -= 1 }
    while end < bytes.count, end - range.upperBound < 128, isWordByte(bytes[end]) { end += 1 }
    let wide = String(decoding: bytes[start..<end], as: UTF8.self)
    let hidden = SecretMask.masked(wide)
    if hidden == wide { return Array(bytes[range]) }
    return Array(SecretMask.masked(hidden).utf8)
  }

  private static func isWordByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"),
      UInt8(ascii: "."), UInt8(ascii: "+"), UInt8(ascii: "/"), UInt8(ascii: "="):
      true
    default: false
    }
  }
}
