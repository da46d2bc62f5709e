import Bytes
import Prefix
import Prompt
public import Turns
import Upstream

/// One line of a stream of turn events: a JSON object whose member `event` says what it is.
public enum StreamMessage: Sendable {
  /// The first one of a stream.
  case hello(StreamHello)
  case event(TurnEvent)
  /// All that was known before is sent; what follows happens now.
  case caughtUp
  /// That many messages had to be left out here, because the reader was too slow.
  case lost(Int)

  /// The object with a line end.
  public var line: [UInt8] {
    var writer = FieldWriter()
    switch self {
    case .hello(var hello):
      writer.begin("hello")
      hello.code(&writer)
    case .event(let event): writer.write(event)
    case .caughtUp: writer.begin("caught_up")
    case .lost(var count):
      writer.begin("lost")
      writer.field("count", &count)
    }
    return writer.json.finish() + [0x0A]
  }

  /// Reads one line, with or without its end; nil if it is none of these messages.
  public init?(line: UnsafeRawBufferPointer) {
    guard let value = JSONValue(line), var reader = FieldReader(value),
      let message = reader.message(value["event"]?.string ?? ""), !reader.isRefused
    else { return nil }
    self = message
  }
}

extension FieldWriter {
  fileprivate mutating func begin(_ name: String) {
    var name = name
    field("event", &name)
  }

  fileprivate mutating func write(_ event: TurnEvent) {
    switch event {
    case .started(var record):
      begin("started")
      object("turn", &record) { $0.code(&$1) }
    case .finished(var record):
      begin("finished")
      object("turn", &record) { $0.code(&$1) }
    case .firstByte(let session, let turn, let millis):
      begin("first_byte")
      var fields = Moment(session: session, turn: turn, millis: millis)
      fields.code(&self)
    case .progress(let session, let turn, let processed, let total):
      begin("progress")
      var fields = Moment(session: session, turn: turn, processed: processed, total: total)
      fields.code(&self)
    case .unmeasured(let at, let method, let path, let status, let reason):
      begin("unmeasured")
      var fields = Unmeasured(
        at: at, method: method, path: path, status: status, reason: reason)
      fields.code(&self)
    case .sessionEvicted(var session):
      begin("session_evicted")
      field("session", &session)
    case .upstream(var status):
      begin("upstream")
      status.code(&self)
    case .modeChanged(var session, var mode, var turn):
      begin("mode_changed")
      field("session", &session)
      field("mode", &mode)
      field("from_turn", &turn)
    case .repairsChanged(var session, var repairs, var turn):
      begin("repairs_changed")
      field("session", &session)
      field("repairs", &repairs)
      field("from_turn", &turn)
    case .defaultsChanged(var mode, var repairs):
      begin("defaults_changed")
      field("mode", &mode)
      field("repairs", &repairs)
    case .notice(var notice):
      begin("notice")
      notice.code(&self)
    }
  }
}

extension FieldReader {
  fileprivate mutating func message(_ name: String) -> StreamMessage? {
    switch name {
    case "hello":
      guard has("version") else { return nil }
      var hello = StreamHello(
        program: "", process: 0, listen: "", startedAt: 0, readOnly: true, mode: .off)
      hello.code(&self)
      return .hello(hello)
    case "caught_up": return .caughtUp
    case "lost":
      var count = 0
      field("count", &count)
      return .lost(max(0, count))
    default: return event(name).map { .event($0) }
    }
  }

  private mutating func event(_ name: String) -> TurnEvent? {
    switch name {
    case "started": return record().map { .started($0) }
    case "finished": return record().map { .finished($0) }
    case "first_byte":
      guard has("session"), has("turn"), has("after_ms") else { return nil }
      let fields = moment()
      return .firstByte(session: fields.session, turn: fields.turn, afterMillis: fields.millis ?? 0)
    case "progress":
      guard has("session"), has("turn") else { return nil }
      let fields = moment()
      return .progress(
        session: fields.session, turn: fields.turn, processed: fields.processed ?? 0,
        total: fields.total ?? 0)
    case "unmeasured":
      var fields = Unmeasured(at: 0, method: "", path: "", status: nil, reason: "")
      fields.code(&self)
      return .unmeasured(
        at: fields.at, method: fields.method, path: fields.path, status: fields.status,
        reason: fields.reason)
    case "session_evicted":
      guard has("session") else { return nil }
      var session = SessionID(raw: 0)
      field("session", &session)
      return .sessionEvicted(session)
    case "upstream":
      guard has("name") else { return nil }
      var status = UpstreamStatus(name: "", address: "")
      status.code(&self)
      return .upstream(status)
    case "mode_changed":
      guard has("mode") else { return nil }
      var session: SessionID?
      var mode = PinMode.off
      var turn = 0
      field("session", &session)
      field("mode", &mode)
      field("from_turn", &turn)
      return .modeChanged(session: session, mode: mode, fromTurn: turn)
    case "repairs_changed":
      guard has("repairs") else { return nil }
      var session: SessionID?
      var repairs = RepairSet.all
      var turn = 0
      field("session", &session)
      field("repairs", &repairs)
      field("from_turn", &turn)
      return .repairsChanged(session: session, repairs: repairs, fromTurn: turn)
    case "defaults_changed":
      guard has("mode"), has("repairs") else { return nil }
      var mode = PinMode.off
      var repairs = RepairSet.all
      field("mode", &mode)
      field("repairs", &repairs)
      return .defaultsChanged(mode: mode, repairs: repairs)
    case "notice":
      var notice = Notice(at: 0, level: .info, text: "")
      notice.code(&self)
      return .notice(notice)
    default: return nil
    }
  }

  private mutating func record() -> TurnRecord? {
    var record = TurnRecord(
      session: SessionID(raw: 0), turn: 0, dialect: .openAIChat, startedAt: 0)
    var isComplete = false
    object("turn", &record) { record, fields in
      isComplete = ["session", "turn", "api", "started_at", "state"].allSatisfy { fields.has($0) }
      record.code(&fields)
    }
    return isComplete ? record : nil
  }

  private mutating func moment() -> Moment {
    var fields = Moment(session: SessionID(raw: 0), turn: 0)
    fields.code(&self)
    return fields
  }
}

/// What is told about a running turn.
private struct Moment {
  var session: SessionID
  var turn: Int
  var millis: Int?
  var processed: Int?
  var total: Int?

  mutating func code<Coder: FieldCoder>(_ coder: inout Coder) {
    coder.field("session", &session)
    coder.field("turn", &turn)
    coder.field("after_ms", &millis)
    coder.field("processed", &processed)
    coder.field("total", &total)
  }
}

private struct Unmeasured {
  var at: Int64
  var method: String
  var path: String
  var status: Int?
  var reason: String

  mutating func code<Coder: FieldCoder>(_ coder: inout Coder) {
    coder.field("at", &at)
    coder.field("method", &method)
    coder.field("path", &path)
    coder.field("status", &status)
    coder.field("reason", &reason)
  }
}

extension Notice {
  fileprivate mutating func code<Coder: FieldCoder>(_ coder: inout Coder) {
    coder.field("at", &at)
    coder.field("level", &level)
    coder.field("text", &text)
  }
}

extension ServerFacts.ModelWindow {
  fileprivate mutating func code<Coder: FieldCoder>(_ coder: inout Coder) {
    coder.field("model", &model)
    coder.field("tokens", &tokens)
  }
}

extension SlotState {
  fileprivate mutating func code<Coder: FieldCoder>(_ coder: inout Coder) {
    coder.field("id", &id)
    coder.field("busy", &isBusy)
    coder.field("window_tokens", &windowTokens)
    coder.field("task", &task)
    coder.field("tokens", &tokens)
    coder.field("processed_tokens", &processedTokens)
    coder.field("cached_tokens", &cachedTokens)
  }
}

extension UpstreamStatus {
  fileprivate mutating func code<Coder: FieldCoder>(_ coder: inout Coder) {
    coder.field("name", &name)
    coder.field("address", &address)
    coder.field("kind", &kind)
    coder.field("connect_ms", &connectMillis)
    coder.field("build", &build)
    coder.list("windows", &windows, empty: .init(model: "", tokens: 0)) { $0.code(&$1) }
    coder.field("slot_count", &slotCount)
    coder.list("slots", &slots, empty: SlotState(id: 0, isBusy: false)) { $0.code(&$1) }
    var word = "unknown"
    var since: Int64 = 0
    var reason: String?
    var failed = 0
    switch state {
    case .unknown: break
    case .up: word = "up"
    case .down(let at, let why, let count): (word, since, reason, failed) = ("down", at, why, count)
    }
    coder.field("state", &word)
    coder.field("since", &since)
    coder.field("reason", &reason)
    coder.field("failed_requests", &failed)
    switch word {
    case "unknown": state = .unknown
    case "up": state = .up
    case "down": state = .down(since: since, reason: reason ?? "", failedRequests: failed)
    default: coder.refuse()
    }
  }
}
