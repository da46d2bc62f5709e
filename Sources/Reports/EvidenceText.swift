import Bytes
import Prefix
import Prompt
public import Turns
import Upstream

/// What is known about one turn, as text that can be handed to somebody else: no header values, no
/// credentials, excerpts with secrets masked.
public enum EvidenceText {
  public static func text(_ record: TurnRecord, time: String) -> String {
    let verdict = record.verdict
    var out = "Holdfast: turn \(record.turn) of session \(record.session), \(time)\n\n"
    func line(_ name: String, _ value: String) {
      out += name + String(repeating: " ", count: max(1, 14 - name.count))
      out += VisibleText.of(value) + "\n"
    }
    line("agent", record.agent.isEmpty ? "unknown" : record.agent)
    line("model", record.model)
    line("verdict", verdict.cause == .none ? "clean" : verdict.cause.title)
    if verdict.cause != .none { line("", verdict.cause.explanation) }
    if let position = verdict.position {
      line("where", "\(position.path), \(position.kind.word)")
      line(
        "byte",
        "\(Humanised.grouped(position.bodyOffset)) of \(Humanised.grouped(record.receivedBytes))"
          + ", block byte \(Humanised.grouped(position.blockOffset))")
    }
    if !verdict.detail.isEmpty { line("detail", verdict.detail) }
    line(
      "messages",
      "\(record.commonMessages) common, \(record.previousMessages) before, \(record.incomingMessages) now"
    )
    line(
      "tokens",
      "previous \(count(record.previousTokens)), kept \(count(record.keptTokens)), this prompt \(count(record.promptTokens))"
    )
    line("again", count(record.computedAgain))
    line("predicted", count(record.predictedTokens))
    line("reported", record.usage.cachedTokens.map(Humanised.grouped) ?? "not reported")
    if let cause = record.serverCause { line("server", cause.explanation) }
    if !record.serverDetail.isEmpty { line("", record.serverDetail) }
    if let echo = record.echo { line("last answer", echo.words) }
    if let advice = verdict.cause.advice { line("how to stop it", advice) }
    if !verdict.was.isEmpty || !verdict.now.isEmpty {
      out += "\nwas: \(VisibleText.of(verdict.was))\nnow: \(VisibleText.of(verdict.now))\n"
    }
    for hunk in record.detail?.hunks ?? [] {
      out += "\n@@ byte \(hunk.beforeOffset) -> byte \(hunk.afterOffset)\n"
      out += "- " + VisibleText.of(String(decoding: hunk.before, as: UTF8.self)) + "\n"
      out += "+ " + VisibleText.of(String(decoding: hunk.after, as: UTF8.self)) + "\n"
    }
    return out
  }

  private static func count(_ tokens: TokenCount?) -> String {
    guard let tokens else { return "unknown" }
    return (tokens.estimated ? "~" : "") + Humanised.grouped(tokens.value)
  }
}
