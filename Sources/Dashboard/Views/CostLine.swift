import Bytes
import Turns
import Upstream

/// One line of the totals: this run by upstream, or what the ledger has. What is not known is nil.
struct CostLine {
  var name: String
  var prompt: Int?
  var reused: Int?
  var again: Int?
  var new: Int?
  /// Computed again had the agent's bytes been forwarded.
  var alone: Int?
  var saved: Int?
  var written: Int?
  var prefillMillis: Double?
  /// Prompt tokens per second.
  var speed: Double?
  var hitShare: Double?
  var costs: CostSummary

  private init(_ name: String, _ totals: Totals, _ costs: CostSummary) {
    self.name = name
    self.costs = costs
    prompt = totals.promptTokens
    reused = totals.reportedPrompt > 0 ? totals.reused : nil
    again = totals.againAsForwarded
    new = totals.newTokens
    alone = totals.againAsSent
    saved = totals.savedTokens
    written = totals.writtenTokens
    hitShare = totals.hitShare
    if totals.prefillTokens > 0, totals.prefillMillis > 0 {
      prefillMillis = totals.prefillMillis
      speed = Double(totals.prefillTokens) * 1_000 / totals.prefillMillis
    }
  }

  private init(_ name: String, _ costs: CostBreakdown) {
    self.name = name
    self.costs = costs.costs
    let totals = costs.totals
    guard totals.turns > 0 else { return }
    again = totals.computedAgainTokens
    saved = totals.savedTokens
    alone = totals.computedAgainTokens + totals.savedTokens
    guard totals.reportedTurns > 0 else { return }
    prompt = totals.promptTokens
    reused = totals.readTokens
    written = totals.writtenTokens
    hitShare = totals.hitShare
  }

  /// This run, then the ledger's today and ever, then this run by upstream if there are several.
  static func totals(_ state: DashboardState) -> [CostLine] {
    let traffic = state.traffic
    let ledger = state.ledgerCosts
    let single = traffic.byUpstream.count == 1 && ledger == nil
    var lines: [CostLine] = []
    if single {
      lines.append(
        CostLine(traffic.byUpstream[0].name, traffic.totals, traffic.costs.costs))
    } else {
      lines.append(CostLine("this run", traffic.totals, traffic.costs.costs))
    }
    if let ledger {
      lines.append(CostLine("today", ledger.day))
      lines.append(CostLine("ever", ledger.all))
    }
    guard traffic.byUpstream.count > 1 else { return lines }
    return lines
      + traffic.byUpstream.map { upstream in
        var costs = CostSummary()
        for model in traffic.costs.models where model.upstream == upstream.name {
          costs.add(model.costs)
        }
        return CostLine(upstream.name, upstream.totals, costs)
      }
  }
}
