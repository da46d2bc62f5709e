import Bytes
import Prompt

/// How far a request goes the way of an older one, from the beginning of the conversation on.
///
/// Agents renew what stands in front of a conversation: system messages, and an environment in the
/// first message of the user. Neither tells one conversation from another, so both are passed over.
struct SharedCourse {
  /// The first messages that are not the same in both, as blocks of each; behind the last one where a
  /// request ends.
  let old: Int
  let new: Int
  /// Whether a message of the conversation is the same in both.
  let hasStarted: Bool
  /// Whether one of those is not from the user: a prompt alone is sent by more than one agent.
  let hasAnswer: Bool

  init(_ alignment: Alignment, old: History, new: History) {
    let olds = Self.conversation(old.index)
    let news = Self.conversation(new.index)
    var count = 0
    var same = 0
    var answers = 0
    while count < min(olds.count, news.count) {
      let before = olds.lowerBound + count
      let at = news.lowerBound + count
      if alignment.matches[at].isUnchanged, alignment.matches[at].old == before {
        same += 1
        let kind = new.index.blocks[at].kind
        if kind != .user, kind != .system { answers += 1 }
      } else {
        guard count == 0, alignment.matches[at] == .changed(old: before),
          old.index.blocks[before].kind == .user, new.index.blocks[at].kind == .user,
          Self.isRenewed(before, old, at, new)
        else { break }
      }
      count += 1
    }
    // Without anything behind it a message that changed is where both part.
    if same == 0 { count = 0 }
    self.old = olds.lowerBound + count
    self.new = news.lowerBound + count
    hasStarted = same > 0
    hasAnswer = answers > 0
  }

  /// Longer messages are taken for others: their lines are compared for each session.
  private static let longestRead = 128 << 10

  /// Whether a message of the user asks for the same: it is written otherwise, or what surrounds the
  /// agent changed.
  private static func isRenewed(_ before: Int, _ old: History, _ at: Int, _ new: History) -> Bool {
    guard OtherWords.differ(before, old, at, new) else { return true }
    guard new.index.blocks[at].length <= longestRead,
      old.index.blocks[before].length <= longestRead,
      let left = old.value(of: before), let right = new.value(of: at),
      let leaf = LeafDifference(left, right), leaf.isInWords
    else { return false }
    if VolatileText.isClock(leaf.before, leaf.after) { return true }
    // A task stands in front of such text or behind it; there it has to end alike.
    guard sharedEnd(leaf.before, leaf.after) >= 16 else { return false }
    return VolatileText.isEnvironment(leaf.before, leaf.after)
      || VolatileText.isMemory(leaf.before, leaf.after)
      || ReminderDetector.isReminder(leaf.before, leaf.after)
  }

  private static func sharedEnd(_ a: String, _ b: String) -> Int {
    zip(a.utf8.reversed(), b.utf8.reversed()).prefix { $0 == $1 }.count
  }

  /// The messages behind those of the system in front.
  private static func conversation(_ index: RequestIndex) -> Range<Int> {
    let messages = index.indices(of: .messages)
    let start = messages.first { index.blocks[$0].kind != .system } ?? messages.upperBound
    return start..<messages.upperBound
  }
}
