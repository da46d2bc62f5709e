import Bytes

/// Reads usage and timings out of an answer: a whole JSON body, or the `data` of one stream event
/// after another. The last value of a field wins; nothing is summed.
///
/// Sources: OpenAI chat and Responses usage objects, Anthropic `usage` in `message_start` and
/// `message_delta`, llama.cpp `timings` and `prompt_progress`, DeepSeek `prompt_cache_hit_tokens`.
public struct UsageReader: Sendable {
  public private(set) var usage = Usage()
  /// Id of the response object, hashed (`hash64` of the text between the quotes); for chains.
  public private(set) var responseID: UInt64?
  public private(set) var progress: Progress?
  public private(set) var hints = ServerHints()

  /// Prefill progress as llama.cpp reports it (`return_progress`).
  public struct Progress: Sendable, Equatable {
    public var total: Int
    var cached: Int
    public var processed: Int
  }

  public init() {}

  /// Looks at one JSON object. Anything but an object with known members is ignored.
  public mutating func read(_ json: UnsafeRawBufferPointer) {
    guard mayMatter(json) else { return }
    var scanner = JSONScanner(json)
    scanner.skipWhitespace()
    var found = Members()
    _ = scanner.members { key, value in
      found.note(json[key], value)
      return true
    }
    if let id = found.id { noteResponse(json, id) }
    if let nested = found.message ?? found.response {
      var inner = JSONScanner(json, at: nested.lowerBound)
      var members = Members()
      _ = inner.members { key, value in
        members.note(json[key], value)
        return true
      }
      if let id = members.id { noteResponse(json, id) }
      if let usage = members.usage { readUsage(json, usage) }
      if let timings = members.timings { readTimings(json, timings) }
    }
    if let usage = found.usage { readUsage(json, usage) }
    if let timings = found.timings { readTimings(json, timings) }
    if let progress = found.progress { readProgress(json, progress) }
  }

  /// A stream's many text events are passed over by a look at their ends: figures stand in objects
  /// that name them.
  private func mayMatter(_ json: UnsafeRawBufferPointer) -> Bool {
    if responseID == nil { return true }
    return contains(json, "\"usage\"") || contains(json, "\"timings\"")
      || contains(json, "\"prompt_progress\"")
  }

  private struct Members {
    var usage: Range<Int>?
    var timings: Range<Int>?
    var progress: Range<Int>?
    var message: Range<Int>?
    var response: Range<Int>?
    var id: Range<Int>?

    mutating func note(_ key: Slice<UnsafeRawBufferPointer>, _ value: Range<Int>) {
      if equal(key, "usage") {
        usage = value
      } else if equal(key, "timings") {
        timings = value
      } else if equal(key, "prompt_progress") {
        progress = value
      } else if equal(key, "message") {
        message = value
      } else if equal(key, "response") {
        response = value
      } else if equal(key, "id") {
        id = value
      }
    }
  }

  private mutating func noteResponse(_ json: UnsafeRawBufferPointer, _ value: Range<Int>) {
    guard value.count > 2, json[value.lowerBound] == UInt8(ascii: "\"") else { return }
    responseID = hash64(
      UnsafeRawBufferPointer(rebasing: json[(value.lowerBound + 1)..<(value.upperBound - 1)]))
  }

  private mutating func readUsage(_ json: UnsafeRawBufferPointer, _ range: Range<Int>) {
    guard let value = JSONValue(UnsafeRawBufferPointer(rebasing: json[range])) else { return }
    let read = value["cache_read_input_tokens"]?.integer
    let created = value["cache_creation_input_tokens"]?.integer
    if let prompt = value["prompt_tokens"]?.integer { usage.promptTokens = clamp(prompt) }
    if let input = value["input_tokens"]?.integer {
      // Anthropic counts the uncached rest, OpenAI Responses the whole prompt; only Anthropic's
      // shape names reads and writes beside it.
      let isRest = value["input_tokens_details"] == nil && value["total_tokens"] == nil
      if isRest {
        anthropicRest = clamp(input)
      } else {
        usage.promptTokens = clamp(input)
      }
    }
    if let read { usage.cachedTokens = clamp(read) }
    if let created { usage.writtenTokens = clamp(created) }
    if let tiers = value["cache_creation"] {
      if let short = tiers["ephemeral_5m_input_tokens"]?.integer {
        usage.writtenTokens = clamp(short)
      }
      if let long = tiers["ephemeral_1h_input_tokens"]?.integer {
        usage.writtenHourTokens = clamp(long)
      }
    }
    if let rest = anthropicRest {
      usage.promptTokens =
        rest + (usage.cachedTokens ?? 0) + (usage.writtenTokens ?? 0)
        + (usage.writtenHourTokens ?? 0)
    }
    let details = value["prompt_tokens_details"] ?? value["input_tokens_details"]
    if let cached = details?["cached_tokens"]?.integer { usage.cachedTokens = clamp(cached) }
    if let written = details?["cache_write_tokens"]?.integer {
      usage.writtenTokens = clamp(written)
    }
    if let hit = value["prompt_cache_hit_tokens"]?.integer {
      usage.cachedTokens = clamp(hit)
      hints.sawDeepSeekUsage = true
      if let miss = value["prompt_cache_miss_tokens"]?.integer, usage.promptTokens == nil {
        usage.promptTokens = clamp(hit) + clamp(miss)
      }
    }
    if let output = value["completion_tokens"]?.integer ?? value["output_tokens"]?.integer {
      usage.outputTokens = clamp(output)
    }
  }

  /// Anthropic's `input_tokens`: what was neither read from nor written to a cache.
  private var anthropicRest: Int?

  private mutating func readTimings(_ json: UnsafeRawBufferPointer, _ range: Range<Int>) {
    guard let value = JSONValue(UnsafeRawBufferPointer(rebasing: json[range])) else { return }
    hints.sawTimings = true
    if let cached = value["cache_n"]?.integer, let processed = value["prompt_n"]?.integer {
      usage.cachedTokens = clamp(cached)
      usage.promptTokens = clamp(cached) + clamp(processed)
    }
    if let millis = value["prompt_ms"]?.double { usage.promptMillis = max(0, millis) }
    if let millis = value["predicted_ms"]?.double { usage.generationMillis = max(0, millis) }
    if usage.outputTokens == nil, let output = value["predicted_n"]?.integer {
      usage.outputTokens = clamp(output)
    }
  }

  private mutating func readProgress(_ json: UnsafeRawBufferPointer, _ range: Range<Int>) {
    guard let value = JSONValue(UnsafeRawBufferPointer(rebasing: json[range])),
      let total = value["total"]?.integer, let processed = value["processed"]?.integer
    else { return }
    progress = Progress(
      total: clamp(total), cached: clamp(value["cache"]?.integer ?? 0), processed: clamp(processed))
  }

  /// Counts come from outside: kept in a range in which sums of them cannot overflow.
  private func clamp(_ count: Int) -> Int { min(max(0, count), 1 << 40) }

  private func contains(_ bytes: UnsafeRawBufferPointer, _ text: StaticString) -> Bool {
    findBytes(text, in: bytes) != nil
  }
}

/// What an answer tells about the kind of server, besides its numbers.
public struct ServerHints: Sendable, Equatable {
  public var sawTimings = false
  public var sawDeepSeekUsage = false

  init() {}
}
