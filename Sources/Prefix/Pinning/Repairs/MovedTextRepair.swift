import Prompt

/// A message that repeats the text of one that the agent dropped right behind it, as agents do that
/// send the results of forgotten calls as plain messages. The dropped one stays where the server has
/// it, so nothing has to be told.
enum MovedTextRepair {
  /// Whether the server has `text`, whole, in one of the agent's own blocks of `dropped`. One that
  /// somebody else said does not count, but for results: the same words then mean something else.
  static func isIn(
    _ dropped: Range<Int>, _ text: String, from kind: BlockKind, _ old: History, _ view: ServerView
  ) -> Bool {
    !text.isEmpty
      && dropped.contains { at in
        guard !view.entries[at].isOmitted, view.entries[at].forwarded == nil,
          [kind, .toolResult].contains(old.index.blocks[at].kind),
          old.index.blocks[at].length >= text.utf8.count
        else { return false }
        return old.value(of: at).map(Text.all) == text
      }
  }
}
