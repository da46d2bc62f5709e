import Prefix
import Prompt
public import Turns
import Upstream

/// Adds turns up for monitoring. Sessions are not told apart, and models only up to a bound: each
/// combination of labels is a series that somebody has to store.
public struct TurnMetrics: Sendable {
  /// What turns are told apart by.
  struct Series: Hashable {
    var upstream: String
    var model: String
    var operation: String
  }

  struct Sums {
    var outcomes: [String: Int] = [:]
    var unreported = 0
    var uncached = 0
    var read = 0
    var written = 0
    var writtenHour = 0
    var output = 0
  }

  struct UpstreamSums {
    var verdicts: [Cause: Int] = [:]
    var serverVerdicts: [Cause: Int] = [:]
    var pins: [String: Int] = [:]
    var errors: [String: Int] = [:]
    var sideCalls = 0
    var hitDrops = 0
    var hitShare = Histogram(bounds: TurnMetrics.shareBounds)
    var previousTokens = 0
    var againAsSent = 0
    var againAsForwarded = 0
    var againAsReported = 0
    var savedTokens = 0
    var receivedBytes = 0
    var forwardedBytes = 0
    var addedLatency = Histogram(bounds: TurnMetrics.addedBounds)
    var firstByte = Histogram(bounds: TurnMetrics.waitBounds)
    var duration = Histogram(bounds: TurnMetrics.waitBounds)
  }

  /// Distinct series of upstream, model and operation; what is beyond is counted as model `other`.
  static let seriesLimit = 200
  static let otherModel = "other"
  static let addedBounds = [
    0.000_025, 0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.05, 0.25, 1,
  ]
  static let shareBounds = [0, 0.2, 0.4, 0.6, 0.8, 0.9, 0.95, 0.99, 1]
  static let waitBounds = [0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 80, 160, 320]

  private(set) var series: [Series: Sums] = [:]
  private(set) var upstreams: [String: UpstreamSums] = [:]
  private(set) var states: [UpstreamStatus] = []
  private(set) var unmeasured: [String: Int] = [:]

  public init() {}

  public mutating func note(_ event: TurnEvent) {
    switch event {
    case .finished(let record): add(record)
    case .unmeasured(_, _, _, _, let reason):
      unmeasured[Self.word(reason), default: 0] += 1
    case .upstream(let status):
      if let index = states.firstIndex(where: { $0.name == status.name }) {
        states[index] = status
      } else if states.count < 64 {
        states.append(status)
      }
    case .started, .firstByte, .progress, .sessionEvicted, .modeChanged, .repairsChanged,
      .defaultsChanged, .notice:
      break
    }
  }

  private static func word(_ reason: String) -> String {
    switch reason {
    case UnmeasuredReason.notAPrompt: "not_a_prompt"
    case UnmeasuredReason.notUnderstood: "not_understood"
    default: "refused"
    }
  }

  private mutating func add(_ record: TurnRecord) {
    var key = Series(
      upstream: record.upstream, model: record.model, operation: Self.operation(record.dialect))
    if series[key] == nil, series.count >= Self.seriesLimit { key.model = Self.otherModel }
    series[key, default: Sums()].add(record)
    upstreams[record.upstream, default: UpstreamSums()].add(record)
  }

  /// As OpenTelemetry's attribute `gen_ai.operation.name` has it.
  private static func operation(_ dialect: Dialect) -> String {
    switch dialect {
    case .openAICompletions: "text_completion"
    case .openAIChat, .openAIResponses, .anthropicMessages: "chat"
    }
  }
}

extension TurnMetrics.Sums {
  fileprivate mutating func add(_ record: TurnRecord) {
    let outcome =
      switch record.state {
      case .failed: "failed"
      case .aborted: "aborted"
      case .done, .waiting, .streaming: "done"
      }
    outcomes[outcome, default: 0] += 1
    if let split = record.usage.split {
      uncached += split.uncached
      read += split.read
      written += split.written
      writtenHour += split.writtenHour
    } else {
      unreported += 1
    }
    output += record.usage.outputTokens ?? 0
  }
}

extension TurnMetrics.UpstreamSums {
  fileprivate mutating func add(_ record: TurnRecord) {
    verdicts[record.verdict.cause, default: 0] += 1
    if let cause = record.serverCause { serverVerdicts[cause, default: 0] += 1 }
    if record.mode != .off { pins[Self.word(record.pin), default: 0] += 1 }
    if record.isSideCall { sideCalls += 1 }
    if record.hitDrop != nil { hitDrops += 1 }
    if let share = record.usage.split?.hitShare { hitShare.add(share) }
    if record.state == .failed { errors[Self.error(record), default: 0] += 1 }
    previousTokens += record.previousTokens?.value ?? 0
    againAsSent += record.reprocessedTokens.value
    againAsForwarded += record.reprocessedForwardedTokens.value
    if record.usage.cachedTokens != nil { againAsReported += record.computedAgain.value }
    savedTokens += record.savedTokens
    receivedBytes += record.receivedBytes
    forwardedBytes += record.forwardedBytes
    if let micros = record.addedMicros { addedLatency.add(Double(micros) / 1_000_000) }
    if let millis = record.firstByteMillis { firstByte.add(Double(millis) / 1000) }
    if let millis = record.totalMillis { duration.add(Double(millis) / 1000) }
  }

  private static func word(_ pin: PinOutcome) -> String {
    switch pin {
    case .untouched: "untouched"
    case .held: "held"
    case .refused: "refused"
    case .rebased: "rebased"
    }
  }

  /// As OpenTelemetry's attribute `error.type` has it: a status, or a word where there was none.
  private static func error(_ record: TurnRecord) -> String {
    guard let status = record.status, (100...599).contains(status) else { return "no_answer" }
    return status < 400 ? "incomplete" : String(status)
  }
}
