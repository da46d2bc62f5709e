import CSQLite
import Glibc
import Prefix
import Prompt
import Synchronization
import Testing
import Turns
import Upstream

@testable import Ledger
@testable import LedgerTestWriter

/// A clock that stands still until it is moved.
private final class HandClock: Sendable {
  private let millis = Atomic<UInt64>(1000)

  var now: UInt64 { millis.load(ordering: .relaxed) }
  func advance(_ by: UInt64) { millis.add(by, ordering: .relaxed) }

  var ledgerClock: LedgerClock {
    LedgerClock(
      monotonicMillis: { self.now }, wallMillis: { 1_795_000_000_000 + Int64(self.now) })
  }
}

@Suite struct RecorderTests {
  private let clock = HandClock()
  private let scratch = ScratchLedger()

  private final class Notices {
    var texts: [String] = []
  }

  private func recorder(
    _ notices: Notices = Notices(), upstreams: [UpstreamStatus] = [],
    _ change: (inout LedgerSettings) -> Void = { _ in }
  ) -> LedgerRecorder {
    var settings = LedgerSettings(path: scratch.path, run: 1, workspace: "w")
    change(&settings)
    return LedgerRecorder(settings: settings, clock: clock.ledgerClock, upstreams: upstreams) {
      notices.texts.append($0)
    }
  }

  @Test func `a batch is committed when its first turn has waited a second`() throws {
    let recorder = recorder()
    recorder.tick()
    #expect(recorder.waitMillis == nil)
    recorder.handle(.finished(sampleTurn(1)))
    clock.advance(999)
    recorder.handle(.finished(sampleTurn(2)))
    recorder.tick()
    #expect(recorder.waitMillis == 1)
    #expect(try scratch.turns().isEmpty)
    clock.advance(1)
    recorder.tick()
    #expect(recorder.waitMillis == nil)
    #expect(try scratch.turns().count == 2)
  }

  @Test func `a full batch is committed at once`() throws {
    let recorder = recorder { $0.batchTurns = 3 }
    for number in 1...4 { recorder.handle(.finished(sampleTurn(number))) }
    #expect(recorder.waitingTurns == 1)
    #expect(try scratch.turns().count == 3)
  }

  @Test func `another retention holds from the next moment on`() throws {
    let recorder = recorder()
    var old = sampleTurn(1)
    old.startedAt = 1_795_000_000_000 - 40 * 86_400_000
    var new = sampleTurn(2)
    new.startedAt = 1_795_000_000_000
    for turn in [old, new] { recorder.handle(.finished(turn)) }
    clock.advance(1000)
    recorder.tick()
    #expect(try scratch.turns().count == 2)
    recorder.retain(days: 30, maxBytes: 512 << 20)
    recorder.tick()
    #expect(try scratch.turns().map(\.record.turn) == [2])
  }

  @Test func `the end writes what is left`() throws {
    let recorder = recorder()
    recorder.handle(.finished(sampleTurn(1)))
    recorder.finish()
    #expect(try scratch.turns().count == 1)
  }

  @Test func `a turn that is finished twice is one row with the later figures`() throws {
    let recorder = recorder()
    var turn = sampleTurn(1)
    recorder.handle(.finished(turn))
    turn.usage.outputTokens = 999
    recorder.handle(.finished(turn))
    recorder.finish()
    let turns = try scratch.turns()
    #expect(turns.count == 1)
    #expect(turns.first?.record.usage.outputTokens == 999)
  }

  @Test func `the same session id in another run is another session`() throws {
    for run in [1, 2] as [Int64] {
      let recorder = recorder { $0.run = run }
      recorder.handle(.finished(sampleTurn(1)))
      recorder.finish()
    }
    #expect(try scratch.turns().count == 2)
    #expect(try LedgerReader(path: scratch.path).sessions().count == 2)
  }

  @Test func `what cannot be written is said once, waits, and is written when it can be`() throws {
    let notices = Notices()
    // The directory's place is taken by a file.
    let directory = scratch.directory + "/state"
    close(creat(directory, 0o600))
    let recorder = recorder(notices)
    for number in 1...5 {
      recorder.handle(.finished(sampleTurn(number)))
      clock.advance(10_000)
      recorder.tick()
    }
    #expect(notices.texts.count == 1)
    #expect(notices.texts.first?.hasPrefix("cannot create the ledger") ?? false)
    unlink(directory)
    recorder.tick()
    #expect(recorder.waitingTurns == 5)
    #expect(recorder.waitMillis == 10_000)
    clock.advance(10_000)
    recorder.tick()
    #expect(notices.texts.count == 2)
    #expect(notices.texts.last == "the ledger is written again")
    #expect(try scratch.turns().map(\.record.turn) == [1, 2, 3, 4, 5])
  }

  @Test func `turns beyond the limit of what may wait are counted as lost`() throws {
    let notices = Notices()
    let directory = scratch.directory + "/state"
    close(creat(directory, 0o600))
    let recorder = recorder(notices) { $0.maxWaitingTurns = 32 }
    recorder.tick()
    for number in 1...33 { recorder.handle(.finished(sampleTurn(number))) }
    unlink(directory)
    clock.advance(10_000)
    recorder.tick()
    #expect(notices.texts.last == "the ledger is written again; 2 turns are missing")
    #expect(try scratch.turns().map(\.record.turn) == Array(3...33))
    // They were told of.
    recorder.finish()
    #expect(notices.texts.count == 2)
  }

  @Test(arguments: [1, 3])
  func `turns that are never written are counted at the end`(_ count: Int) {
    let notices = Notices()
    close(creat(scratch.directory + "/state", 0o600))
    let recorder = recorder(notices)
    for number in 1...count { recorder.handle(.finished(sampleTurn(number))) }
    recorder.finish()
    let turns = count == 1 ? "1 turn is" : "\(count) turns are"
    #expect(notices.texts.last == "\(turns) not in the ledger \(scratch.path)")
  }

  // MARK: Sessions

  private func kept() throws -> [KeptSession] {
    try LedgerReader(path: scratch.path).keptSessions(KeptLimits(oldest: 0))
  }

  private func fileContains(_ text: String) -> Bool {
    ["", "-wal"].contains { String(decoding: scratch.bytes($0), as: UTF8.self).contains(text) }
  }

  @Test func `a session with text is written by the next tick, and once`() throws {
    let recorder = recorder()
    recorder.tick()
    recorder.keep(try sampleSession(["words"], in: SessionTable()))
    #expect(recorder.waitMillis == 0)
    recorder.tick()
    #expect(try kept().map(\.text) == [.all])
    #expect(recorder.waitMillis == nil)
  }

  @Test func `a session without text waits for the next batch`() throws {
    let recorder = recorder()
    recorder.tick()
    var session = try sampleSession(["words"], in: SessionTable())
    session.text = .none
    recorder.keep(session)
    recorder.commitUrgent()
    recorder.tick()
    #expect(recorder.waitMillis == 1000)
    #expect(try kept().isEmpty)
    clock.advance(1000)
    recorder.tick()
    #expect(recorder.waitMillis == nil)
    #expect(try kept().map(\.text) == [.none])
  }

  @Test func `an answer waits for sessions with text, not for turns`() throws {
    let recorder = recorder()
    recorder.handle(.finished(sampleTurn(1)))
    recorder.keep(try sampleSession(["words"], in: SessionTable()))
    recorder.commitUrgent()
    #expect(try kept().count == 1)
    #expect(recorder.waitingTurns == 1)
    #expect(try scratch.turns().isEmpty)
  }

  @Test func `the log is emptied of blanked text, once in a second at most`() throws {
    let recorder = recorder()
    let table = SessionTable()
    var messages = (0..<40).map { String(repeating: "words of message \($0) ", count: 60) }
    messages[2] = "first words " + messages[2]
    recorder.keep(try sampleSession(messages, in: table))
    recorder.tick()
    #expect(fileContains("first words"))
    messages[2] = "blanked"
    var second = try sampleSession(messages, in: table)
    second.erases = true
    recorder.keep(second)
    recorder.tick()
    #expect(recorder.waitMillis == 1000)
    #expect(fileContains("first words"))
    clock.advance(1000)
    recorder.tick()
    #expect(recorder.waitMillis == nil)
    #expect(!fileContains("first words"))
  }

  @Test func `a damaged file is named in the notice`() throws {
    try scratch.fill(1)
    scratch.replace(by: [UInt8](repeating: 1, count: 5000))
    let notices = Notices()
    let recorder = recorder(notices)
    recorder.tick()
    #expect(
      notices.texts == [
        "the ledger was damaged; it was set aside as \(scratch.path).bad-1795000001 and a new one "
          + "begun"
      ])
  }

  @Test func `damage that shows while turns are written costs no turn that waits`() throws {
    let notices = Notices()
    let recorder = recorder(notices) { $0.batchTurns = 1 }
    recorder.handle(.finished(sampleTurn(1)))
    var vandal: OpaquePointer?
    try #require(sqlite3_open(scratch.path, &vandal) == SQLITE_OK)
    sqlite3_exec(
      vandal,
      """
      PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = 'x' WHERE name = 'turns';
      PRAGMA schema_version = 99
      """, nil, nil, nil)
    sqlite3_close_v2(vandal)
    recorder.handle(.finished(sampleTurn(2)))
    #expect(recorder.waitingTurns == 1)
    clock.advance(10_000)
    recorder.tick()
    #expect(recorder.waitingTurns == 0)
    #expect(notices.texts.count == 3)
    #expect(notices.texts.dropFirst().first?.hasPrefix("the ledger was damaged") ?? false)
    #expect(try scratch.turns().map(\.record.turn) == [2])
  }

  @Test func `what has become too old goes while the program runs`() throws {
    let recorder = recorder {
      $0.days = 1
      $0.batchTurns = 1
    }
    recorder.handle(.finished(sampleTurn(1)))
    clock.advance(3_600_000)
    recorder.tick()
    #expect(try scratch.turns().count == 1)
    clock.advance(86_400_000)
    recorder.tick()
    #expect(try scratch.turns().isEmpty)
  }

  @Test func `what has become too old is looked for once an hour`() throws {
    let recorder = recorder {
      $0.days = 1
      $0.batchTurns = 1
    }
    var turn = sampleTurn(1)
    turn.startedAt = 1_795_000_000_000 - 86_400_000 + 1_800_000
    recorder.handle(.finished(turn))
    clock.advance(3_599_999)
    recorder.tick()
    #expect(try scratch.turns().count == 1)
    clock.advance(1)
    recorder.tick()
    #expect(try scratch.turns().isEmpty)
  }

  @Test func `the kind and the place of the upstream are kept with the turn`() throws {
    let recorder = recorder(upstreams: [UpstreamStatus(name: "default", address: "127.0.0.1:8080")])
    recorder.handle(.finished(sampleTurn(1)))
    recorder.handle(
      .upstream(UpstreamStatus(name: "default", address: "10.0.0.1:80", kind: .anthropic)))
    recorder.handle(.finished(sampleTurn(2)))
    recorder.finish()
    let turns = try scratch.turns()
    #expect(turns.map(\.isLocal) == [true, false])
    #expect(turns.map(\.server) == [.unknown, .anthropic])
    #expect(turns.allSatisfy { $0.workspace == "w" })
  }

  @Test func `the file is for its owner alone`() throws {
    try scratch.fill(1)
    for name in scratch.names {
      var facts = stat()
      stat(scratch.directory + "/state/holdfast/" + name, &facts)
      #expect(facts.st_mode & 0o777 == 0o600, "\(name)")
    }
  }

  @Test func `no text of a prompt is in the file`() throws {
    var turn = sampleTurn(1)
    turn.verdict = Verdict(
      cause: .inPlaceEdit,
      position: Position(
        group: .messages, kind: .user, index: 3, path: "messages[3].content", field: "content",
        bodyOffset: 1, blockOffset: 1), was: "SECRETTEXT", now: "SECRETTEXT",
      detail: "SECRETTEXT")
    turn.detail = BreakDetail(
      hunks: [
        .init(
          beforeOffset: 0, afterOffset: 0, before: Array("SECRETTEXT".utf8),
          after: Array("SECRETTEXT".utf8), context: 0)
      ], hunkCount: 1, beforeBlockBytes: 1, afterBlockBytes: 1, previousTurn: 1)
    let recorder = recorder()
    recorder.handle(.finished(turn))
    recorder.finish()
    let file = String(decoding: scratch.bytes() + scratch.bytes("-wal"), as: UTF8.self)
    #expect(file.contains("messages[3].content"))
    #expect(!file.contains("SECRETTEXT"))
  }
}
