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
  private let course: SharedCourse

  /// Messages that may change at the end of a history while it is still the same conversation.
  private static let tail = 2
  /// Fewer messages than this are not a history that anybody compacts.
  private static let compactable = 6

  init(old: History, new: History) {
    self.old = old
    self.new = new
    alignment = Alignment(old: old, new: new)
    course = SharedCourse(alignment, old: old, new: new)
  }

  /// nil if the request has nothing to do with the session.
  func relation() -> Relation? {
    let oldCount = old.index.messageCount
    let common = alignment.commonMessages(old.index, new.index)
    if common == oldCount {
      guard frameIsAlike || oldCount > 2 else { return nil }
      if isSummaryCall { return .compactionCall }
      return .continuation
    }
    if isWhollyContinued { return .mutation }
    if course.new == new.index.blocks.count { return course.hasStarted ? .branch : nil }

    let behind = oldEnd - course.old - 1
    if behind > 0 {
      let evidence = alignedBehind
      if evidence * 2 >= behind {
        if isOwn { return .mutation }
        if behind >= Self.compactable { return .branch }
      }
      if evidence > 0, isMuchShorter, goesOn || !course.hasStarted { return .compaction }
    }
    if (1...Self.tail).contains(oldEnd - course.old), tailIsRewritten { return .mutation }
    if course.hasStarted {
      return isMuchShorter && Self.startsWithSummary(new, from: course.new)
        ? .compaction : .branch
    }
    return nil
  }

  private var oldEnd: Int { old.index.blocks.count }

  /// Whether the conversation is all there, and only what stands in front of it changed.
  private var isWhollyContinued: Bool { course.hasStarted && course.old == oldEnd }

  /// Whether what changed in front leaves no doubt whose conversation it is.
  var isContinuedBehindItsFront: Bool { isWhollyContinued && course.hasAnswer }

  /// How much of a branch the session explains: bytes of unchanged blocks in front of the place where
  /// they part. Behind it, what both read is the same without one having to do with the other.
  var sharedBytesOfBranch: Int { sharedBytes(in: 0..<course.new) + bytesOfChangedPrompt }

  /// How much of the request the session explains: bytes of unchanged blocks.
  var sharedBytes: Int { sharedBytes(in: 0..<new.index.blocks.count) + bytesOfChangedPrompt }

  /// What a first message that changed still has of the old one: of two agents that take equal steps
  /// the own one is known by what it was asked.
  private var bytesOfChangedPrompt: Int {
    let messages = new.index.indices(of: .messages)
    guard let at = messages.first(where: { new.index.blocks[$0].kind != .system }),
      case .changed(let before) = alignment.matches[at], let a = old.bytes(of: before),
      let b = new.bytes(of: at)
    else { return 0 }
    let front = commonPrefixLength(a, b)
    return front
      + commonSuffixLength(
        UnsafeRawBufferPointer(rebasing: a.dropFirst(front)),
        UnsafeRawBufferPointer(rebasing: b.dropFirst(front)))
  }

  private func sharedBytes(in blocks: Range<Int>) -> Int {
    blocks.reduce(0) { sum, at in
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

  /// Messages behind the first difference that are still there: unchanged ones, and beside them those
  /// of the same name that were edited or cleared. Names alone prove nothing: many servers number
  /// their calls from zero in every conversation.
  private var alignedBehind: Int {
    var unchanged = 0
    var named = 0
    for at in new.index.indices(of: .messages) where at >= course.new {
      guard at > course.new || alignment.matches[at].isUnchanged,
        let before = alignment.matches[at].old, before > course.old
      else { continue }
      if isStillThere(before, at) {
        unchanged += 1
      } else if sharesName(before, at), isCleared(before, at) || isSimilar(before, at) {
        named += 1
      }
    }
    return unchanged == 0 ? 0 : unchanged + named
  }

  private func isStillThere(_ before: Int, _ at: Int) -> Bool {
    if alignment.matches[at].isUnchanged { return true }
    guard let a = old.bytes(of: before), let b = new.bytes(of: at) else { return false }
    return OtherWords.isSameButIDs(a, b)
  }

  // MARK: Whose conversation it is

  /// Whether something follows that the session does not have. Another conversation that comes to the
  /// same step ends there.
  private var goesOn: Bool { alignment.matches.last?.old == nil }

  /// Whether each message stands for one of the session, and none is missing.
  private var hasSameMessages: Bool {
    new.index.messageCount == old.index.messageCount
      && alignment.dropped.allSatisfy { old.index.blocks[$0].group != .messages }
  }

  /// Whether a conversation of which much is still there is the session's own. Agents that begin alike
  /// take equal steps; what tells them apart is what the model said.
  private var isOwn: Bool {
    guard goesOn || (course.hasStarted && hasSameMessages) else { return false }
    guard let at = firstInOtherWords, let before = alignment.matches[at].old else { return true }
    // An agent that rewrites a message of its own leaves what stands around it, and has the model go
    // on from there.
    guard goesOn, alignment.matches.indices.contains(at + 1),
      alignment.matches[at + 1].old == before + 1,
      isStillThere(before + 1, at + 1)
    else { return false }
    let behind = oldEnd - before - 1
    let kept = alignment.matches[(at + 1)...].count { $0.isUnchanged }
    return kept * 4 >= behind * 3
  }

  /// Comparing what two messages say takes parsing them: so many bytes of both are.
  private static let wordBytes = 128 << 10

  /// The first message of the model that says something else.
  private var firstInOtherWords: Int? {
    var budget = Self.wordBytes
    for at in course.new..<new.index.blocks.count
    where new.index.blocks[at].kind == .assistant && budget > 0 {
      guard case .changed(let before) = alignment.matches[at] else { continue }
      budget -= Int(new.index.blocks[at].length) + Int(old.index.blocks[before].length)
      if OtherWords.differ(before, old, at, new) { return at }
    }
    return nil
  }

  private func isCleared(_ before: Int, _ at: Int) -> Bool {
    new.index.blocks[at].length * 2 < old.index.blocks[before].length
  }

  /// The last one or two messages are there in other words, and the answer to them follows.
  private var tailIsRewritten: Bool {
    let answer = course.new + oldEnd - course.old
    guard answer < new.index.blocks.count,
      new.index.blocks[answer].kind == .assistant
        || new.index.blocks[answer].kind == .reasoning
    else { return false }
    return (course.old..<oldEnd).allSatisfy { before in
      let at = course.new + before - course.old
      return alignment.matches[at].isUnchanged
        || (new.index.blocks[at].kind == old.index.blocks[before].kind
          && (isSimilar(before, at) || sharesName(before, at))
          && !(new.index.blocks[at].kind == .assistant && OtherWords.differ(before, old, at, new)))
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

  /// The first message that is not common, or the next one, is long text that speaks of a summary.
  static func startsWithSummary(_ new: History, from first: Int) -> Bool {
    for at in (first..<new.index.blocks.count).prefix(2) where new.index.blocks[at].kind != .system
    {
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
