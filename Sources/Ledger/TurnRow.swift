import Prefix
import Prompt
import Turns
import Upstream

/// A turn as a row of the table `turns`: one list of columns, bound and read in its order.
enum TurnRow {
  static let columns = """
    run, session, turn, started_at, parent, side_call, agent, model, upstream, server, local, \
    dialect, mode, state, status, failure, first_byte_ms, total_ms, received_bytes, \
    forwarded_bytes, blocks, tools_bytes, system_bytes, messages_bytes, new_bytes, \
    previous_messages, incoming_messages, common_messages, previous_tokens, prompt_tokens, \
    kept_tokens, kept_forwarded_tokens, reprocessed_tokens, reprocessed_forwarded_tokens, \
    predicted_tokens, estimated, reported_prompt_tokens, read_tokens, written_5m_tokens, \
    written_1h_tokens, output_tokens, prompt_ms, generation_ms, cause, tier, path, field, \
    block_group, block_kind, block_index, body_offset, block_offset, server_cause, pin, pin_reason, \
    prefix_bytes, prefix_tokens, prefix_hash, log_bytes, log_tokens, log_hash, \
    tail_bytes, tail_tokens, tail_hash, zone_changes, hit_drop, knobs_bytes, added_us
    """

  /// What is stored beside the record because queries sum it up or test it.
  static let derivedColumns = "computed_again_tokens, uncached_tokens, is_mutation"

  /// A turn that is written again replaces its row.
  static let insert: String = {
    let names = (columns + ", " + derivedColumns).split(separator: ",")
    let marks = names.map { _ in "?" }.joined(separator: ",")
    return "INSERT OR REPLACE INTO turns(\(names.joined(separator: ","))) VALUES(\(marks))"
  }()

  // MARK: Writing

  static func bind(_ turn: StoredTurn, to row: Statement) {
    let record = turn.record
    row.bind(Int(turn.run))
    row.bind(Int(record.session.raw))
    row.bind(record.turn)
    row.bind(Int(record.startedAt))
    row.bind(record.parent.map { Int($0.raw) })
    row.bind(record.isSideCall)
    row.bind(record.agent)
    row.bind(record.model)
    row.bind(record.upstream)
    row.bind(turn.server.name)
    row.bind(turn.isLocal)
    row.bind(Names.name(record.dialect))
    row.bind(record.mode.name)
    row.bind(Names.name(record.state))
    row.bind(record.status)
    row.bind(record.failure)
    row.bind(record.firstByteMillis)
    row.bind(record.totalMillis)
    row.bind(record.receivedBytes)
    row.bind(record.forwardedBytes)
    row.bind(record.blockCount)
    row.bind(turn.sections?.tools)
    row.bind(turn.sections?.system)
    row.bind(turn.sections?.messages)
    row.bind(turn.sections?.new)
    row.bind(record.previousMessages)
    row.bind(record.incomingMessages)
    row.bind(record.commonMessages)
    bindTokens(record, row)
    bindUsage(record.usage, row)
    bindVerdict(record, row)
    bindZones(record, row)
    row.bind(turn.sections?.knobs)
    row.bind(record.addedMicros)
    row.bind(record.computedAgain.value)
    row.bind(record.usage.split?.uncached)
    row.bind(record.verdict.cause.isMutation)
  }

  private static func bindTokens(_ record: TurnRecord, _ row: Statement) {
    let counts = [
      record.previousTokens, record.promptTokens, record.keptTokens, record.keptForwardedTokens,
      record.reprocessedTokens, record.reprocessedForwardedTokens, record.predictedTokens,
    ]
    var estimated = 0
    for (bit, count) in counts.enumerated() {
      row.bind(count?.value)
      if count?.estimated ?? false { estimated |= 1 << bit }
    }
    row.bind(estimated)
  }

  private static func bindUsage(_ usage: Usage, _ row: Statement) {
    row.bind(usage.promptTokens)
    row.bind(usage.cachedTokens)
    row.bind(usage.writtenTokens)
    row.bind(usage.writtenHourTokens)
    row.bind(usage.outputTokens)
    row.bind(usage.promptMillis)
    row.bind(usage.generationMillis)
  }

  private static func bindZones(_ record: TurnRecord, _ row: Statement) {
    let zones = record.zones
    for zone in [zones?.prefix, zones?.log, zones?.tail] {
      row.bind(zone?.bytes)
      row.bind(zone?.tokens)
      row.bind(zone.map { Int($0.hash) })
    }
    row.bind(zones.map { Int($0.changes.rawValue) })
    row.bind(record.hitDrop)
  }

  private static func bindVerdict(_ record: TurnRecord, _ row: Statement) {
    row.bind(Names.name(record.verdict.cause))
    row.bind(Names.name(record.verdict.tier))
    let position = record.verdict.position
    row.bind(position?.path)
    row.bind(position?.field)
    row.bind(position.map { Names.name($0.group) })
    row.bind(position.map { Names.name($0.kind) })
    row.bind(position?.index)
    row.bind(position?.bodyOffset)
    row.bind(position?.blockOffset)
    row.bind(record.serverCause.map(Names.name))
    let pin = Names.name(record.pin)
    row.bind(pin.name)
    row.bind(pin.reason)
  }
}
