import Bytes
import Prompt

/// A break with everything a detector may look at: both requests, the two blocks, their values.
struct BreakPlace {
  let boundary: Boundary
  let alignment: Alignment
  let old: History
  let new: History
  let group: BlockGroup
  /// The values of the block that stood there and the one that stands there; nil if there is none,
  /// or its body is gone.
  let before: JSONValue?
  let after: JSONValue?

  init(boundary: Boundary, alignment: Alignment, old: History, new: History) {
    self.boundary = boundary
    self.alignment = alignment
    self.old = old
    self.new = new
    group = boundary.group
    before = boundary.oldBlock.flatMap { old.value(of: $0) }
    let hasBlock = new.index.indices(of: group).contains(boundary.block)
    after = hasBlock ? new.value(of: boundary.block) : nil
  }

  /// The new block at the boundary; nil if the request ends its group there.
  var newBlock: Block? {
    new.index.indices(of: group).contains(boundary.block) ? new.index.blocks[boundary.block] : nil
  }

  var oldBlock: Block? { boundary.oldBlock.map { old.index.blocks[$0] } }

  /// What became of the old block that stood at the boundary.
  var oldBlockIsDropped: Bool { boundary.oldBlock.map(alignment.dropped.contains) ?? false }

  /// Whether the new block has no counterpart: something was put in front of the old one.
  var newBlockIsInserted: Bool {
    newBlock != nil && alignment.matches[boundary.block] == .new && !oldBlockIsDropped
  }

  /// The new block is an old one from farther behind: what stood between was taken out.
  var newBlockIsLater: Bool {
    guard newBlock != nil, let oldBlock = boundary.oldBlock,
      let from = alignment.matches[boundary.block].old
    else { return false }
    return from > oldBlock
  }

  // MARK: Verdicts

  func verdict(
    _ cause: Cause, _ tier: RepairTier = .never, was: String? = nil, now: String? = nil,
    detail: String = ""
  ) -> Verdict {
    var texts: (was: String, now: String)
    if let was, let now {
      texts = Excerpt.pair(was, now)
    } else if let before, let after, let leaf = LeafDifference(before, after) {
      texts = Excerpt.pair(leaf.before, leaf.after)
    } else {
      texts = Excerpt.pair(before.map(Text.all) ?? "", after.map(Text.all) ?? "")
    }
    // The same text in another writing: only the bytes show what changed.
    if was == nil, texts.was == texts.now, let raw = rawExcerpts() { texts = raw }
    return Verdict(
      cause: cause, tier: tier, position: position(), was: texts.was, now: texts.now, detail: detail
    )
  }

  /// Around the first differing bytes of the blocks as they were sent.
  private func rawExcerpts() -> (was: String, now: String)? {
    guard let oldBlock = boundary.oldBlock, newBlock != nil, let a = old.bytes(of: oldBlock),
      let b = new.bytes(of: boundary.block)
    else { return nil }
    // As far as an excerpt looks, so that a block of any size costs the same.
    let from = max(0, boundary.blockOffset - 512)
    func text(_ bytes: UnsafeRawBufferPointer) -> String {
      String(decoding: bytes.dropFirst(from).prefix(1024), as: UTF8.self)
    }
    return Excerpt.pair(text(a), text(b))
  }

  /// The path of a member of the block at the boundary.
  func path(of member: String) -> String {
    let index = boundary.block - new.index.indices(of: group).lowerBound
    return "\(BlockPath.root(group, new.index.dialect))[\(index)].\(member)"
  }

  /// What was blanked is not shown: an excerpt would bring it back.
  func redaction() -> Verdict {
    let leaf = LeafDifference(before ?? .null, after ?? .null)
    let now = leaf.map { Excerpt.pair($0.before, $0.after).now } ?? ""
    var verdict = verdict(.redaction, was: "", now: "")
    verdict.now = now
    return verdict
  }

  func position() -> Position {
    let index = boundary.block - new.index.indices(of: group).lowerBound
    let root = BlockPath.root(group, new.index.dialect)
    let kind = newBlock?.kind ?? oldBlock?.kind ?? .other
    guard let block = newBlock, let body = new.body?.bytes else {
      return Position(
        group: group, kind: kind, index: index, path: "\(root)[\(index)]", field: "",
        bodyOffset: boundary.bodyOffset, blockOffset: boundary.blockOffset)
    }
    let inner = BlockPath.find(body, from: Int(block.offset), offset: boundary.bodyOffset)
    if group == .knobs {
      let name = BlockPath.memberName(body, ofValueAt: Int(block.offset))
      return Position(
        group: group, kind: .knob, index: index, path: name + inner.path, field: name,
        bodyOffset: boundary.bodyOffset, blockOffset: boundary.blockOffset)
    }
    // Without the old bytes nobody can tell where in the block the difference is.
    let isUnknown = boundary.oldBlock.map { old.bytes(of: $0) == nil } ?? false
    if newBlockIsInserted || newBlockIsLater || isUnknown {
      return Position(
        group: group, kind: kind, index: index, path: "\(root)[\(index)]", field: "",
        bodyOffset: boundary.bodyOffset, blockOffset: boundary.blockOffset)
    }
    let isString = body[Int(block.offset)] == UInt8(ascii: "\"")
    return Position(
      group: group, kind: kind, index: index,
      path: isString && new.index.indices(of: group).count == 1
        ? root : "\(root)[\(index)]" + inner.path,
      field: inner.field.isEmpty ? (isString ? root : "") : inner.field,
      bodyOffset: boundary.bodyOffset, blockOffset: boundary.blockOffset)
  }
}
