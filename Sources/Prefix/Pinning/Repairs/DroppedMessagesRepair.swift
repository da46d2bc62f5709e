import Bytes
import Prompt

/// Messages that were left out from among earlier ones: they stay where the server has them.
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
