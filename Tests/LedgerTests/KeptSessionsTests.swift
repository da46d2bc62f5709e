import Bytes
import Glibc
import Prefix
import Prompt
import Testing
import Turns

@testable import Ledger
@testable import LedgerTestWriter

@Suite struct KeptSessionsTests {
  private let scratch = ScratchLedger()
  private let limits = KeptLimits(oldest: 0)

  private func database() throws -> Database {
    try Database(path: scratch.path, access: .readWrite, busyMillis: 0)
  }

  private func kept(_ messages: [String], in table: SessionTable) throws -> KeptSession {
    try sampleSession(messages, in: table)
  }

  private func messages(_ count: Int, of number: Int = 0) -> [String] {
    (0..<count).map { at in
      String(repeating: "words of message \(at) of talk \(number) ", count: 60)
    }
  }

  private func bodies() throws -> [[UInt8]?] {
    try LedgerReader(path: scratch.path).keptSessions(limits).map { kept in
      kept.snapshot.body.map { Array($0.bytes) }
    }
  }

  private func body(_ state: KeptSession) throws -> [UInt8] {
    let buffer = try #require(state.snapshot.body)
    return withExtendedLifetime(buffer) { Array(buffer.bytes) }
  }

  @Test func `a body that changes from turn to turn is read back as it was last`() throws {
    let store = try scratch.store()
    let table = SessionTable()
    var messages = messages(40)
    for turn in 0..<12 {
      messages[2] = "turn \(turn) " + messages[2]
      messages.append(contentsOf: ["answer \(turn)", "question \(turn)"])
      let state = try kept(messages, in: table)
      try store.write([state], run: 5, limits: limits)
      #expect(try bodies() == [try body(state)])
    }
    // By another writer, which does not know what is there.
    messages[30] = "other"
    let state = try kept(messages, in: table)
    try scratch.store().write([state], run: 5, limits: limits)
    #expect(try bodies() == [try body(state)])
  }

  @Test func `of a body that changed in front only the pieces around the change are written`()
    throws
  {
    let store = try scratch.store()
    let table = SessionTable()
    var messages = messages(200)
    try store.write([kept(messages, in: table)], run: 5, limits: limits)
    let before = try keys()
    #expect(before.count > 16)
    messages[2] = "changed"
    try store.write([kept(messages, in: table)], run: 5, limits: limits)
    let after = try keys()
    #expect(before.isSubset(of: after))
    #expect((1...2).contains(after.subtracting(before).count))
  }

  private func keys() throws -> Set<Int> {
    let row = try database().prepare("SELECT key FROM texts", .read)
    var keys: Set<Int> = []
    while try row.step() { keys.insert(row.integer(0) ?? 0) }
    return keys
  }

  @Test func `a session that may not be kept with its text any more leaves no piece of it`() throws
  {
    let store = try scratch.store()
    var state = try kept(messages(40), in: SessionTable())
    try store.write([state], run: 5, limits: limits)
    state.text = .none
    try store.write([state], run: 5, limits: limits)
    try store.eraseDropped()
    #expect(try keys().isEmpty)
    for suffix in ["", "-wal"] {
      #expect(!String(decoding: scratch.bytes(suffix), as: UTF8.self).contains("words of message"))
    }
  }

  @Test func `what stands in the log is known to be text only where it is`() throws {
    let store = try scratch.store()
    var state = try kept(messages(40), in: SessionTable())
    try store.write([state], run: 5, limits: limits)
    try store.eraseDropped()
    #expect(store.leftover == .none)
    state.text = .none
    try store.write([state], run: 5, limits: limits)
    #expect(store.leftover == .forbidden)
    try store.eraseDropped()
    // By now the session has none.
    try store.write([state], run: 5, limits: limits)
    #expect(store.leftover == .none)
  }

  @Test func `a session without text is read back as it was written, without text`() throws {
    let store = try scratch.store()
    var state = try kept(messages(4), in: SessionTable())
    (state.text, state.usedAt) = (.none, 77)
    try store.write([state], run: 5, limits: limits)
    let back = try LedgerReader(path: scratch.path).keptSessions(limits)
    #expect(back.map(\.snapshot.id) == [state.snapshot.id])
    #expect(back.map(\.text) == [.none])
    #expect(back.map(\.upstream) == ["u"])
    #expect(back.map(\.usedAt) == [77])
    #expect(back.map(\.run) == [5])
    #expect(try bodies() == [nil])
  }

  @Test func `sessions are read up to the bytes that may be held, the one used last first`() throws
  {
    let store = try scratch.store()
    let table = SessionTable()
    for number in 0..<3 {
      var state = try kept(messages(40, of: number), in: table)
      state.usedAt = Int64(number)
      try store.write([state], run: 5, limits: limits)
    }
    var small = limits
    small.pinnedBytes = try #require(
      try database().integer("SELECT max(body_bytes) FROM decisions", .read))
    #expect(try LedgerReader(path: scratch.path).keptSessions(small).map(\.usedAt) == [2])
  }

  @Test func `sessions beyond the limit go with all their pieces`() throws {
    let store = try scratch.store()
    try store.eraseDropped()
    var limits = limits
    limits.pinnedSessions = 3
    let table = SessionTable()
    for number in 0..<140 {
      var state = try kept(messages(12, of: number), in: table)
      state.usedAt = Int64(number)
      try store.write([state], run: 5, limits: limits)
    }
    let database = try database()
    let sessions = try #require(
      try database.integer("SELECT count(*) FROM decisions", .read))
    #expect(sessions < 140)
    #expect(
      try database.integer("SELECT count(DISTINCT id >> 24) FROM texts", .read) == sessions)
    #expect(try LedgerReader(path: scratch.path).keptSessions(limits).count == 3)
    #expect(store.leftover == .unneeded)
  }

  @Test func `many bytes of few sessions are limited, too`() throws {
    let store = try scratch.store()
    try store.eraseDropped()
    var limits = limits
    limits.pinnedBytes = 1 << 20
    let table = SessionTable()
    for number in 0..<62 {
      var state = try kept(messages(40, of: number), in: table)
      state.usedAt = Int64(number)
      try store.write([state], run: 5, limits: limits)
    }
    let database = try database()
    let bytes = try database.integer("SELECT sum(body_bytes) FROM decisions", .read) ?? 0
    #expect(bytes < 2 << 20)
    #expect(try database.integer("SELECT max(used_at) FROM decisions", .read) == 61)
    #expect(store.leftover == .unneeded)
  }

  /// A ledger of an earlier version, with a session that cannot be read any more.
  private func makeOld() throws {
    try scratch.fill(0)
    for suffix in ["", "-wal", "-shm"] { unlink(scratch.path + suffix) }
    close(creat(scratch.path, 0o600))
    let database = try database()
    try Schema.migrate(database, steps: Array(Schema.steps.prefix(3)))
    let row = try database.prepare(
      """
      INSERT INTO decisions(run, session, upstream, used_at, state, body)
      VALUES(5, 1, 'u', 9, ?, ?)
      """, .write)
    row.bind(blob: Array("another form".utf8))
    row.bind(blob: Array(messages(40)[0].utf8))
    try row.run()
  }

  @Test func `text that no later version can read leaves the file with its first reader`() throws {
    try makeOld()
    #expect(String(decoding: scratch.bytes(), as: UTF8.self).contains("words of message"))
    _ = try LedgerReader(path: scratch.path)
    for suffix in ["", "-wal"] {
      #expect(!String(decoding: scratch.bytes(suffix), as: UTF8.self).contains("words of message"))
    }
  }

  @Test func `states of an earlier version are left out and new ones are kept`() throws {
    try makeOld()
    let state = try kept(messages(40), in: SessionTable())
    let store = try scratch.store()
    #expect(store.setAside == nil)
    #expect(try bodies().isEmpty)
    try store.write([state], run: 5, limits: limits)
    #expect(try bodies() == [try body(state)])
  }

  @Test func `a ledger of the version before keeps the text of its sessions`() throws {
    try scratch.fill(0)
    for suffix in ["", "-wal", "-shm"] { unlink(scratch.path + suffix) }
    close(creat(scratch.path, 0o600))
    let table = SessionTable()
    let states = try [kept(messages(40), in: table), kept(messages(30, of: 2), in: table)]
    do {
      let database = try database()
      try Schema.migrate(database, steps: Array(Schema.steps.prefix(5)))
      for state in states {
        let apart = state.snapshot.keptApart(.all)
        let session = Int(state.snapshot.id.raw)
        let row = try database.prepare(
          """
          INSERT INTO decisions(run, session, upstream, used_at, state, body, body_bytes)
          VALUES(5, ?, 'u', 9, ?, ?, 9)
          """, .write)
        row.bind(session)
        row.bind(blob: apart.state)
        row.bind(blob: BodyKeys.bytes(apart))
        try row.run()
        let part = try database.prepare("INSERT INTO parts VALUES(5, ?, ?, ?)", .write)
        for at in 0..<apart.textCount {
          part.bind(session)
          part.bind(Int(Int64(bitPattern: apart.key(ofText: at))))
          part.bind(blob: apart.withText(at) { Array($0) })
          try part.run()
        }
      }
    }
    #expect(try scratch.store().setAside == nil)
    #expect(try Set(bodies()) == Set(states.map(body)))
  }

  @Test func `a session that another process deleted is written as a whole again`() throws {
    let store = try scratch.store()
    let table = SessionTable()
    let (mine, others) = try (kept(messages(40), in: table), kept(messages(30, of: 2), in: table))
    try store.write([mine], run: 5, limits: limits)
    try database().execute("DELETE FROM decisions", .write)
    try scratch.store().write([others], run: 6, limits: limits)
    try store.write([mine], run: 5, limits: limits)
    #expect(
      try Set(bodies()) == Set([mine, others].map(body)))
    #expect(
      try database().integer(
        "SELECT count(*) FROM texts WHERE id >> 24 NOT IN (SELECT id FROM decisions)", .read) == 0)
  }

  @Test func `a session that another process wrote anew is not mixed with what was there before`()
    throws
  {
    let store = try scratch.store()
    let table = SessionTable()
    var words = messages(40)
    let first = try kept(words, in: table)
    try store.write([first], run: 5, limits: limits)
    try scratch.store().write([first], run: 5, limits: limits)
    words.append("more")
    let second = try kept(words, in: table)
    try store.write([second], run: 5, limits: limits)
    #expect(try bodies() == [try body(second)])
    #expect(
      try database().integer(
        "SELECT count(*) FROM texts WHERE id >> 24 NOT IN (SELECT id FROM decisions)", .read) == 0)
  }

  @Test func `text that is not needed is not taken from a session that came later`() throws {
    let store = try scratch.store()
    let states = try states()
    for state in states { try store.write([state], run: 5, limits: limits) }
    try database().execute("DELETE FROM decisions", .write)
    let other = try kept(messages(30, of: 2), in: SessionTable())
    try scratch.store().write([other], run: 6, limits: limits)
    try store.dropUnneeded()
    #expect(try bodies() == [try body(other)])
  }

  @Test func `a session of which a text is missing is left out and the others stay`() throws {
    let store = try scratch.store()
    let table = SessionTable()
    try store.write([kept(messages(60), in: table)], run: 5, limits: limits)
    try store.write([kept(messages(60, of: 2), in: table)], run: 5, limits: limits)
    #expect(try bodies().count == 2)
    try database().execute("DELETE FROM texts WHERE key = (SELECT key FROM texts LIMIT 1)", .write)
    #expect(try bodies().count == 1)
  }

  /// Two states of one session, of which the second does not have a text of the first.
  private func states() throws -> [KeptSession] {
    let table = SessionTable()
    var messages = messages(40)
    messages[2] = "first words" + messages[2]
    let first = try kept(messages, in: table)
    messages[2] = "second words"
    return [first, try kept(messages, in: table)]
  }

  private func fileHasFirstWords() -> Bool {
    ["", "-wal"].contains {
      String(decoding: scratch.bytes($0), as: UTF8.self).contains("first words")
    }
  }

  @Test func `text that a state does not need any more goes when nobody waits`() throws {
    let store = try scratch.store()
    var most = 0
    for state in try states() {
      try store.write([state], run: 5, limits: limits)
      most = try keys().count
    }
    try store.eraseDropped()
    try store.dropUnneeded()
    #expect(store.leftover == .unneeded)
    try store.eraseDropped()
    #expect(!fileHasFirstWords())
    let left = try keys().count
    #expect(left < most)
    try store.dropUnneeded()
    #expect(try keys().count == left)
    #expect(try bodies() == [try body(try states()[1])])
  }

  @Test func `blanked text goes with the write that says so`() throws {
    let store = try scratch.store()
    var states = try states()
    try store.write([states[0]], run: 5, limits: limits)
    #expect(fileHasFirstWords())
    states[1].erases = true
    try store.write([states[1]], run: 5, limits: limits)
    try store.eraseDropped()
    #expect(!fileHasFirstWords())
  }

  @Test func `blanked text in the log of a file that somebody reads goes when that has ended`()
    throws
  {
    let store = try scratch.store()
    var states = try states()
    try store.write([states[0]], run: 5, limits: limits)
    let other = try database()
    let row = try other.prepare("SELECT key FROM texts", .read)
    #expect(try row.step())
    states[1].erases = true
    try store.write([states[1]], run: 5, limits: limits)
    try store.eraseDropped()
    #expect(store.leftover == .forbidden)
    #expect(fileHasFirstWords())
    row.reset()
    try store.eraseDropped()
    #expect(store.leftover == .none)
    #expect(!fileHasFirstWords())
  }

  @Test func `blanked text that a process left in the log goes with the next one`() throws {
    var states = try states()
    states[1].erases = true
    // Keeps the log from going with the first one.
    let other = try scratch.store()
    do {
      let store = try scratch.store()
      for state in states { try store.write([state], run: 5, limits: limits) }
    }
    #expect(fileHasFirstWords())
    try scratch.store().eraseDropped()
    #expect(!fileHasFirstWords())
    withExtendedLifetime(other) {}
  }

  @Test func `what has to be erased is not forgotten for a later state that waits`() throws {
    var states = try states()
    states[0].erases = true
    var waiting = WaitingSessions()
    for state in states { waiting.add(state) }
    #expect(waiting.newest.map(\.erases) == [true])
  }

  @Test func `text that waits is bounded, and what does not fit waits as digests`() throws {
    let table = SessionTable()
    let states = try (0..<3).map { try kept(messages(4, of: $0), in: table) }
    let sizes = states.map { $0.snapshot.body?.count ?? 0 }
    var waiting = WaitingSessions(maxTextBytes: sizes[0] + sizes[1])
    for state in states { waiting.add(state) }
    let texts = waiting.newest.filter { $0.text == .all }.map(\.snapshot.id)
    #expect(Set(texts) == Set(states.prefix(2).map(\.snapshot.id)))
    #expect(Array(waiting.newest).count == 3)
    // A newer state of the same session takes the place of its older one.
    waiting.add(states[0])
    #expect(waiting.newest.count { $0.text == .all } == 2)
  }

  @Test func `what has to be erased finds room among digests that wait`() throws {
    var waiting = WaitingSessions()
    let table = SessionTable()
    func digests(_ number: Int) throws -> KeptSession {
      var state = try kept(messages(4, of: number), in: table)
      state.text = .none
      return state
    }
    for number in 0..<1100 { waiting.add(try digests(number)) }
    let count = Array(waiting.newest).count
    var erasing = try digests(2000)
    waiting.add(erasing)
    #expect(!waiting.newest.contains { $0.snapshot.id == erasing.snapshot.id })
    erasing.erases = true
    waiting.add(erasing)
    #expect(waiting.newest.contains { $0.snapshot.id == erasing.snapshot.id })
    #expect(Array(waiting.newest).count == count)
  }
}
