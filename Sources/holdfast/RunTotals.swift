import Bytes
import Prefix
import Turns
import Upstream

/// What a run amounted to, for one line at its end.
struct RunTotals {
  private var turns = 0
  private var breaks = 0
  private var again = 0
  private var prompt = 0
  private var reused = 0
  private var measured = 0

  mutating func add(_ record: TurnRecord) {
    turns += 1
    if record.verdict.cause.isMutation { breaks += 1 }
    again += record.computedAgain.value
    if let tokens = record.usage.promptTokens, let cached = record.usage.cachedTokens {
      prompt += tokens
      reused += cached
      measured += 1
    }
  }

  var text: String {
    guard turns > 0 else { return "holdfast: no turns" }
    var text =
      "holdfast: \(turns) turns, \(breaks) broke the prefix, "
      + "\(Humanised.count(again)) tokens computed again"
    if measured > 0, prompt > 0 {
      text += ", hit \(Humanised.percent(Double(reused) / Double(prompt)))%"
    }
    return text
  }
}
