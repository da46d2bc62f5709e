import Bytes
import Prompt

/// How a request relates to a session.
public enum Relation: Sendable, Equatable {
  /// No known session: the first turn of a conversation.
  case first
  /// Everything that was there is still there, in place.
  case continuation
  /// The same conversation, with something changed in front of its end.
  case mutation
  /// The same conversation, much of it replaced by a summary or dropped.
  case compaction
  /// The conversation sent again without its tools and system prompt, to be summarised. It does not
  /// become the session's history.
  case compactionCall
  /// Another continuation of a shared beginning: rewind, edit of an earlier message, fork.
  case branch
  /// The same conversation with another model: nothing can be shared.
  case modelSwitch
  /// A small request outside of any conversation.
  case sideCall
}

/// Decides how a request relates to one candidate session.
struct RelationFinder {
  let old: History
  let new: History
  let alignment: Alignment

  /// Messages that may change at the end of a history while it is still the same conversation.
  private static let tail = 2
  /// Fewer messages than this are not a history that anybody compacts.
  private static let compactable = 6

  init(old: History, new: History) {
    self.old = old
    self.new = new
    alignment = Alignment(old: old, new: new)
  }

  /// nil if the request has nothing to do with the session.
  func relation() -> Relation? {
    let oldCount = old.index.messageCount
    let newCount = new.index.messageCount
    let common = alignment.commonMessages(old.index, new.index)
    if common == oldCount {
      guard frameIsAlike || oldCount > 2 else { return nil }
      if isSummaryCall { return .compactionCall }
      return .continuation
    }
    if newCount <= common { return conversationStarted(common) ? .branch : nil }

    let behind = oldCount - common - 1
    if behind > 0 {
      let evidence = alignedBehind(common)
      if evidence * 2 >= behind { return .mutation }
      if evidence > 0, isMuchShorter { return .compaction }
    }
    if oldCount - common <= Self.tail, tailIsRewritten(common) { return .mutation }
    if conversationStarted(common) {
      return isMuchShorter && Self.startsWithSummary(new, behind: common) ? .compaction : .branch
    }
    return nil
  }

  /// How much of the request the session explains: bytes of unchanged blocks.
  var sharedBytes: Int {
    new.index.blocks.indices.reduce(0) { sum, at in
      let block = new.index.blocks[at]
      return block.group != .knobs && alignment.matches[at].isUnchanged
        ? sum + Int(block.length) : sum
    }
  }

  /// Bytes in front of the conversation that both have: tools and system prompt.
  var sharedFrameBytes: Int {
    new.index.blocks.indices.reduce(0) { sum, at in
      let block = new.index.blocks[at]
      let isFrame = block.group == .tools || block.group == .system || block.kind == .system
      return isFrame && alignment.matches[at].isUnchanged ? sum + Int(block.length) : sum
    }
  }

  /// Tools or system prompt have something in common, or there are none on both sides.
  var frameIsAlike: Bool {
    let oldFrame = old.index.blocks(of: .tools).count + old.index.blocks(of: .system).count
    let news = new.index.indices(of: .tools).lowerBound..<new.index.indices(of: .system).upperBound
    if oldFrame == 0 && news.isEmpty { return true }
    return news.contains { at in
      if alignment.matches[at].isUnchanged { return true }
      guard let before = alignment.matches[at].old else { return false }
      return isSimilar(before, at)
    }
  }

  private var isSummaryCall: Bool {
    !old.index.blocks(of: .tools).isEmpty && new.index.blocks(of: .tools).isEmpty
      && old.index.messageCount >= Self.compactable
      && new.index.messageCount > old.index.messageCount
  }

  private var isMuchShorter: Bool { Self.isMuchShorter(new.index, than: old.index) }

  /// Whether `new` may be what is left of `old` after a compaction.
  static func isMuchShorter(_ new: RequestIndex, than old: RequestIndex) -> Bool {
    old.messageCount >= compactable && new.messageCount < old.messageCount
      && new.promptBytes * 4 < old.promptBytes * 3
  }

  /// Whether the common part goes beyond system messages.
  private func conversationStarted(_ common: Int) -> Bool {
    old.index.blocks(of: .messages).prefix(common).contains { $0.kind != .system }
  }

  /// Messages behind the first difference that are still there: unchanged ones, and beside them those
  /// of the same name that were edited or cleared. Names alone prove nothing: many servers number
  /// their calls from zero in every conversation.
  private func alignedBehind(_ common: Int) -> Int {
    let start = new.index.indices(of: .messages).lowerBound
    let oldStart = old.index.indices(of: .messages).lowerBound
    var unchanged = 0
    var named = 0
    for at in new.index.indices(of: .messages).dropFirst(common) {
      guard at > start + common || alignment.matches[at].isUnchanged,
        let before = alignment.matches[at].old, before > oldStart + common
      else { continue }
      if alignment.matches[at].isUnchanged {
        unchanged += 1
      } else if sharesName(before, at), isCleared(before, at) || isSimilar(before, at) {
        named += 1
      }
    }
    return unchanged == 0 ? 0 : unchanged + named
  }

  private func isCleared(_ before: Int, _ at: Int) -> Bool {
    new.index.blocks[at].length * 2 < old.index.blocks[before].length
  }

  /// The last one or two messages are there in other words, and the answer to them follows.
  private func tailIsRewritten(_ common: Int) -> Bool {
    let olds = Array(old.index.indices(of: .messages).dropFirst(common))
    let news = new.index.indices(of: .messages)
    let answer = news.lowerBound + old.index.messageCount
    guard answer < news.upperBound,
      new.index.blocks[answer].kind == .assistant
        || new.index.blocks[answer].kind == .reasoning
    else { return false }
    return olds.enumerated().allSatisfy { step, before in
      let at = news.lowerBound + common + step
      return alignment.matches[at].isUnchanged
        || (new.index.blocks[at].kind == old.index.blocks[before].kind
          && (isSimilar(before, at) || sharesName(before, at)))
    }
  }

  private func sharesName(_ before: Int, _ at: Int) -> Bool {
    let identity = new.index.blocks[at].identity
    return identity != 0 && identity == old.index.blocks[before].identity
  }

  /// At least half of the shorter one is found at the beginning and the end of the other.
  private func isSimilar(_ before: Int, _ at: Int) -> Bool {
    guard let a = old.bytes(of: before), let b = new.bytes(of: at) else { return false }
    let front = commonPrefixLength(a, b)
    let back = commonSuffixLength(
      UnsafeRawBufferPointer(rebasing: a.dropFirst(front)),
      UnsafeRawBufferPointer(rebasing: b.dropFirst(front)))
    // What every message begins and ends with says nothing.
    let frame = 32
    let content = min(a.count, b.count) - frame
    return content > 0 ? (front + back - frame) * 2 >= content : front + back >= frame
  }

  /// The first message that is not common is long text that speaks of a summary.
  static func startsWithSummary(_ new: History, behind common: Int) -> Bool {
    let messages = new.index.indices(of: .messages).dropFirst(common)
    for at in messages.prefix(2) where new.index.blocks[at].kind != .system {
      guard let bytes = new.bytes(of: at) else { continue }
      let text = String(decoding: bytes.prefix(4096), as: UTF8.self).lowercased()
      if bytes.count >= 400,
        ["summar", "continued from a previous", "condensed", "compacted"].contains(where: {
          text.containsText($0)
        })
      {
        return true
      }
    }
    return false
  }
}
