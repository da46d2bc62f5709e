import Prefix
import Prompt
import Turns
import Upstream

/// Reads the columns of a row one after the other. Whatever a damaged file holds comes out as a
/// number in range or a text; nothing here can trap.
private struct RowCursor {
  let row: Statement
  var column: Int32 = -1

  mutating func integer() -> Int? {
    column += 1
    return row.integer(column)
  }

  /// A count: never negative, small enough that sums of counts cannot overflow.
  mutating func count() -> Int? { integer().map { min(max(0, $0), 1 << 40) } }

  /// Milliseconds since 1970.
  mutating func time() -> Int64 { Int64(min(max(0, integer() ?? 0), 1 << 50)) }

  mutating func number() -> Double? {
    column += 1
    return row.double(column).map { min(max(0, $0), 1e15) }
  }

  mutating func text() -> String? {
    column += 1
    return row.text(column)
  }

  mutating func session() -> SessionID? {
    integer().map { SessionID(raw: UInt32(truncatingIfNeeded: $0)) }
  }
}

extension TurnRow {
  /// The turn of a row whose columns are `columns`, in that order, followed by the workspace.
  static func read(_ row: Statement) -> StoredTurn {
    var cursor = RowCursor(row: row)
    let run = Int64(cursor.integer() ?? 0)
    let session = cursor.session() ?? SessionID(raw: 0)
    let turn = cursor.count() ?? 0
    let started = cursor.time()
    var record = TurnRecord(
      session: session, turn: turn, dialect: .openAIChat, startedAt: started)
    record.parent = cursor.session()
    record.isSideCall = cursor.integer() == 1
    record.agent = cursor.text() ?? ""
    record.model = cursor.text() ?? ""
    record.upstream = cursor.text() ?? ""
    let server = Names.server(cursor.text() ?? "")
    let isLocal = cursor.integer() == 1
    record.dialect = Names.dialect(cursor.text() ?? "")
    record.mode = PinMode(name: cursor.text() ?? "") ?? .off
    record.state = Names.state(cursor.text() ?? "")
    record.status = cursor.count()
    record.failure = cursor.text()
    record.firstByteMillis = cursor.count()
    record.totalMillis = cursor.count()
    record.receivedBytes = cursor.count() ?? 0
    record.forwardedBytes = cursor.count() ?? 0
    record.blockCount = cursor.count() ?? 0
    var sections = readSections(&cursor)
    record.previousMessages = cursor.count() ?? 0
    record.incomingMessages = cursor.count() ?? 0
    record.commonMessages = cursor.count() ?? 0
    readTokens(&record, &cursor)
    readUsage(&record.usage, &cursor)
    readVerdict(&record, &cursor)
    record.zones = readZones(&cursor)
    record.hitDrop = cursor.count()
    // Not known of turns of the second version.
    let knobs = cursor.count()
    sections?.knobs = knobs
    record.addedMicros = cursor.count()
    return StoredTurn(
      run: run, record: record, server: server, isLocal: isLocal, workspace: cursor.text(),
      sections: sections)
  }

  private static func readSections(_ cursor: inout RowCursor) -> PromptSections? {
    let tools = cursor.count()
    let system = cursor.count()
    let messages = cursor.count()
    let new = cursor.count()
    guard let tools, let system, let messages, let new else { return nil }
    return PromptSections(tools: tools, system: system, messages: messages, new: new)
  }

  /// Nil for a turn of the first version, and where there were none.
  private static func readZones(_ cursor: inout RowCursor) -> PromptZones? {
    var zones: [PromptZones.Zone?] = []
    for _ in 0..<3 {
      let bytes = cursor.count()
      let tokens = cursor.count()
      let hash = cursor.integer()
      zones.append(
        bytes.map {
          PromptZones.Zone(
            bytes: $0, tokens: tokens ?? 0, hash: UInt32(truncatingIfNeeded: hash ?? 0))
        })
    }
    let changes = cursor.integer()
    guard let prefix = zones[0], let log = zones[1], let tail = zones[2] else { return nil }
    var read = PromptZones()
    read.prefix = prefix
    read.log = log
    read.tail = tail
    read.changes = PromptZones.Changes(rawValue: UInt8(truncatingIfNeeded: changes ?? 0))
    return read
  }

  private static func readTokens(_ record: inout TurnRecord, _ cursor: inout RowCursor) {
    let values = (0..<7).map { _ in cursor.count() }
    let estimated = cursor.integer() ?? ~0
    let counts = values.enumerated().map { bit, value in
      value.map { TokenCount($0, estimated: estimated & (1 << bit) != 0) }
    }
    let none = TokenCount(0, estimated: true)
    record.previousTokens = counts[0]
    record.promptTokens = counts[1] ?? none
    record.keptTokens = counts[2] ?? none
    record.keptForwardedTokens = counts[3] ?? none
    record.reprocessedTokens = counts[4] ?? none
    record.reprocessedForwardedTokens = counts[5] ?? none
    record.predictedTokens = counts[6]
  }

  private static func readUsage(_ usage: inout Usage, _ cursor: inout RowCursor) {
    usage.promptTokens = cursor.count()
    usage.cachedTokens = cursor.count()
    usage.writtenTokens = cursor.count()
    usage.writtenHourTokens = cursor.count()
    usage.outputTokens = cursor.count()
    usage.promptMillis = cursor.number()
    usage.generationMillis = cursor.number()
  }

  private static func readVerdict(_ record: inout TurnRecord, _ cursor: inout RowCursor) {
    let cause = cursor.text() ?? ""
    record.verdict = Verdict(
      cause: Names.cause(cause) ?? .none, tier: Names.tier(cursor.text() ?? ""))
    if Names.cause(cause) == nil { record.verdict.detail = "a cause of a later version: \(cause)" }
    let path = cursor.text()
    let field = cursor.text() ?? ""
    let group = cursor.text().flatMap(Names.group)
    let kind = Names.kind(cursor.text() ?? "")
    let index = cursor.count() ?? 0
    let bodyOffset = cursor.count() ?? 0
    let blockOffset = cursor.count() ?? 0
    if let path, let group {
      record.verdict.position = Position(
        group: group, kind: kind, index: index, path: path, field: field, bodyOffset: bodyOffset,
        blockOffset: blockOffset)
    }
    record.serverCause = cursor.text().flatMap(Names.cause)
    let pin = cursor.text() ?? ""
    record.pin = Names.pin(pin, cursor.text())
  }
}
