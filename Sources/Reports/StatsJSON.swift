import Bytes
import Turns
import Upstream

/// The report as one JSON object. What is not known is null, never 0.
public enum StatsJSON {
  public static func bytes(_ report: StatsReport) -> [UInt8] {
    var json = JSONObjectWriter()
    json.add("from", report.isEmpty ? nil : NDJSONLine.timestamp(report.first))
    json.add("to", report.isEmpty ? nil : NDJSONLine.timestamp(report.last))
    add(report.totals, to: &json)
    add(report.breakdown.costs, to: &json)
    json.add("prices_date", report.breakdown.prices.date)
    json.add("models", objects: report.breakdown.models.map(model))
    json.add("days", objects: report.days.map(day))
    json.add("hit_share_over_time", objects: report.series(24).map(number))
    json.add("sessions", objects: report.sessions.map(SessionsList.json))
    return json.finish() + [0x0A]
  }

  private static func model(_ model: CostBreakdown.Model) -> [UInt8] {
    var json = JSONObjectWriter()
    json.add("upstream", model.upstream)
    json.add("model", model.model)
    add(model.totals, to: &json)
    add(model.costs, to: &json)
    json.add("prefill_tokens_per_second", model.prefillSpeed)
    return json.finish()
  }

  private static func day(_ day: StatsReport.Day) -> [UInt8] {
    var json = JSONObjectWriter()
    json.add("date", day.date)
    add(day.totals, to: &json)
    add(day.costs, to: &json)
    return json.finish()
  }

  private static func add(_ totals: SessionTotals, to json: inout JSONObjectWriter) {
    let isReported = totals.reportedTurns > 0
    json.add("turns", totals.turns)
    json.add("side_calls", totals.sideCalls)
    json.add("failed_turns", totals.failedTurns)
    json.add("breaks", totals.breaks)
    json.add("unreported_turns", totals.unreportedTurns)
    json.add("hit_share", totals.hitShare)
    json.add("uncached_tokens", isReported ? totals.uncachedTokens : nil)
    json.add("read_tokens", isReported ? totals.readTokens : nil)
    json.add("written_tokens", isReported ? totals.writtenTokens : nil)
    json.add("output_tokens", totals.outputTokens)
    json.add("computed_again_tokens", totals.computedAgainTokens)
    json.add("saved_tokens", totals.savedTokens)
  }

  private static func add(_ costs: CostSummary, to json: inout JSONObjectWriter) {
    json.add("dollars", json: figures(costs.dollars))
    json.add("prefill_seconds", json: figures(costs.seconds))
    var unpriced = JSONObjectWriter()
    for (reason, turns) in costs.unpriced.sorted(by: { $0.key < $1.key }) {
      unpriced.add(reason.text, turns)
    }
    json.add("unpriced_turns", json: unpriced.finish())
  }

  private static func figures(_ figures: CostFigures) -> [UInt8] {
    guard figures.turns > 0 else { return Array("null".utf8) }
    var json = JSONObjectWriter()
    json.add("turns", figures.turns)
    json.add("as_paid", figures.paid)
    json.add("without_cache", figures.withoutCache)
    json.add("agent_alone", figures.agentAlone)
    return json.finish()
  }

  private static func number(_ value: Double?) -> [UInt8] {
    Array((value.map { String($0) } ?? "null").utf8)
  }
}
