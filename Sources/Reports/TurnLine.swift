import Bytes
import Prefix
import Prompt
public import Turns
import Upstream

/// One line per turn, for a log or a terminal without the dashboard.
public enum TurnLine {
  /// - Parameter time: local wall-clock time of the turn's start, already formatted.
  public static func text(_ record: TurnRecord, time: String) -> String {
    var parts = ["turn \(record.turn)"]
    if let share = record.keptShare {
      parts.append("prefix preserved \(Humanised.percent(share))%")
      let again = record.computedAgain
      let noun = again.value == 1 ? "token" : "tokens"
      parts.append("\(Humanised.tokens(again)) \(noun) reprocessed")
    } else {
      parts.append(record.isSideCall ? "side call" : "first turn")
      parts.append("\(Humanised.tokens(record.promptTokens)) prompt tokens")
    }
    if let cached = record.usage.cachedTokens {
      parts.append("server reused \(Humanised.count(cached))")
    }
    parts.append(contentsOf: verdict(record))
    if let cause = record.serverCause { parts.append("server: \(cause.title)") }
    if let failure = record.failure { parts.append("FAILED \(failure)") }
    if record.state == .aborted { parts.append("agent went away") }
    return VisibleText.of("\(time) \(record.session) " + parts.joined(separator: " | "))
  }

  private static func verdict(_ record: TurnRecord) -> [String] {
    let verdict = record.verdict
    guard verdict.cause != .none else { return ["clean"] }
    guard let position = verdict.position else { return [verdict.cause.title] }
    let place: String
    switch verdict.cause {
    case .neutralRerender:
      return ["\(verdict.cause.title) at \(position.shortPath)"]
    case .branch, .modelSwitch, .compaction, .compactionCall:
      place = "\(verdict.cause.title.uppercased()) at \(position.shortPath)"
    default:
      place = "\(label(record)) at \(position.shortPath)"
    }
    let field = position.field.isEmpty ? position.kind.word : position.field
    return [place, "\(field) broke prefix at byte \(position.bodyOffset)", verdict.cause.title]
  }

  private static func label(_ record: TurnRecord) -> String {
    if case .held = record.pin { return "HELD" }
    return "MUTATION"
  }
}
