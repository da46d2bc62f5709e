import Bytes
import Prefix
import Turns
import Upstream

/// What prompts cost, in tokens, in seconds of prefill or in money; "not reported" stays a question
/// mark. Seconds and money come as three figures over the same turns: as paid, without any cache,
/// and for the agent alone.
enum CostsView {
  static func draw(_ state: DashboardState, _ frame: inout Frame) {
    drawTotals(state, &frame)
    drawSessions(state, &frame)
    drawHours(state, &frame)
  }

  static func title(_ unit: DashboardState.CostUnit, long: Bool) -> String {
    switch unit {
    case .tokens: "tokens"
    case .seconds: long ? "seconds of prefill, on machines of one's own" : "seconds"
    case .money: long ? "money, on paid APIs" : "money"
    }
  }

  /// Why turns of this run have no price; empty if all have one or none is asked for.
  static func unpriced(_ state: DashboardState) -> String {
    let reasons = state.traffic.costs.costs.unpriced.sorted { $0.key < $1.key }
    guard state.unit != .tokens, !reasons.isEmpty else { return "" }
    return "unpriced in this run: "
      + reasons.map { "\(Humanised.plural($0.value, "turn")) \($0.key.text)" }
      .joined(separator: ", ")
  }

  // MARK: Totals

  private static func drawTotals(_ state: DashboardState, _ frame: inout Frame) {
    let area = state.layout.costTotals
    var row = area.row
    if state.layout.isTall {
      let remark =
        state.unit == .money
        ? "prices of \(state.options.prices.date)" : ""
      Rules.draw(&frame, row: row, title: "totals", remark: remark, glyphs: state.glyphs)
      row += 1
    }
    let columns = state.unit == .tokens ? tokenColumns(state) : figureColumns(state)
    let table = Table(columns: columns, width: state.size.columns)
    table.drawHeader(&frame, row: row)
    row += 1
    for line in CostLine.totals(state).prefix(max(0, area.endRow - row)) {
      table.draw(line, &frame, row: row, isSelected: false)
      row += 1
    }
  }

  private typealias LineColumn = Column<CostLine>

  private static func name(_ width: Int) -> LineColumn {
    LineColumn(title: "", width: width, weight: 1, most: 20) {
      TableCell($0.name.isEmpty ? "-" : $0.name)
    }
  }

  private static func tokenColumns(_ state: DashboardState) -> [LineColumn] {
    let tier = state.layout.tier
    func amount(_ title: String, _ value: @escaping (CostLine) -> Int?) -> LineColumn {
      LineColumn(title: title, width: max(7, title.count), right: true) {
        TableCell(tokens(value($0)))
      }
    }
    var columns = [name(8)]
    columns.append(amount("prompt", \.prompt))
    columns.append(amount("reused", \.reused))
    columns.append(amount(tier >= .wide ? "reprocessed" : "again", \.again))
    if tier >= .normal {
      columns.append(amount("new", \.new))
      columns.append(amount("agent alone", \.alone))
    }
    if tier >= .narrow { columns.append(amount("saved", \.saved)) }
    if tier >= .wide {
      columns.append(amount("written", \.written))
      columns.append(
        LineColumn(title: "prefill", width: 8, right: true) {
          TableCell($0.prefillMillis.map { Humanised.work(millis: $0) } ?? "?")
        })
      columns.append(
        LineColumn(title: "tok/s", width: 6, right: true) {
          TableCell($0.speed.map { Humanised.count(Int(min($0, 1e9))) } ?? "?")
        })
    }
    return columns
  }

  private static func figureColumns(_ state: DashboardState) -> [LineColumn] {
    let tier = state.layout.tier
    let prompt = LineColumn(title: "prompt", width: 7, right: true) {
      TableCell(tokens($0.prompt))
    }
    let hit = LineColumn(title: tier >= .wide ? "reported" : "hit", width: 8, right: true) {
      TableCell(Humanised.share($0.hitShare), Role.forShare($0.hitShare))
    }
    let name = name(tier == .tiny ? 7 : 8)
    let figures = figureColumns(state) { (line: CostLine) in line.costs }
    return tier >= .normal ? [name, prompt, hit] + figures : [name] + figures
  }

  /// The three figures, what pinning saved, and the turns that are in none of them.
  private static func figureColumns<Item>(
    _ state: DashboardState, _ summary: @escaping (Item) -> CostSummary
  ) -> [Column<Item>] {
    let tier = state.layout.tier
    let unit = state.unit
    func figure(
      _ title: String, _ width: Int, _ value: @escaping (CostFigures) -> Double
    ) -> Column<Item> {
      Column(title: title, width: max(width, title.count), right: true) {
        let summary = summary($0)
        let figures = CostsView.figures(summary, unit)
        guard figures.turns > 0 else {
          return TableCell(summary.unpriced.isEmpty ? "-" : "?", .unknown)
        }
        return TableCell(amount(value(figures), unit))
      }
    }
    let width = tier == .tiny ? 7 : 9
    var columns = [
      figure(tier >= .narrow ? "as paid" : "paid", width, \.paid),
      figure("no cache", width, \.withoutCache),
      figure(tier >= .narrow ? "agent alone" : "alone", width, \.agentAlone),
    ]
    if tier >= .narrow { columns.append(figure("saved", 8) { $0.agentAlone - $0.paid }) }
    if tier >= .normal {
      columns.append(
        Column(title: "unpriced", width: 8, right: true) {
          let count = summary($0).unpriced.values.reduce(0, +)
          return TableCell(count == 0 ? "-" : Humanised.count(count), .unknown)
        })
    }
    return columns
  }

  private static func figures(_ summary: CostSummary, _ unit: DashboardState.CostUnit)
    -> CostFigures
  {
    unit == .money ? summary.dollars : summary.seconds
  }

  private static func amount(
    _ value: Double, _ unit: DashboardState.CostUnit
  ) -> String {
    guard unit == .seconds else { return Humanised.dollars(value) }
    guard abs(value) >= 0.005 else { return "0s" }
    return (value < 0 ? "-" : "") + Humanised.work(millis: abs(value) * 1_000)
  }

  private static func tokens(_ count: Int?) -> String {
    guard let count else { return "?" }
    return count < 0 ? "-" + Humanised.count(-max(count, -.max)) : Humanised.count(count)
  }

  // MARK: Sessions

  private static func drawSessions(_ state: DashboardState, _ frame: inout Frame) {
    let area = state.layout.costSessions
    guard !area.isEmpty else { return }
    var row = area.row
    if state.layout.isTall {
      Rules.draw(&frame, row: row, title: "by session", glyphs: state.glyphs)
      row += 1
    }
    let table = Table(columns: sessionColumns(state), width: state.size.columns)
    table.drawHeader(&frame, row: row)
    for item in shownRows(state) {
      row += 1
      table.draw(item, &frame, row: row, isSelected: item.id == state.selectedSession)
    }
  }

  static func shownRows(_ state: DashboardState) -> [SessionRow] {
    let ids = state.visible
    let rows = state.layout.costRows
    let top = min(state.costTop, max(0, ids.count - rows))
    return ids[top..<min(ids.count, top + rows)].compactMap { state.traffic[$0] }
  }

  private static func sessionColumns(_ state: DashboardState) -> [Column<SessionRow>] {
    typealias C = Column<SessionRow>
    let tier = state.layout.tier
    func amount(_ title: String, _ value: @escaping (Totals) -> Int) -> C {
      C(title: title, width: max(7, title.count), right: true) {
        TableCell(tokens(value($0.totals)))
      }
    }
    let session = C(title: "session", width: 8) { TableCell($0.id.description) }
    let agent = C(title: "agent", width: 11, weight: 1, most: 16) {
      TableCell($0.agent.isEmpty ? "-" : $0.agent)
    }
    let turns = C(title: "turns", width: 5, right: true) { TableCell(String($0.totals.turns)) }
    let hit = C(
      title: tier >= .wide ? "reported" : "hit", width: tier >= .wide ? 8 : 4, right: true
    ) {
      TableCell(Humanised.share($0.totals.hitShare), Role.forShare($0.totals.hitShare))
    }
    if state.unit != .tokens {
      let speeds = state.traffic.costs.speeds
      let figures = figureColumns(state) { (row: SessionRow) in
        row.costs.summary(speeds: speeds)
      }
      switch tier {
      case .tiny: return [session] + figures
      case .narrow: return [session] + figures
      case .normal: return [session, turns, hit] + figures
      case .wide, .vast: return [session, agent, turns, hit] + figures
      }
    }
    let held = C(title: "held", width: 4, right: true) { TableCell(String($0.totals.held)) }
    let broke = C(title: "broke", width: 5, right: true) { TableCell(String($0.totals.broke)) }
    let prompt = amount("prompt") { $0.promptTokens }
    let again = amount(tier >= .wide ? "reprocessed" : "again") { $0.againAsForwarded }
    let alone = amount("agent alone") { $0.againAsSent }
    let saved = amount(tier >= .wide ? "saved by pinning" : "saved") { $0.savedTokens }
    switch tier {
    case .tiny: return [session, prompt, hit, again]
    case .narrow: return [session, turns, prompt, hit, again, saved]
    case .normal: return [session, agent, turns, prompt, hit, again, broke, held, saved]
    case .wide, .vast:
      return [session, agent, turns, prompt, hit, again, broke, held, alone, saved]
    }
  }

  /// The table by session as comma separated values.
  static func commaSeparated(_ state: DashboardState) -> String {
    var lines = [
      "session,agent,model,turns,prompt_tokens,reported_prompt_tokens,reused_tokens,"
        + "reprocessed_tokens,reprocessed_tokens_as_sent,new_tokens,breaks,held,prefill_ms,"
        + "paid_usd,without_cache_usd,agent_alone_usd,paid_s,without_cache_s,agent_alone_s,"
        + "unpriced_turns"
    ]
    let speeds = state.traffic.costs.speeds
    for id in state.visible {
      guard let row = state.traffic[id] else { continue }
      let totals = row.totals
      let numbers = [
        totals.turns, totals.promptTokens, totals.reportedPrompt, totals.reused,
        totals.againAsForwarded, totals.againAsSent, totals.newTokens, totals.broke, totals.held,
        Int(min(totals.prefillMillis, 1e15)),
      ]
      let costs = row.costs.summary(speeds: speeds)
      let figures = [costs.dollars, costs.seconds].flatMap { figures in
        [figures.paid, figures.withoutCache, figures.agentAlone].map {
          figures.turns > 0 ? Humanised.fixed($0, 6) : ""
        }
      }
      lines.append(
        ([row.id.description, quoted(row.agent), quoted(row.model)] + numbers.map(String.init)
          + figures + [String(costs.unpriced.values.reduce(0, +))]).joined(separator: ","))
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func quoted(_ text: String) -> String {
    guard text.contains(where: { $0 == "," || $0 == "\"" }) else { return text }
    var out = "\""
    for character in text {
      if character == "\"" { out.append("\"") }
      out.append(character)
    }
    return out + "\""
  }
}
