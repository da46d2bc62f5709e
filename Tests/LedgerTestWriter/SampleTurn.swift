import Prefix
import Prompt
import Turns
import Upstream

/// A finished turn whose every figure follows from its number, so that a row can be checked alone.
func sampleTurn(_ number: Int, session: UInt32 = 0xa1b2_c3d4) -> TurnRecord {
  var record = TurnRecord(
    session: SessionID(raw: session), turn: number, dialect: .anthropicMessages,
    startedAt: 1_795_000_000_000 + Int64(number) * 1000)
  record.agent = "agent-\(number)"
  record.model = "model-\(number % 3)"
  record.upstream = "default"
  record.state = .done
  record.status = 200
  record.receivedBytes = number * 7
  record.forwardedBytes = number * 7
  record.promptTokens = TokenCount(number * 11, estimated: false)
  record.usage = Usage(
    promptTokens: number * 11, cachedTokens: number * 5, writtenTokens: number,
    outputTokens: number + 3)
  return record
}
