import Prefix
import Turns
import Upstream

extension TurnMetrics {
  /// Everything as Prometheus reads it. Labels carry OpenTelemetry's names for generative AI where
  /// there are any, with `_` for the dots.
  public func text(_ process: ProcessFigures) -> String {
    var out = MetricsText()
    writeTurns(&out)
    writeTokens(&out)
    writeVerdicts(&out)
    writeTimes(&out)
    writeUpstreams(&out)
    writeProxy(process, &out)
    writeProcess(process, &out)
    return out.text
  }

  private var sortedSeries: [(labels: MetricsText.Labels, sums: Sums)] {
    series.sorted {
      ($0.key.upstream, $0.key.model, $0.key.operation)
        < ($1.key.upstream, $1.key.model, $1.key.operation)
    }.map { key, sums in
      (
        [
          ("upstream", key.upstream), ("gen_ai_request_model", key.model),
          ("gen_ai_operation_name", key.operation),
        ], sums
      )
    }
  }

  private var sortedUpstreams: [(labels: MetricsText.Labels, sums: UpstreamSums)] {
    upstreams.sorted { $0.key < $1.key }.map { ([("upstream", $0.key)], $0.value) }
  }

  private func writeTurns(_ out: inout MetricsText) {
    out.family("holdfast_turns_total", .counter, "Prompts that were relayed and measured.")
    for (labels, sums) in sortedSeries {
      for (outcome, count) in sums.outcomes.sorted(by: { $0.key < $1.key }) {
        out.sample(labels + [("outcome", outcome)], count)
      }
    }
    out.family(
      "holdfast_unreported_turns_total", .counter,
      "Turns whose server did not say how much of the prompt it reused.")
    for (labels, sums) in sortedSeries { out.sample(labels, sums.unreported) }
    out.family(
      "holdfast_side_calls_total", .counter, "Turns that are no part of a conversation.")
    for (labels, sums) in sortedUpstreams { out.sample(labels, sums.sideCalls) }
    out.family(
      "holdfast_unmeasured_requests_total", .counter,
      "Requests that were relayed without being measured, or refused.")
    for (reason, count) in unmeasured.sorted(by: { $0.key < $1.key }) {
      out.sample([("reason", reason)], count)
    }
  }

  private func writeTokens(_ out: inout MetricsText) {
    out.family(
      "holdfast_tokens_total", .counter,
      "Tokens as servers reported them, by what became of them.")
    for (labels, sums) in sortedSeries {
      for (kind, count) in [
        ("uncached", sums.uncached), ("cache_read", sums.read), ("cache_write", sums.written),
        ("cache_write_1h", sums.writtenHour),
      ] {
        out.sample(labels + [("gen_ai_token_type", "input"), ("kind", kind)], count)
      }
      out.sample(labels + [("gen_ai_token_type", "output"), ("kind", "output")], sums.output)
    }
    out.family(
      "holdfast_hit_ratio", .histogram,
      "Share of the prompt's tokens that the server read from its cache, turn by turn, where it "
        + "said so.")
    for (labels, sums) in sortedUpstreams { out.sample(labels, sums.hitShare) }
    out.family(
      "holdfast_hit_drops_total", .counter,
      "Turns on which a session's reuse fell by 2,000 tokens or more, and by more than 5 %.")
    for (labels, sums) in sortedUpstreams { out.sample(labels, sums.hitDrops) }
    out.family(
      "holdfast_previous_prompt_tokens_total", .counter,
      "Tokens of the prompts that turns continued: what could have been kept.")
    for (labels, sums) in sortedUpstreams { out.sample(labels, sums.previousTokens) }
    out.family(
      "holdfast_reprocessed_tokens_total", .counter,
      "Tokens the server had and has to compute again: predicted for the request as sent by the "
        + "agent and as forwarded, and as reported by the server.")
    for (labels, sums) in sortedUpstreams {
      out.sample(labels + [("view", "as_sent")], sums.againAsSent)
      out.sample(labels + [("view", "as_forwarded")], sums.againAsForwarded)
      out.sample(labels + [("view", "reported")], sums.againAsReported)
    }
    out.family(
      "holdfast_saved_tokens_total", .counter,
      "Tokens that pinning kept in the server's cache, as predicted.")
    for (labels, sums) in sortedUpstreams { out.sample(labels, sums.savedTokens) }
    out.family("holdfast_request_body_bytes_total", .counter, "Bytes of measured request bodies.")
    for (labels, sums) in sortedUpstreams {
      out.sample(labels + [("direction", "received")], sums.receivedBytes)
      out.sample(labels + [("direction", "forwarded")], sums.forwardedBytes)
    }
  }

  private func writeVerdicts(_ out: inout MetricsText) {
    out.family(
      "holdfast_verdicts_total", .counter,
      "Turns by why their prompt did not extend the one before; cause none: it did.")
    for (labels, sums) in sortedUpstreams {
      for (cause, count) in sums.verdicts.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
        out.sample(labels + [("cause", "\(cause)"), ("side", "\(cause.side)")], count)
      }
    }
    out.family(
      "holdfast_server_verdicts_total", .counter,
      "Turns whose server reused clearly less than predicted, by why.")
    for (labels, sums) in sortedUpstreams {
      for (cause, count) in sums.serverVerdicts.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
        out.sample(labels + [("cause", "\(cause)")], count)
      }
    }
    out.family(
      "holdfast_pinned_turns_total", .counter, "Turns with pinning on, by what it did to them.")
    for (labels, sums) in sortedUpstreams {
      for (outcome, count) in sums.pins.sorted(by: { $0.key < $1.key }) {
        out.sample(labels + [("outcome", outcome)], count)
      }
    }
  }

  private func writeTimes(_ out: inout MetricsText) {
    out.family(
      "holdfast_added_latency_seconds", .histogram,
      "From a complete request to its being handed to the upstream's connection; includes the "
        + "connecting where no connection was idle.")
    for (labels, sums) in sortedUpstreams { out.sample(labels, sums.addedLatency) }
    out.family(
      "holdfast_time_to_first_byte_seconds", .histogram,
      "From a complete request to the head of its answer.")
    for (labels, sums) in sortedUpstreams { out.sample(labels, sums.firstByte) }
    out.family(
      "holdfast_turn_duration_seconds", .histogram,
      "From a complete request to the end of its answer.")
    for (labels, sums) in sortedUpstreams { out.sample(labels, sums.duration) }
  }

  private func writeUpstreams(_ out: inout MetricsText) {
    out.family("holdfast_upstream_info", .gauge, "Which server an upstream is; always 1.")
    for status in states {
      out.sample(
        [
          ("upstream", status.name), ("server_address", status.address),
          ("gen_ai_provider_name", Self.provider(status.kind)),
        ], 1)
    }
    out.family(
      "holdfast_upstream_up", .gauge, "Whether the last attempt to reach an upstream succeeded.")
    for status in states where status.state != .unknown {
      out.sample([("upstream", status.name)], status.state == .up ? 1 : 0)
    }
    out.family(
      "holdfast_upstream_connect_seconds", .gauge, "Round trip of the last connect to an upstream.")
    for status in states {
      guard let millis = status.connectMillis else { continue }
      out.sample([("upstream", status.name)], Double(millis) / 1000)
    }
    out.family(
      "holdfast_upstream_errors_total", .counter,
      "Turns without a complete answer, by the status the agent got.")
    for (labels, sums) in sortedUpstreams {
      for (error, count) in sums.errors.sorted(by: { $0.key < $1.key }) {
        out.sample(labels + [("error_type", error)], count)
      }
    }
  }

  /// `llama_cpp`, `openai`: the form of the values that OpenTelemetry has for some of them.
  private static func provider(_ kind: ServerKind) -> String {
    guard kind != .unknown else { return "unknown" }
    return String(kind.name.lowercased().map { $0.isLetter || $0.isNumber ? $0 : "_" })
  }

  private func writeProxy(_ process: ProcessFigures, _ out: inout MetricsText) {
    out.family("holdfast_build_info", .gauge, "Version of the program; always 1.")
    out.sample([("version", process.version)], 1)
    out.family("holdfast_sessions", .gauge, "Sessions that are known.")
    out.sample(process.sessions)
    out.family("holdfast_turns_in_flight", .gauge, "Turns that are being answered.")
    out.sample(process.turnsInFlight)
    out.family("holdfast_control_connections", .gauge, "Connections to the control server.")
    out.sample(process.controlConnections)
    out.family("holdfast_attached_readers", .gauge, "Readers of events, such as dashboards.")
    out.sample(process.attachedReaders)
    out.family(
      "holdfast_dropped_events_total", .counter, "Events that a reader was too slow for.")
    for (reader, count) in process.droppedEvents { out.sample([("reader", reader)], count) }
    if let busy = process.loopBusy {
      out.family(
        "holdfast_loop_busy_seconds", .histogram,
        "Time the proxy's loop worked between two looks at its sockets: how long they may wait.")
      out.sample([], busy)
      out.family(
        "holdfast_loop_lag_seconds", .summary,
        "The same by quantiles since the start: how long a socket that is ready may wait.")
      out.sample(process.loopQuantiles, count: busy.count, sum: busy.sum)
    }
  }

  private func writeProcess(_ process: ProcessFigures, _ out: inout MetricsText) {
    if let bytes = process.residentBytes {
      out.family("process_resident_memory_bytes", .gauge, "Resident memory size in bytes.")
      out.sample(bytes)
    }
    if let seconds = process.cpuSeconds {
      out.family(
        "process_cpu_seconds_total", .counter, "Total user and system CPU time spent in seconds.")
      out.sample([], seconds)
    }
    if let count = process.openDescriptors {
      out.family("process_open_fds", .gauge, "Number of open file descriptors.")
      out.sample(count)
    }
    if let count = process.maxDescriptors {
      out.family("process_max_fds", .gauge, "Maximum number of open file descriptors.")
      out.sample(count)
    }
    if let start = process.startedAt {
      out.family(
        "process_start_time_seconds", .gauge,
        "Start time of the process since unix epoch in seconds.")
      out.sample([], start)
    }
  }
}
