import Bytes
import Prefix
import Turns

/// Words and sort keys of a session's row.
enum SessionTexts {
  enum SortKey: Comparable {
    case none
    case number(Double)
    case text(String)
  }

  /// What filter and search look at.
  static func searchable(_ row: SessionRow) -> String {
    let latest = row.latest
    return [
      row.id.description, row.agent, row.model, row.mode.name, latest?.breakPlace ?? "",
      latest?.causeTitle ?? "",
    ].joined(separator: " ").lowercased()
  }

  static func sortKey(_ row: SessionRow, _ column: SortColumn) -> SortKey {
    func number(_ value: Double?) -> SortKey { value.map { .number($0) } ?? .none }
    switch column {
    case .arrival: return .none
    case .agent: return .text(row.agent)
    case .mode: return .number(Double(row.mode.rawValue))
    case .turn: return .number(Double(row.latest?.turn ?? 0))
    case .kept: return number(row.latest?.keptShare)
    case .sent: return number(row.latest?.sentShare)
    case .hit: return number(row.latest?.hitShare)
    case .again: return .number(Double(row.latest?.computedAgain.value ?? 0))
    case .activity: return .number(Double(row.lastActivity))
    }
  }

  /// `waiting 6.4s`, `live 2.1s`, `done 14:03:20` or `idle 38s`, `failed 502`.
  static func state(_ row: SessionRow, state: DashboardState, now: Int64) -> (String, Role) {
    guard let latest = row.latest else { return ("-", .unknown) }
    let elapsed = Humanised.duration(millis: Int(clamping: now - latest.startedAt))
    switch latest.state {
    case .waiting:
      if let progress = row.progress, progress.total > 0 {
        let share = Double(progress.processed) / Double(progress.total)
        return ("prefill \(Humanised.share(share))", .new)
      }
      return ("waiting \(elapsed)", .new)
    case .streaming: return ("live \(elapsed)", .good)
    case .failed: return ("failed\(latest.status.map { " \($0)" } ?? "")", .bad)
    case .aborted: return ("aborted", .warn)
    case .done:
      if let status = latest.status, status >= 400 { return ("answered \(status)", .bad) }
      return (
        state.showsAge
          ? "idle \(Humanised.age(millis: now - row.lastActivity))"
          : "idle \(state.clock.shortTime(row.lastActivity))", .unknown
      )
    }
  }

  /// The last turns' kept shares, oldest first, `width` cells.
  static func trend(_ row: SessionRow, glyphs: Glyphs, width: Int) -> String {
    let count = row.window.count
    var out = ""
    for index in max(0, count - width)..<count {
      guard let share = row.window[index].keptShare else {
        out.append(" ")
        continue
      }
      let step = Int((min(max(share, 0), 1) * 7).rounded())
      out.append(glyphs.trend[step])
    }
    return String(repeating: " ", count: max(0, width - out.count)) + out
  }

  /// One sentence about a session's newest turn.
  static func sentence(_ row: SessionRow, options: DashboardOptions, long: Bool) -> String {
    guard let latest = row.latest else { return "" }
    let name =
      long ? "\(row.id) \(row.agent.isEmpty ? "" : row.agent + " ")\(row.model)" : "\(row.id)"
    return "\(name): \(TurnSentence.text(latest, options: options))"
  }
}
