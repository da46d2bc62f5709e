import Bytes
import Prefix
import Turns
import Upstream

/// What happened in one turn, said in one sentence.
enum TurnSentence {
  static func text(_ record: TurnRecord, options: DashboardOptions) -> String {
    if record.pinFails, case .notWorking(let reason) = record.pinStatus {
      return "pinning does not work here: \(reason)"
    }
    switch TurnMark(record) {
    case .failed: return record.failure ?? "no complete answer"
    case .none:
      if record.previousTokens == nil { return "first turn, nothing to compare with" }
      return "nothing changed in front of the new messages" + agreement(record)
    case .held:
      return "pinning kept a change of \(record.breakPlace) from the server" + agreement(record)
    case .broke:
      let again = Humanised.tokens(record.reprocessedTokens)
      var text = "\(record.causeTitle) at \(record.breakPlace): \(again) tokens to compute again"
      if case .refused(let reason) = record.pin, !reason.isEmpty { text += "; not held: \(reason)" }
      text += agreement(record)
      if options.canPin && !options.readOnly && record.mode == .off { text += ". p pins" }
      return text
    case .rebased:
      guard case .rebased(let reason) = record.pin, !reason.isEmpty else {
        return "the change was accepted as the new history"
      }
      return "the change was accepted as the new history: \(reason)"
    case .server:
      return "the prompt was unchanged, the server reused less: \(record.causeTitle)"
    case .branch: return "the conversation went back or forked; that is not a break"
    }
  }

  /// Whether the server's count bears out the prediction. Silent where either is unknown.
  private static func agreement(_ record: TurnRecord) -> String {
    guard let verdict = prediction(record) else { return "" }
    if verdict.holds { return "; the server agrees" }
    let why = record.serverDetail.isEmpty ? "" : " (\(record.serverDetail))"
    return "; the server reused \(verdict.reported)" + why
  }

  /// Predicted and reported reuse side by side; nil where the server does not report it.
  static func prediction(_ record: TurnRecord) -> (
    holds: Bool, reported: String, predicted: String
  )? {
    guard let reported = record.usage.cachedTokens, let prompt = record.usage.promptTokens,
      prompt > 0
    else { return nil }
    let predicted = record.predictedTokens?.value ?? record.keptForwardedTokens.value
    let difference = abs(Double(reported - predicted)) / Double(prompt)
    return (
      difference <= 0.05,
      Humanised.grouped(reported), Humanised.grouped(predicted)
    )
  }
}
