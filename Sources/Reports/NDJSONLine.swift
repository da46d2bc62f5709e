import Bytes
import Prefix
import Prompt
public import Turns
import Upstream

/// One JSON object per turn. The first eleven names are shared with other tools; the rest is ours.
/// What is not known is null, never 0.
public enum NDJSONLine {
  /// The object with a line end.
  public static func bytes(_ record: TurnRecord) -> [UInt8] {
    object(record).finish() + [0x0A]
  }

  /// The object, to which more may be added.
  static func object(_ record: TurnRecord) -> JSONObjectWriter {
    var json = JSONObjectWriter()
    json.add("ts", timestamp(record.startedAt))
    json.add("session_id", record.session.description)
    json.add("turn", record.turn)
    json.add("preserved_prefix_pct", record.keptShare.map { Double(Humanised.percent($0)) })
    json.add("reprocessed_tokens", record.computedAgain.value)
    json.add("total_tokens", record.promptTokens.value)
    json.add("mutated", record.verdict.cause.isMutation)
    json.add("mutation_index", mutationIndex(record))
    json.add("prev_len", record.previousMessages)
    json.add("incoming_len", record.incomingMessages)
    json.add("lcp", record.commonMessages)

    json.add("parent_session_id", record.parent?.description)
    json.add("side_call", record.isSideCall)
    json.add("agent", record.agent)
    json.add("model", record.model)
    json.add("upstream", record.upstream)
    json.add("api", api(record.dialect))
    json.add("mode", record.mode.name)
    json.add("pin", pin(record.pin).outcome)
    json.add("pin_reason", pin(record.pin).reason)
    json.add("status", record.status)
    json.add("state", state(record.state))
    json.add("failure", record.failure)
    json.add("cause", record.verdict.cause == .none ? nil : "\(record.verdict.cause)")
    json.add("cause_text", record.verdict.cause == .none ? nil : record.verdict.cause.title)
    json.add("cause_side", record.verdict.cause == .none ? nil : "\(record.verdict.cause.side)")
    json.add("path", record.verdict.position?.path)
    json.add("field", record.verdict.position?.field)
    json.add("byte", record.verdict.position?.bodyOffset)
    json.add("block_byte", record.verdict.position?.blockOffset)
    json.add("was", record.verdict.position == nil ? nil : record.verdict.was)
    json.add("now", record.verdict.position == nil ? nil : record.verdict.now)
    json.add("server_cause", record.serverCause.map { "\($0)" })
    json.add("server_detail", record.serverDetail.isEmpty ? nil : record.serverDetail)
    json.add("echo", record.echo.map { "\($0)" })
    json.add("previous_tokens", record.previousTokens?.value)
    json.add("kept_tokens", record.keptTokens.value)
    json.add("kept_forwarded_tokens", record.keptForwardedTokens.value)
    json.add("predicted_tokens", record.predictedTokens?.value)
    json.add("tokens_estimated", record.keptTokens.estimated || record.promptTokens.estimated)
    json.add("prompt_tokens", record.usage.promptTokens)
    json.add("cached_tokens", record.usage.cachedTokens)
    json.add("written_tokens", record.usage.writtenTokens)
    json.add("written_1h_tokens", record.usage.writtenHourTokens)
    json.add("output_tokens", record.usage.outputTokens)
    json.add("prompt_ms", record.usage.promptMillis)
    json.add("first_byte_ms", record.firstByteMillis)
    json.add("total_ms", record.totalMillis)
    json.add("received_bytes", record.receivedBytes)
    json.add("forwarded_bytes", record.forwardedBytes)
    json.add("blocks", record.blockCount)
    return json
  }

  private static func mutationIndex(_ record: TurnRecord) -> Int? {
    guard record.verdict.cause.isMutation, let position = record.verdict.position else {
      return nil
    }
    return position.index
  }

  private static func api(_ dialect: Dialect) -> String {
    switch dialect {
    case .openAIChat: "openai-chat"
    case .openAIResponses: "openai-responses"
    case .anthropicMessages: "anthropic-messages"
    case .openAICompletions: "openai-completions"
    }
  }

  private static func pin(_ pin: PinOutcome) -> (outcome: String?, reason: String?) {
    switch pin {
    case .untouched: (nil, nil)
    case .held: ("held", nil)
    case .refused(let reason): ("refused", reason)
    case .rebased(let reason): ("rebased", reason)
    }
  }

  private static func state(_ state: TurnState) -> String {
    switch state {
    case .waiting: "waiting"
    case .streaming: "streaming"
    case .done: "done"
    case .failed: "failed"
    case .aborted: "aborted"
    }
  }

  /// RFC 3339 in UTC with milliseconds.
  static func timestamp(_ millis: Int64) -> String {
    let seconds = millis >= 0 ? millis / 1000 : (millis - 999) / 1000
    let days = Int(seconds >= 0 ? seconds / 86_400 : (seconds - 86_399) / 86_400)
    let date = civilDate(days)
    let rest = Int(seconds) - days * 86_400
    func two(_ value: Int) -> String { Humanised.padded(value, 2) }
    return "\(Humanised.padded(date.year, 4))-\(two(date.month))-\(two(date.day))"
      + "T\(two(rest / 3600)):\(two(rest / 60 % 60)):\(two(rest % 60))"
      + ".\(Humanised.padded(Int(millis - seconds * 1000), 3))Z"
  }

  /// Days since 1970-01-01 to a Gregorian date, by whole eras of 400 years.
  private static func civilDate(_ days: Int) -> (year: Int, month: Int, day: Int) {
    let shifted = days + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra =
      (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let month = (5 * dayOfYear + 2) / 153
    let year = yearOfEra + era * 400 + (month >= 10 ? 1 : 0)
    return (year, month < 10 ? month + 3 : month - 9, dayOfYear - (153 * month + 2) / 5 + 1)
  }
}
