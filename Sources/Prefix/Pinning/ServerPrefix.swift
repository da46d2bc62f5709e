import Bytes
import Prompt

/// How far a forwarded prompt (S) continues the one before it, by the bytes of the blocks.
public struct ServerPrefix: Sendable, Equatable {
  /// Bytes of the prompt that was forwarded last, all blocks but knobs.
  public let previousBytes: Int
  /// Bytes in front of the first one that is not what the server has there.
  public let keptBytes: Int

  public var isWhole: Bool { keptBytes == previousBytes }

  /// - Parameters:
  ///   - oldView: fits the old history.
  ///   - newView: fits the new one.
  init(
    old: History, oldView: ServerView, new: History, newView: ServerView, _ alignment: Alignment,
    order: RenderingOrder
  ) {
    var kept = 0
    var previous = old.inheritedBytes
    var isBroken = false
    var frame = 0
    let olds = old.index.segments(order)
    let news = new.index.segments(order)
    for segment in 1..<olds.count {
      let isMessages = segment == olds.count - 1
      let bytes = oldView.bytes(old.index, olds[segment])
      if isMessages { frame = previous - old.inheritedBytes }
      previous += bytes
      if isBroken { continue }
      if isMessages, alignment.isChained {
        kept += bytes
        continue
      }
      let before = oldView.elements(old.index, olds[segment]) { old.index.blocks[$0].digest }
      let after = newView.elements(new.index, news[segment]) { at in
        // Bytes that the server renders like those it has.
        if case .neutral(let was) = alignment.matches[at] { return old.index.blocks[was].digest }
        return new.index.blocks[at].digest
      }
      for (place, element) in before.enumerated() {
        guard place < after.count, Self.isSame(element, old, after[place], new) else {
          if place < after.count {
            kept += Self.commonBytes(element, old, after[place], new)
          }
          isBroken = true
          break
        }
        kept += element.length
      }
      // More blocks than before in front of the messages.
      if !isMessages, after.count > before.count { isBroken = true }
    }
    if !isBroken { kept += old.inheritedBytes }
    // A setting may change how everything is rendered; on the Anthropic API it leaves tools and
    // system prompt alone.
    let knobs = new.index.indices(of: .knobs)
    if knobs.count != old.index.indices(of: .knobs).count
      || knobs.contains(where: { !alignment.matches[$0].isUnchanged })
    {
      kept = min(kept, new.index.dialect == .anthropicMessages ? frame : 0)
    }
    previousBytes = previous
    keptBytes = kept
  }

  /// Whether the server renders the one like the other: markers of its cache are no prompt.
  private static func isSame(
    _ was: ServerView.Element, _ old: History, _ now: ServerView.Element, _ new: History
  ) -> Bool {
    was.digest == now.digest
      || was.withBytes(old) { before in
        now.withBytes(new) { MarkerSplice.isSameUnmarked(before, $0) }
      } ?? false
  }

  /// With how many bytes of the block that the server has the one in its place begins.
  private static func commonBytes(
    _ was: ServerView.Element, _ old: History, _ now: ServerView.Element, _ new: History
  ) -> Int {
    was.withBytes(old) { before in
      now.withBytes(new) { commonPrefixLength(before, $0) } ?? 0
    } ?? 0
  }
}

extension ServerView {
  /// A block as the server has it.
  struct Element {
    var digest: Digest
    var length: Int
    fileprivate var source: Source

    fileprivate enum Source {
      case piece(Piece)
      /// Block of the request, in the agent's own bytes.
      case own(Int)
    }

    fileprivate init(_ piece: Piece) {
      digest = piece.digest
      length = piece.bytes.count
      source = .piece(piece)
    }

    fileprivate init(_ block: Int, _ digest: Digest, length: Int) {
      self.digest = digest
      self.length = length
      source = .own(block)
    }

    /// nil if the bytes were not kept.
    fileprivate func withBytes<Result>(
      _ history: History, _ body: (UnsafeRawBufferPointer) -> Result?
    ) -> Result? {
      switch source {
      case .piece(let piece): piece.bytes.withUnsafeBytes { body($0) }
      case .own(let block): history.bytes(of: block).flatMap { body($0) }
      }
    }
  }

  /// What the server has of a run of blocks of the request the table belongs to, in order.
  /// - Parameter own: the digest of a block that was forwarded as the agent sent it.
  func elements(
    _ index: RequestIndex, _ range: Range<Int>, own: (Int) -> Digest
  ) -> [Element] {
    if let tools, let first = range.first, index.blocks[first].group == .tools {
      var places: [UInt64: Int] = [:]
      for at in range { places[index.blocks[at].identity] = at }
      return tools.compactMap { tool in
        if let piece = tool.forwarded { return Element(piece) }
        return places[tool.identity].map {
          Element($0, tool.agentDigest, length: Int(index.blocks[$0].length))
        }
      }
    }
    var list: [Element] = []
    list.reserveCapacity(range.count)
    for at in range where entries.indices.contains(at) {
      let entry = entries[at]
      for ghost in entry.ghosts { list.append(Element(ghost.piece)) }
      if entry.isOmitted { continue }
      list.append(
        entry.forwarded.map { Element($0) }
          ?? Element(at, own(at), length: Int(index.blocks[at].length)))
    }
    return list
  }

  /// Bytes of the prompt as it was forwarded, all blocks but knobs.
  func promptBytes(_ history: History) -> Int {
    let index = history.index
    return BlockGroup.allCases.dropFirst().reduce(history.inheritedBytes) {
      $0 + bytes(index, index.indices(of: $1))
    }
  }

  /// Bytes of what the server has of a run of blocks.
  fileprivate func bytes(_ index: RequestIndex, _ range: Range<Int>) -> Int {
    if tools != nil, let first = range.first, index.blocks[first].group == .tools {
      return elements(index, range) { index.blocks[$0].digest }.reduce(0) { $0 + $1.length }
    }
    var bytes = 0
    for at in range.clamped(to: entries.indices) {
      for ghost in entries[at].ghosts { bytes += ghost.piece.bytes.count }
      if entries[at].isOmitted { continue }
      bytes += entries[at].forwarded?.bytes.count ?? Int(index.blocks[at].length)
    }
    return bytes
  }
}
