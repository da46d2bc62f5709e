import Bytes
import Prefix
public import Turns
public import Upstream

/// One session's turns, or one turn with everything that is stored about it.
public enum ShowTurns {
  /// - Parameter localTime: `YYYY-MM-DD HH:MM` of milliseconds since 1970.
  public static func table(_ turns: [StoredTurn], localTime: (Int64) -> String) -> String {
    var out = " turn  time              prompt  kept  again  reused hits  what happened\n"
    for turn in turns {
      let record = turn.record
      out += StatsText.right("\(record.turn)", 5) + "  " + localTime(record.startedAt) + "  "
      out += StatsText.right(Humanised.tokens(record.promptTokens), 6)
      out += StatsText.right(StatsText.percent(record.keptShare), 6)
      out += StatsText.right(Humanised.tokens(record.computedAgain), 7)
      out += StatsText.right(record.usage.cachedTokens.map(Humanised.count) ?? "-", 8)
      out += StatsText.right(StatsText.percent(record.usage.split?.hitShare), 5) + "  "
      out += StatsText.cell(event(record), 23).trimmedEnd + "\n"
    }
    return out
  }

  public static func csv(_ turns: [StoredTurn], cost: (StoredTurn) -> CostSummary) -> String {
    var out = ""
    for (place, turn) in turns.enumerated() {
      let fields = fields(turn, cost(turn), time: NDJSONLine.timestamp)
      if place == 0 { out += CSVLine.text(fields.map(\.name)) }
      out += CSVLine.text(fields.map { $0.value ?? "" })
    }
    return out
  }

  /// The object that the file of turns has, with what only the ledger knows and the three figures.
  public static func json(_ turn: StoredTurn, cost: CostSummary) -> [UInt8] {
    var json = NDJSONLine.object(turn.record)
    json.add("server", turn.server.name)
    json.add("workspace", turn.workspace)
    json.add("added_us", turn.record.addedMicros)
    json.add("settings_bytes", turn.sections?.knobs)
    json.add("tools_bytes", turn.sections?.tools)
    json.add("system_bytes", turn.sections?.system)
    json.add("messages_bytes", turn.sections?.messages)
    json.add("new_bytes", turn.sections?.new)
    let (dollars, seconds) = (cost.dollars, cost.seconds)
    for (name, figure) in [
      ("paid", \CostFigures.paid), ("without_cache", \.withoutCache), ("agent_alone", \.agentAlone),
    ] {
      json.add("\(name)_usd", dollars.turns > 0 ? dollars[keyPath: figure] : nil)
      json.add("\(name)_prefill_seconds", seconds.turns > 0 ? seconds[keyPath: figure] : nil)
    }
    json.add("unpriced", cost.unpriced.keys.sorted().first?.text)
    return json.finish() + [0x0A]
  }

  /// Everything about one turn, one line each; what is not known is left out.
  public static func text(
    _ turn: StoredTurn, cost: CostSummary, localTime: @escaping (Int64) -> String
  ) -> String {
    var out = ""
    for field in fields(turn, cost, time: localTime) {
      guard let value = field.value else { continue }
      out += StatsText.cell(field.name, 30) + StatsText.printable(value) + "\n"
    }
    return out
  }

  private struct Field {
    var name: String
    var value: String?
  }

  private static func fields(
    _ turn: StoredTurn, _ cost: CostSummary, time: (Int64) -> String
  ) -> [Field] {
    let record = turn.record
    let position = record.verdict.position
    let split = record.usage.split
    var fields: [Field] = []
    func add(_ name: String, _ value: String?) { fields.append(Field(name: name, value: value)) }
    func add(_ name: String, _ value: Int?) { add(name, value.map { String($0) }) }
    add("session", record.session.description)
    add("turn", record.turn)
    add("started", time(record.startedAt))
    add("agent", record.agent)
    add("model", record.model)
    add("upstream", record.upstream)
    add("server", turn.server.name)
    add("workspace", turn.workspace)
    add("parent session", record.parent?.description)
    add("side call", record.isSideCall ? "yes" : nil)
    add("mode", record.mode.name)
    add("state", "\(record.state)")
    add("status", record.status)
    add("failure", record.failure)
    add("cause", record.verdict.cause == .none ? nil : record.verdict.cause.title)
    add("path", position?.path)
    add("byte in body", position?.bodyOffset)
    add("byte in block", position?.blockOffset)
    add("server cause", record.serverCause?.title)
    add("pin", pin(record.pin))
    add("previous prompt tokens", record.previousTokens.map(exact))
    add("kept as sent", exact(record.keptTokens))
    add("kept as forwarded", exact(record.keptForwardedTokens))
    add("reprocessed as sent", exact(record.reprocessedTokens))
    add("reprocessed as forwarded", exact(record.reprocessedForwardedTokens))
    add("predicted reuse", record.predictedTokens.map(exact))
    add("computed again", exact(record.computedAgain))
    add("prompt tokens", exact(record.promptTokens))
    add("read from cache", record.usage.cachedTokens)
    add("uncached", split?.uncached)
    add("written, short lifetime", record.usage.writtenTokens)
    add("written, one hour", record.usage.writtenHourTokens)
    add("output tokens", record.usage.outputTokens)
    add("added microseconds", record.addedMicros)
    add("first byte ms", record.firstByteMillis)
    add("total ms", record.totalMillis)
    add("prompt ms", record.usage.promptMillis.map { Humanised.fixed($0, 1) })
    add("generation ms", record.usage.generationMillis.map { Humanised.fixed($0, 1) })
    add("received bytes", record.receivedBytes)
    add("forwarded bytes", record.forwardedBytes)
    add("blocks", record.blockCount)
    add("settings bytes", turn.sections?.knobs)
    add("tools bytes", turn.sections?.tools)
    add("system bytes", turn.sections?.system)
    add("messages bytes", turn.sections?.messages)
    add("new bytes", turn.sections?.new)
    add("as paid", figure(cost, \.paid))
    add("without cache", figure(cost, \.withoutCache))
    add("agent alone", figure(cost, \.agentAlone))
    add("unpriced", cost.unpriced.keys.sorted().first?.text)
    return fields
  }

  private static func figure(
    _ cost: CostSummary, _ figure: KeyPath<CostFigures, Double>
  ) -> String? {
    if cost.dollars.turns > 0 { return "$" + Humanised.fixed(cost.dollars[keyPath: figure], 6) }
    if cost.seconds.turns > 0 { return Humanised.fixed(cost.seconds[keyPath: figure], 3) + " s" }
    return nil
  }

  private static func pin(_ pin: PinOutcome) -> String? {
    switch pin {
    case .untouched: nil
    case .held: "held"
    case .refused(let reason): "refused: \(reason)"
    case .rebased(let reason): "rebased: \(reason)"
    }
  }

  private static func event(_ record: TurnRecord) -> String {
    if record.state == .failed { return "FAILED \(record.failure ?? "")" }
    if record.state == .aborted { return "agent went away" }
    if record.verdict.cause != .none { return record.verdict.cause.title }
    if let cause = record.serverCause { return cause.title }
    if record.isSideCall { return "side call" }
    return record.previousTokens == nil ? "first turn" : ""
  }

  private static func exact(_ tokens: TokenCount) -> String {
    (tokens.estimated && tokens.value > 0 ? "~" : "") + String(tokens.value)
  }
}
