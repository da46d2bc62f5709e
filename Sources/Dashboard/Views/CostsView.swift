import Bytes
import Prefix
import Turns

/// What prompts cost, in tokens or in seconds of prefill; "not reported" stays a question mark.
enum CostsView {
  static func draw(_ state: DashboardState, _ frame: inout Frame) {
    drawTotals(state, &frame)
    drawSessions(state, &frame)
    drawHours(state, &frame)
  }

  // MARK: Totals

  private struct Line {
    let name: String
    let totals: Totals
  }

  private static func drawTotals(_ state: DashboardState, _ frame: inout Frame) {
    let area = state.layout.costTotals
    var row = area.row
    if state.layout.isTall {
      Rules.draw(&frame, row: row, title: "totals", glyphs: state.glyphs)
      row += 1
    }
    let tier = state.layout.tier
    typealias C = Column<Line>
    var columns = [
      C(title: "server", width: 8, weight: 1, most: 20) {
        TableCell($0.name.isEmpty ? "-" : $0.name)
      }
    ]
    func amount(_ title: String, _ value: @escaping (Totals) -> Int?) -> C {
      C(title: title, width: max(7, title.count), right: true) {
        TableCell(cost(value($0.totals), $0.totals, state))
      }
    }
    columns.append(amount("prompt") { $0.promptTokens })
    columns.append(amount("reused") { $0.reportedPrompt > 0 ? $0.reused : nil })
    columns.append(amount(tier >= .wide ? "reprocessed" : "again") { $0.againAsForwarded })
    if tier >= .normal {
      columns.append(amount("new") { $0.newTokens })
      columns.append(amount("agent alone") { $0.againAsSent })
    }
    if tier >= .narrow { columns.append(amount("saved") { $0.savedTokens }) }
    if tier >= .wide {
      columns.append(amount("written") { $0.writtenTokens })
      columns.append(
        C(title: "prefill", width: 8, right: true) {
          TableCell(
            $0.totals.prefillTokens == 0 ? "?" : Humanised.work(millis: $0.totals.prefillMillis))
        })
      columns.append(
        C(title: "tok/s", width: 6, right: true) {
          let totals = $0.totals
          guard totals.prefillMillis > 0 else { return TableCell("?") }
          return TableCell(
            Humanised.count(Int(Double(totals.prefillTokens) * 1_000 / totals.prefillMillis)))
        })
    }
    let table = Table(columns: columns, width: state.size.columns)
    table.drawHeader(&frame, row: row)
    row += 1
    let traffic = state.traffic
    var lines = traffic.byUpstream.map { Line(name: $0.name, totals: $0.totals) }
    if lines.count != 1 { lines.insert(Line(name: "all", totals: traffic.totals), at: 0) }
    for line in lines.prefix(max(0, area.endRow - row)) {
      table.draw(line, &frame, row: row, isSelected: false)
      row += 1
    }
  }

  /// A number of tokens in the unit chosen; seconds by the speed seen so far.
  private static func cost(_ tokens: Int?, _ totals: Totals, _ state: DashboardState) -> String {
    guard let tokens else { return "?" }
    switch state.unit {
    case .tokens: return Humanised.count(tokens)
    case .seconds:
      if tokens < 0 {
        return totals.prefillMillis(of: -tokens).map { "-" + Humanised.work(millis: $0) } ?? "?"
      }
      return Humanised.work(millis: totals.prefillMillis(of: tokens))
    }
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
        TableCell(cost(value($0.totals), $0.totals, state))
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
        + "reprocessed_tokens,reprocessed_tokens_as_sent,new_tokens,breaks,held,prefill_ms"
    ]
    for id in state.visible {
      guard let row = state.traffic[id] else { continue }
      let totals = row.totals
      let numbers = [
        totals.turns, totals.promptTokens, totals.reportedPrompt, totals.reused,
        totals.againAsForwarded, totals.againAsSent, totals.newTokens, totals.broke, totals.held,
        Int(min(totals.prefillMillis, 1e15)),
      ]
      lines.append(
        ([row.id.description, quoted(row.agent), quoted(row.model)] + numbers.map(String.init))
          .joined(separator: ","))
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

  // MARK: Hours

  private static func drawHours(_ state: DashboardState, _ frame: inout Frame) {
    let area = state.layout.costHours
    guard area.rows >= 7 else { return }
    Rules.draw(&frame, row: area.row, title: "reported reuse by hour", glyphs: state.glyphs)
    let hours = state.traffic.hours
    guard !hours.isEmpty else {
      frame.put("no server has reported reuse yet", row: area.row + 1, column: 3, role: .unknown)
      return
    }
    let shown = hours.suffix((state.size.columns - 10) / 6)
    let levels = area.rows - 2
    for level in 0..<levels {
      let row = area.row + 1 + level
      // A column reaches a line if its share is above the middle of that line.
      let threshold = (Double(levels - level) - 0.5) / Double(levels)
      if level == 0 { frame.put("100%", row: row, column: 1, role: .unknown) }
      if level == levels - 1 { frame.put("  0%", row: row, column: 1, role: .unknown) }
      frame.put(String(state.glyphs.vertical), row: row, column: 6, role: .frame)
      for (index, hour) in shown.enumerated() {
        let share = hour.prompt > 0 ? Double(hour.reused) / Double(hour.prompt) : 0
        guard share >= threshold else { continue }
        frame.put(
          String(repeating: state.glyphs.kept, count: 4), row: row, column: 8 + index * 6,
          role: Role.forShare(share))
      }
    }
    for (index, hour) in shown.enumerated() {
      frame.put(
        Humanised.padded(hour.hour % 24, 2) + "h", row: area.endRow - 1, column: 8 + index * 6,
        role: .unknown)
    }
  }
}
