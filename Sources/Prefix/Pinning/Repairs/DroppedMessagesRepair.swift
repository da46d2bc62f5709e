import Bytes
import Prompt

/// Messages that were left out from among earlier ones: they stay where the server has them.
///
/// Conversation is left out to save room and is still true. An instruction of the system, and a
/// message that the server knows by a note only, are left out because they no longer hold: that is
/// told.
enum DroppedMessagesRepair {
  static let repairClass = RepairClass.dropped

  /// The blocks as the server has them.
  /// - Returns: nil if they cannot be kept, with the reason in `refusal`.
  static func ghosts(
    _ range: Range<Int>, _ old: History, _ view: ServerView, room: Int, refusal: inout String
  ) -> [ServerView.Ghost]? {
    guard pairsWithin(range, old.index) else {
      refusal = "a tool call lost its counterpart"
      return nil
    }
    var ghosts: [ServerView.Ghost] = []
    var bytes = 0
    for gone in range {
      let entry = view.entries[gone]
      ghosts += entry.ghosts
      if entry.isOmitted { continue }
      guard let piece = entry.forwarded ?? old.bytes(of: gone).map({ ServerView.Piece($0) }) else {
        refusal = "history not kept"
        return nil
      }
      bytes += piece.bytes.count
      ghosts.append(ServerView.Ghost(piece: piece, carriesNotes: entry.carriesNotes))
    }
    // More than that is a decision to forget, not a message that went missing.
    guard bytes * 4 <= room else {
      refusal = "too much was dropped to keep it"
      return nil
    }
    return ghosts
  }

  /// What the agent takes back with one block.
  struct Withdrawal {
    var kind: BlockKind
    /// Lines that it says nowhere else, those side by side together.
    var runs: [ArraySlice<Substring>]
  }

  /// - Returns: nil if that cannot be read any more.
  static func withdrawals(
    _ range: Range<Int>, _ old: History, _ new: History, _ view: ServerView
  ) -> [Withdrawal]? {
    var found: [Withdrawal] = []
    var said: [BlockKind: Set<Substring>] = [:]
    for gone in range {
      let kind = old.index.blocks[gone].kind
      let isToldOf = view.entries[gone].isOmitted && view.entries[gone].isNoted
      guard kind == .system || isToldOf else { continue }
      guard let text = old.value(of: gone).map(Text.all) else { return nil }
      // A reminder that is missing as a whole is no news in any kind of message.
      if !isToldOf, ReminderDetector.isOnlyReminder(text) { continue }
      let known = said[kind] ?? lines(of: kind, new)
      said[kind] = known
      let runs = LineDelta.lines(text).split(whereSeparator: known.contains)
      if !runs.isEmpty { found.append(Withdrawal(kind: kind, runs: runs)) }
    }
    return found
  }

  /// The lines of all blocks of a kind.
  private static func lines(of kind: BlockKind, _ history: History) -> Set<Substring> {
    var lines: Set<Substring> = []
    for at in history.index.blocks.indices where history.index.blocks[at].kind == kind {
      lines.formUnion(LineDelta.lines(history.value(of: at).map(Text.all) ?? ""))
    }
    return lines
  }

  /// A call without its result, or a result without its call, is refused by every server.
  private static func pairsWithin(_ range: Range<Int>, _ index: RequestIndex) -> Bool {
    var open: Set<UInt64> = []
    for at in range {
      let block = index.blocks[at]
      switch block.kind {
      case .user, .system, .reasoning: continue
      case .assistant where block.identity != 0: open.insert(block.identity)
      case .toolResult where open.remove(block.identity) == nil: return false
      case .knob, .tool, .other: return false
      case .assistant, .toolResult: continue
      }
    }
    return open.isEmpty
  }
}
