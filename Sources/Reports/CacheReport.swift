import Bytes
import Prefix
public import Turns
import Upstream

/// What one session did with the cache: its zones, its turns, its figures. All turns of the session
/// in their order; turns that reached no server and side calls are left out.
public struct CacheReport {
  private let turns: [TurnRecord]
  private let zones: ZoneHistory

  public init(_ turns: [StoredTurn]) {
    let records = turns.map(\.record)
    self.turns = records.filter { !$0.isSideCall && $0.state != .failed }
    zones = ZoneHistory(records)
  }

  private var heading: String {
    guard let last = turns.last, let first = turns.first else { return "no turns\n" }
    return "session \(last.session)  \(StatsText.printable(last.agent))  "
      + "\(StatsText.printable(last.model))  turns \(first.turn) to \(last.turn)\n\n"
  }

  // MARK: Zones

  public func zonesText() -> String {
    guard let latest = zones.latest else { return heading + "no zones are recorded\n" }
    var out = heading + "zone       bytes   tokens  hash      changed  last change\n"
    out += Self.line("prefix", latest.prefix, "\(zones.prefix.changes)", zones.prefix.last)
    out += Self.line("log", latest.log, "\(zones.log.changes)", zones.log.last)
    out += Self.line("tail", latest.tail, "-", nil)
    if let since = zones.driftedSince, let baseline = zones.baseline {
      out +=
        "\nThe prefix differs from the session's own (\(Self.hex(baseline))) since turn \(since), "
      out += "undeclared.\n"
    } else {
      out += "\nThe prefix has been the same for \(StatsText.count(zones.stableTurns, "turn")).\n"
    }
    return out
  }

  private static func line(
    _ name: String, _ zone: PromptZones.Zone, _ changes: String, _ last: ZoneHistory.Change?
  ) -> String {
    let change = last.map { change in
      "turn \(change.turn)" + (change.path.isEmpty ? "" : ", \(change.path)")
        + (change.cause == .none ? "" : ": \(change.cause.title)")
    }
    return StatsText.cell(name, 7) + StatsText.right(Humanised.bytes(zone.bytes), 9)
      + StatsText.right("~" + Humanised.count(zone.tokens), 9) + "  " + hex(zone.hash)
      + StatsText.right(changes, 9) + "  " + StatsText.printable(change ?? "-") + "\n"
  }

  public func zonesJSON() -> [UInt8] {
    var json = JSONObjectWriter()
    json.add("session_id", turns.last?.session.description)
    json.add("turns", zones.turns)
    json.add("prefix_baseline", zones.baseline.map(Self.hex))
    json.add("prefix_drifted_since", zones.driftedSince)
    json.add("prefix_stable_turns", zones.stableTurns)
    let list: [(String, PromptZones.Zone?, ZoneHistory.Stability?)] = [
      ("prefix", zones.latest?.prefix, zones.prefix), ("log", zones.latest?.log, zones.log),
      ("tail", zones.latest?.tail, nil),
    ]
    json.add(
      "zones",
      objects: list.map { name, zone, stability in
        var object = JSONObjectWriter()
        object.add("zone", name)
        object.add("bytes", zone?.bytes)
        object.add("tokens", zone?.tokens)
        object.add("hash", zone.map { Self.hex($0.hash) })
        object.add("changes", stability?.changes)
        object.add("last_change_turn", stability?.last?.turn)
        object.add("last_change_cause", stability?.last.map { "\($0.cause)" })
        object.add("last_change_path", stability?.last?.path)
        return object.finish()
      })
    return json.finish()
  }

  // MARK: Turns

  public func inspectText() -> String {
    var out = heading + " turn  prefix            log     tail   reused hits  marks\n"
    for record in turns {
      out += StatsText.right("\(record.turn)", 5) + "  "
      out += record.zones.map { Self.hex($0.prefix.hash) } ?? "-       "
      out += StatsText.right(Self.tokens(record.zones?.prefix), 7)
      out += StatsText.right(Self.tokens(record.zones?.log), 7)
      out += StatsText.right(Self.tokens(record.zones?.tail), 8)
      out += StatsText.right(record.usage.cachedTokens.map(Humanised.count) ?? "-", 9)
      out += StatsText.right(StatsText.percent(record.usage.split?.hitShare), 5) + "  "
      out += Self.marks(record).joined(separator: ", ") + "\n"
    }
    return out
  }

  private static func tokens(_ zone: PromptZones.Zone?) -> String {
    zone.map { "~" + Humanised.count($0.tokens) } ?? "-"
  }

  /// What stands out about a turn.
  private static func marks(_ record: TurnRecord) -> [String] {
    var marks: [String] = []
    if record.zones?.changes.contains(.prefix) ?? false { marks.append("prefix changed") }
    if record.zones?.changes.contains(.log) ?? false { marks.append("log changed") }
    if let drop = record.hitDrop { marks.append("hits fell by \(Humanised.count(drop))") }
    if record.pin == .held { marks.append("held") }
    if case .rebased = record.pin { marks.append("rebased") }
    return marks
  }

  public func inspectJSON() -> [[UInt8]] {
    turns.map { record in
      var json = JSONObjectWriter()
      json.add("session_id", record.session.description)
      json.add("turn", record.turn)
      let zones = record.zones
      for (name, zone) in [("prefix", zones?.prefix), ("log", zones?.log), ("tail", zones?.tail)] {
        json.add("\(name)_bytes", zone?.bytes)
        json.add("\(name)_tokens", zone?.tokens)
        json.add("\(name)_hash", zone.map { Self.hex($0.hash) })
      }
      json.add("prefix_changed", zones?.changes.contains(.prefix) ?? false)
      json.add("log_changed", zones?.changes.contains(.log) ?? false)
      json.add("cause", "\(record.verdict.cause)")
      json.add("cached_tokens", record.usage.cachedTokens)
      json.add("hit_share", record.usage.split?.hitShare)
      json.add("hit_drop_tokens", record.hitDrop)
      return json.finish()
    }
  }

  // MARK: Figures

  private struct Figures {
    var totals = SessionTotals()
    var drops = 0
    var droppedTokens = 0
    var levels: [HitLevel: Int] = [:]
  }

  private var figures: Figures {
    var figures = Figures()
    for record in turns {
      figures.totals.add(record)
      if let drop = record.hitDrop {
        figures.drops += 1
        figures.droppedTokens += drop
      }
      if let share = record.usage.split?.hitShare {
        figures.levels[HitLevel(share: share), default: 0] += 1
      }
    }
    return figures
  }

  public func statsText() -> String {
    let figures = figures
    let totals = figures.totals
    func line(_ name: String, _ value: String) -> String { StatsText.cell(name, 24) + value + "\n" }
    func level(_ level: HitLevel) -> String { "\(figures.levels[level] ?? 0)" }
    return heading
      + line("hit rate", StatsText.percent(totals.hitShare))
      + line("turns above 80%", level(.high)) + line("turns between", level(.middling))
      + line("turns below 40%", level(.low))
      + line("turns without a report", "\(totals.unreportedTurns)")
      + line(
        "sharp falls",
        figures.drops == 0
          ? "0" : "\(figures.drops), \(Humanised.count(figures.droppedTokens)) tokens in all")
      + line("tokens read", Humanised.count(totals.readTokens))
      + line("tokens written", Humanised.count(totals.writtenTokens))
      + line("tokens uncached", Humanised.count(totals.uncachedTokens))
      + line("tokens computed again", Humanised.count(totals.computedAgainTokens))
      + line("prefix changed", StatsText.count(zones.prefix.changes, "time"))
      + line("log changed", StatsText.count(zones.log.changes, "time"))
  }

  public func statsJSON() -> [UInt8] {
    let figures = figures
    let totals = figures.totals
    var json = JSONObjectWriter()
    json.add("session_id", turns.last?.session.description)
    json.add("turns", totals.turns)
    json.add("reported_turns", totals.reportedTurns)
    json.add("hit_share", totals.hitShare)
    json.add("turns_high", figures.levels[.high] ?? 0)
    json.add("turns_middling", figures.levels[.middling] ?? 0)
    json.add("turns_low", figures.levels[.low] ?? 0)
    json.add("hit_drops", figures.drops)
    json.add("hit_drop_tokens", figures.droppedTokens)
    json.add("read_tokens", totals.readTokens)
    json.add("written_tokens", totals.writtenTokens)
    json.add("uncached_tokens", totals.uncachedTokens)
    json.add("computed_again_tokens", totals.computedAgainTokens)
    json.add("prefix_changes", zones.prefix.changes)
    json.add("log_changes", zones.log.changes)
    return json.finish()
  }

  private static func hex(_ hash: UInt32) -> String { hexadecimal(UInt64(hash), digits: 8) }
}
