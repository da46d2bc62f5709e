/// The counts and times of one answer, as the server reports them.
struct Figures: Equatable, Sendable {
  var promptTokens: Int
  var cachedTokens: Int
  var outputTokens: Int
  var promptMillis: Double
  var outputMillis: Double

  var processedTokens: Int { promptTokens - cachedTokens }

  /// llama.cpp's `timings` object.
  func writeTimings(into text: inout JSONText) {
    text.raw("{\"cache_n\":")
    text.integer(cachedTokens)
    text.raw(",\"prompt_n\":")
    text.integer(processedTokens)
    text.raw(",\"prompt_ms\":")
    text.decimal(promptMillis)
    text.raw(",\"prompt_per_token_ms\":")
    text.decimal(promptMillis / Double(max(1, processedTokens)))
    text.raw(",\"prompt_per_second\":")
    text.decimal(promptMillis > 0 ? Double(processedTokens) * 1000 / promptMillis : 0)
    text.raw(",\"predicted_n\":")
    text.integer(outputTokens)
    text.raw(",\"predicted_ms\":")
    text.decimal(outputMillis)
    text.raw(",\"predicted_per_token_ms\":")
    text.decimal(outputMillis / Double(max(1, outputTokens)))
    text.raw(",\"predicted_per_second\":")
    text.decimal(outputMillis > 0 ? Double(outputTokens) * 1000 / outputMillis : 0)
    text.raw("}")
  }
}

/// What an answer says about itself, the same in all of its parts.
struct AnswerHead: Sendable {
  /// Letters and digits; each dialect puts its own prefix in front.
  var id: String
  var model: String
  /// Seconds since 1970.
  var created: Int64
  var includesUsage = false
  /// Whether cached counts are reported at all.
  var reportsCache = true
  /// Whether llama.cpp's `timings` are reported; never without `reportsCache`.
  var reportsTimings = true
}

/// One dialect's spelling of a reply, as a stream of events or as one JSON object.
///
/// For a stream the calls are `begin`, `add` once per token, `end`; each returns the bytes to send.
protocol Answer {
  init(head: AnswerHead)

  /// The first events, sent when the prompt has been processed.
  mutating func begin(_ figures: Figures) -> [UInt8]

  mutating func add(_ step: Reply.Step, of reply: Reply) -> [UInt8]

  mutating func end(_ reply: Reply, _ figures: Figures) -> [UInt8]

  /// The body of an answer that is not streamed.
  func whole(_ reply: Reply, _ figures: Figures) -> [UInt8]
}

/// Frames of a server-sent event stream.
enum EventFrame {
  static func data(_ text: JSONText) -> [UInt8] {
    Array("data: ".utf8) + text.bytes + [0x0A, 0x0A]
  }

  static func named(_ name: String, _ text: JSONText) -> [UInt8] {
    Array("event: \(name)\ndata: ".utf8) + text.bytes + [0x0A, 0x0A]
  }

  /// A comment, which keeps the connection alive and means nothing.
  static let ping = Array(":\n\n".utf8)
  static let done = Array("data: [DONE]\n\n".utf8)
}
