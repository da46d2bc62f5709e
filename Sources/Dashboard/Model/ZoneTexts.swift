import Bytes
import Prefix
import Turns

/// The three zones of a session's prompts in a line: what stands in front of the conversation, the
/// conversation, and what is new.
enum ZoneTexts {
  /// - Parameter window: how many turns the counts are over.
  static func line(_ zones: ZoneHistory, window: Int) -> String {
    guard let latest = zones.latest else { return "" }
    var text = "zones  prefix \(Humanised.count(latest.prefix.tokens)) "
    if let since = zones.driftedSince {
      text += "drifted since turn \(since)"
    } else {
      text += "same for \(Humanised.plural(zones.stableTurns, "turn"))"
    }
    text += "   log \(Humanised.count(latest.log.tokens)) "
    if let last = zones.log.last {
      text +=
        "changed on \(zones.log.changes) of \(window), last turn \(last.turn): \(last.cause.title)"
    } else {
      text += "never changed in \(Humanised.plural(window, "turn"))"
    }
    return text + "   tail \(Humanised.count(latest.tail.tokens))"
  }
}
