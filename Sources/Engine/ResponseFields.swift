import Prefix
import Turns

/// What a response tells about its turn, in fields beside those of the upstream. Numbers of tokens
/// that are estimates begin with `~`.
enum ResponseFields {
  static func of(_ record: TurnRecord) -> [(String, String)] {
    var fields = [
      ("x-holdfast-session", "\(record.session)"), ("x-holdfast-turn", "\(record.turn)"),
      ("x-holdfast-cause", "\(record.verdict.cause)"), ("x-holdfast-mode", record.mode.name),
      ("x-holdfast-pin", pin(record.pin)),
    ]
    if record.previousTokens != nil {
      fields.append(("x-holdfast-kept-tokens", text(record.keptForwardedTokens)))
      fields.append(("x-holdfast-reprocessed-tokens", text(record.reprocessedForwardedTokens)))
    }
    if let predicted = record.predictedTokens {
      fields.append(("x-holdfast-predicted-tokens", text(predicted)))
    }
    return fields
  }

  private static func text(_ count: TokenCount) -> String {
    (count.estimated ? "~" : "") + String(count.value)
  }

  private static func pin(_ outcome: PinOutcome) -> String {
    switch outcome {
    case .untouched: "untouched"
    case .held: "held"
    case .refused: "refused"
    case .rebased: "rebased"
    }
  }
}
