/// The JSON and text pages that tell about the server.
enum StatusPages {
  static let health = Array("{\"status\":\"ok\"}".utf8)

  static func models(_ options: SimulatorOptions, created: Int64) -> [UInt8] {
    var text = JSONText()
    text.raw("{\"object\":\"list\",\"data\":[{\"id\":")
    text.quoted(options.model)
    text.raw(",\"object\":\"model\",\"created\":")
    text.integer(created)
    if options.kind == .llamaCpp {
      text.raw(",\"owned_by\":\"llamacpp\",\"meta\":{\"vocab_type\":2,\"n_ctx\":")
      text.integer(options.contextTokens)
      text.raw(",\"n_ctx_train\":")
      text.integer(options.contextTokens)
      text.raw("}}]}")
    } else {
      text.raw(",\"owned_by\":\"holdfast\"}]}")
    }
    return text.bytes
  }

  static func properties(_ options: SimulatorOptions) -> [UInt8] {
    var text = JSONText()
    text.raw("{\"default_generation_settings\":{\"params\":{\"temperature\":0.0},\"n_ctx\":")
    text.integer(options.contextTokens)
    text.raw("},\"total_slots\":")
    text.integer(max(1, options.slots))
    text.raw(",\"model_alias\":")
    text.quoted(options.model)
    text.raw(",\"model_path\":")
    text.quoted(options.model)
    text.raw(",\"modalities\":{\"vision\":false,\"audio\":false},\"endpoint_slots\":true")
    text.raw(",\"endpoint_props\":false,\"endpoint_metrics\":true,\"chat_template\":\"chatml\"")
    text.raw(",\"bos_token\":\"<|endoftext|>\",\"eos_token\":\"<|im_end|>\"")
    text.raw(",\"build_info\":\"holdfast-simulator\",\"is_sleeping\":false}")
    return text.bytes
  }

  static func slots(_ pool: SlotPool, _ options: SimulatorOptions) -> [UInt8] {
    var text = JSONText()
    text.raw("[")
    for slot in pool.slots {
      text.raw(slot.id > 0 ? ",{\"id\":" : "{\"id\":")
      text.integer(slot.id)
      text.raw(",\"n_ctx\":")
      text.integer(options.contextTokens)
      text.raw(",\"speculative\":false,\"is_processing\":")
      text.raw(slot.isBusy ? "true" : "false")
      if slot.task >= 0 {
        text.raw(",\"id_task\":")
        text.integer(slot.task)
        text.raw(",\"n_prompt_tokens\":")
        // Once it is idle: all that it holds.
        text.integer(slot.isBusy ? slot.promptTokens : slot.tokens.count)
        text.raw(",\"n_prompt_tokens_processed\":")
        text.integer(slot.processedTokens)
        text.raw(",\"n_prompt_tokens_cache\":")
        text.integer(slot.cachedTokens)
        text.raw(",\"next_token\":[{\"has_next_token\":")
        text.raw(slot.isBusy ? "true" : "false")
        text.raw(",\"n_decoded\":")
        text.integer(slot.decodedTokens)
        text.raw("}]")
      }
      text.raw("}")
    }
    text.raw("]")
    return text.bytes
  }

  /// Prometheus text (version 0.0.4).
  static func metrics(_ totals: ServerTotals, busy: Int, waiting: Int) -> [UInt8] {
    var text = JSONText()
    func metric(_ name: StaticString, _ type: StaticString, _ help: StaticString, _ value: Double) {
      text.raw("# HELP llamacpp:")
      text.raw(name)
      text.raw(" ")
      text.raw(help)
      text.raw("\n# TYPE llamacpp:")
      text.raw(name)
      text.raw(" ")
      text.raw(type)
      text.raw("\nllamacpp:")
      text.raw(name)
      text.raw(" ")
      if let whole = Int(exactly: value) { text.integer(whole) } else { text.decimal(value) }
      text.raw("\n")
    }
    metric(
      "prompt_tokens_total", "counter",
      "Number of prompt tokens processed, excluding cached tokens",
      Double(totals.promptTokens))
    metric(
      "prompt_tokens_cached_total", "counter", "Number of prompt tokens reused from the cache",
      Double(totals.cachedTokens))
    metric(
      "prompt_seconds_total", "counter", "Total time spent processing prompts",
      totals.promptMillis / 1000)
    metric(
      "tokens_predicted_total", "counter", "Number of generation tokens processed",
      Double(totals.generatedTokens))
    metric(
      "tokens_predicted_seconds_total", "counter", "Total time spent generating tokens",
      totals.generationMillis / 1000)
    metric(
      "n_tokens_max", "counter", "Largest observed sequence length (prompt + generation)",
      Double(totals.longest))
    metric(
      "prompt_tokens_seconds", "gauge", "Average prompt throughput in tokens/s",
      totals.promptMillis > 0 ? Double(totals.promptTokens) * 1000 / totals.promptMillis : 0)
    metric(
      "predicted_tokens_seconds", "gauge", "Average generation throughput in tokens/s",
      totals.generationMillis > 0
        ? Double(totals.generatedTokens) * 1000 / totals.generationMillis : 0)
    metric("requests_processing", "gauge", "Number of requests processing", Double(busy))
    metric("requests_deferred", "gauge", "Number of requests deferred", Double(waiting))
    return text.bytes
  }

  static func inputTokens(_ count: Int) -> [UInt8] { Array("{\"input_tokens\":\(count)}".utf8) }

  static func tokens(_ tokens: [UInt32]) -> [UInt8] {
    let list = tokens.map { String($0) }.joined(separator: ",")
    return Array("{\"tokens\":[\(list)]}".utf8)
  }

  static func prompt(_ prompt: [UInt8]) -> [UInt8] {
    var text = JSONText()
    text.raw("{\"prompt\":")
    text.quoted(String(decoding: prompt, as: UTF8.self))
    text.raw("}")
    return text.bytes
  }
}
