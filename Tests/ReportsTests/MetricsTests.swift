import Prefix
import Prompt
import Testing
import Turns
import Upstream

@testable import Reports

@Suite struct MetricsTests {
  private static func record(_ change: (inout TurnRecord) -> Void = { _ in }) -> TurnRecord {
    var record = TurnRecord(
      session: SessionID(raw: 1), turn: 2, dialect: .openAIChat, startedAt: 1_000)
    record.state = .done
    record.status = 200
    record.model = "m"
    record.upstream = "default"
    record.previousTokens = TokenCount(1_000, estimated: false)
    record.reprocessedTokens = TokenCount(400, estimated: false)
    record.usage = Usage(promptTokens: 1_100, cachedTokens: 600, outputTokens: 50)
    record.firstByteMillis = 300
    record.totalMillis = 2_000
    record.addedMicros = 80
    change(&record)
    return record
  }

  private static func text(_ events: [TurnEvent], _ figures: ProcessFigures = .init())
    -> [Substring]
  {
    var metrics = TurnMetrics()
    for event in events { metrics.note(event) }
    return metrics.text(figures).split(separator: "\n")
  }

  @Test func `tokens are counted by what the server did with them`() {
    let lines = Self.text([.finished(Self.record()), .finished(Self.record())])
    let labels = #"upstream="default",gen_ai_request_model="m",gen_ai_operation_name="chat""#
    for (type, kind, count) in [
      ("input", "uncached", 1_000), ("input", "cache_read", 1_200), ("input", "cache_write", 0),
      ("output", "output", 100),
    ] {
      let line = #"holdfast_tokens_total{\#(labels),gen_ai_token_type="\#(type)",kind="\#(kind)"} "#
      #expect(lines.contains(Substring(line + "\(count)")))
    }
    #expect(lines.contains(#"holdfast_turns_total{\#(labels),outcome="done"} 2"#))
  }

  @Test func `a turn that nobody reported on is counted as such, not as nothing reused`() {
    let lines = Self.text([.finished(Self.record { $0.usage = Usage() })])
    #expect(
      lines.contains {
        $0.hasPrefix("holdfast_unreported_turns_total{") && $0.hasSuffix(" 1")
      })
    #expect(
      lines.contains(#"holdfast_reprocessed_tokens_total{upstream="default",view="as_sent"} 400"#))
    #expect(
      lines.contains(#"holdfast_reprocessed_tokens_total{upstream="default",view="reported"} 0"#))
  }

  @Test func `hits are told turn by turn, where they were reported, and sharp falls are counted`() {
    let lines = Self.text([
      .finished(Self.record { $0.usage.cachedTokens = 1_089 }),
      .finished(
        Self.record {
          $0.usage.cachedTokens = 330
          $0.hitDrop = 3_000
        }), .finished(Self.record { $0.usage = Usage() }),
    ])
    let name = #"holdfast_hit_ratio_bucket{upstream="default",le="#
    // 30 % and 99 %.
    #expect(lines.contains(Substring(name + #""0"} 0"#)))
    #expect(lines.contains(Substring(name + #""0.4"} 1"#)))
    #expect(lines.contains(Substring(name + #""0.99"} 2"#)))
    #expect(lines.contains(#"holdfast_hit_ratio_count{upstream="default"} 2"#))
    #expect(lines.contains(#"holdfast_hit_drops_total{upstream="default"} 1"#))
  }

  @Test func `the loop's lag is told by quantiles`() {
    var figures = ProcessFigures()
    figures.loopBusy = Histogram(bounds: [1], counts: [2, 1], sum: 7)
    figures.loopQuantiles = [(0.5, 0.001), (0.99, 2)]
    let lines = Self.text([], figures)
    for line in [
      "# TYPE holdfast_loop_lag_seconds summary",
      #"holdfast_loop_lag_seconds{quantile="0.5"} 0.001"#,
      #"holdfast_loop_lag_seconds{quantile="0.99"} 2"#, "holdfast_loop_lag_seconds_count 3",
      "holdfast_loop_lag_seconds_sum 7",
    ] {
      #expect(lines.contains(Substring(line)))
    }
  }

  @Test func `there is a family for everything that is promised`() {
    var figures = ProcessFigures()
    figures.loopBusy = Histogram(bounds: [1], counts: [2, 1], sum: 7)
    figures.residentBytes = 1
    let families = Set(
      Self.text([.finished(Self.record())], figures).filter { $0.hasPrefix("# TYPE") }
        .map { $0.split(separator: " ").dropFirst(2).joined(separator: " ") })
    #expect(
      families.isSuperset(of: [
        "holdfast_turns_total counter", "holdfast_verdicts_total counter",
        "holdfast_tokens_total counter", "holdfast_hit_ratio histogram",
        "holdfast_added_latency_seconds histogram", "holdfast_loop_busy_seconds histogram",
        "holdfast_loop_lag_seconds summary",
        "process_resident_memory_bytes gauge", "holdfast_upstream_errors_total counter",
      ]))
  }

  @Test func `verdicts are counted by cause and by whose it is`() {
    let events = [Cause.none, .clock, .clock].map { cause in
      TurnEvent.finished(Self.record { $0.verdict.cause = cause })
    }
    let lines = Self.text(events)
    #expect(
      lines.contains(
        #"holdfast_verdicts_total{upstream="default",cause="none",side="nobody"} 1"#))
    #expect(
      lines.contains(
        #"holdfast_verdicts_total{upstream="default",cause="clock",side="agent"} 2"#))
  }

  @Test func `failed turns are counted by status`() {
    let events = [502, 502, 429].map { status in
      TurnEvent.finished(
        Self.record {
          $0.state = .failed
          $0.status = status
        })
    }
    let lines = Self.text(events)
    #expect(
      lines.contains(#"holdfast_upstream_errors_total{upstream="default",error_type="502"} 2"#))
    #expect(
      lines.contains(#"holdfast_upstream_errors_total{upstream="default",error_type="429"} 1"#))
  }

  @Test func `a histogram counts each value in all buckets that are not below it`() {
    let lines = Self.text([
      .finished(Self.record { $0.addedMicros = 80 }),
      .finished(Self.record { $0.addedMicros = 100 }),
      .finished(Self.record { $0.addedMicros = 9_000_000 }),
    ])
    let name = "holdfast_added_latency_seconds"
    #expect(lines.contains(#"\#(name)_bucket{upstream="default",le="5e-05"} 0"#))
    #expect(lines.contains(#"\#(name)_bucket{upstream="default",le="0.0001"} 2"#))
    #expect(lines.contains(#"\#(name)_bucket{upstream="default",le="1"} 2"#))
    #expect(lines.contains(#"\#(name)_bucket{upstream="default",le="+Inf"} 3"#))
    #expect(lines.contains(#"\#(name)_count{upstream="default"} 3"#))
  }

  @Test func `however many models are named, the number of series is bounded`() {
    let events = (0..<1_000).map { number in
      TurnEvent.finished(Self.record { $0.model = "model-\(number)" })
    }
    let turns = Self.text(events).filter { $0.hasPrefix("holdfast_turns_total{") }
    #expect(turns.count == TurnMetrics.seriesLimit + 1)
    #expect(turns.contains { $0.contains(#"model="other""#) && $0.hasSuffix(" 800") })
  }

  @Test func `what stands in labels cannot leave them`() {
    let lines = Self.text([.finished(Self.record { $0.model = "a\"} 1\nx \\" })])
    #expect(lines.contains { $0.contains(#"gen_ai_request_model="a\"} 1\nx \\",gen"#) })
  }

  @Test func `no label names a session`() {
    let text = Self.text([.started(Self.record()), .finished(Self.record())]).joined()
    #expect(!text.contains("00000001"))
  }

  @Test func `every family says what it is before its samples, once`() {
    var figures = ProcessFigures()
    figures.loopBusy = Histogram(bounds: [1], counts: [2, 1], sum: 7)
    figures.residentBytes = 1
    figures.cpuSeconds = 1.5
    figures.openDescriptors = 3
    figures.maxDescriptors = 4
    figures.startedAt = 5
    figures.droppedEvents = [("dashboard", 0)]
    let status = UpstreamStatus(
      name: "default", address: "127.0.0.1:8080", kind: .llamaCpp, state: .up, connectMillis: 3)
    let lines = Self.text([.upstream(status), .finished(Self.record())], figures)
    var families: [Substring] = []
    for line in lines {
      let words = line.split(separator: " ", maxSplits: 3)
      if line.hasPrefix("# HELP") {
        #expect(words.count == 4)
        families.append(words[2])
      } else if line.hasPrefix("# TYPE") {
        #expect(words[2] == families.last)
        if words[3] == "counter" { #expect(words[2].hasSuffix("_total")) }
      } else {
        #expect(line.hasPrefix(families.last ?? "-"))
      }
    }
    #expect(Set(families).count == families.count)
    #expect(
      lines.contains(
        #"holdfast_upstream_info{upstream="default",server_address="127.0.0.1:8080",gen_ai_provider_name="llama_cpp"} 1"#
      ))
    #expect(lines.contains(#"holdfast_loop_busy_seconds_bucket{le="+Inf"} 3"#))
  }
}
