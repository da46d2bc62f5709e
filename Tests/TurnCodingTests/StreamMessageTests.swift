import Bytes
import Prefix
import Prompt
import Testing
import TurnCoding
import Turns
import Upstream

@Suite struct StreamMessageTests {
  private static func read(_ line: [UInt8]) -> StreamMessage? {
    line.withUnsafeBytes { StreamMessage(line: $0) }
  }

  private static func read(_ text: String) -> StreamMessage? { read(Array(text.utf8)) }

  /// Everything in a value, as text: none of these types is Equatable as a whole.
  private static func dumped(_ value: Any) -> String {
    var text = ""
    dump(value, to: &text)
    return text.split(separator: "\n").map { line in
      // Objects are told apart by a number of their own.
      line.split(separator: " ").filter { !$0.hasPrefix("#") }.joined(separator: " ")
    }.joined(separator: "\n")
  }

  @Test(arguments: 0..<400 as Range<UInt64>)
  func `every event comes out as it went in`(seed: UInt64) throws {
    var random = RandomEvents(seed: seed)
    let event = random.event()
    let line = StreamMessage.event(event).line
    #expect(line.last == 0x0A)
    #expect(!line.dropLast().contains(0x0A))
    guard case .event(let read)? = Self.read(line) else {
      Issue.record("not read: \(String(decoding: line, as: UTF8.self))")
      return
    }
    #expect(Self.dumped(read) == Self.dumped(event))
  }

  @Test func `the greeting comes out as it went in`() throws {
    let hello = StreamHello(
      program: "0.1.0", process: 4711, listen: "127.0.0.1:8089", startedAt: 1_795_269_802_000,
      readOnly: true, mode: .safe)
    guard case .hello(let read)? = Self.read(StreamMessage.hello(hello).line) else {
      Issue.record("not read")
      return
    }
    #expect(read == hello)
  }

  @Test func `a number of lost messages is told`() {
    guard case .lost(17)? = Self.read(StreamMessage.lost(17).line) else {
      Issue.record("not read")
      return
    }
  }

  /// A field that is not listed would silently be missing on an attached dashboard.
  @Test func `no field of a turn is forgotten`() {
    func count(_ value: Any) -> Int { Mirror(reflecting: value).children.count }
    var random = RandomEvents(seed: 3)
    let record = random.record()
    #expect(count(record) == 45, "list the new field in RecordFields.swift and RandomEvents.swift")
    #expect(count(record.usage) == 7)
    #expect(count(record.verdict) == 6)
    #expect(count(record.pinTotals) == 5)
    #expect(
      count(
        Position(
          group: .tools, kind: .tool, index: 0, path: "", field: "", bodyOffset: 0, blockOffset: 0))
        == 7)
    #expect(
      count(BreakDetail.Hunk(beforeOffset: 0, afterOffset: 0, before: [], after: [], context: 0))
        == 5)
    #expect(count(BlockText(bytes: [], start: 0, rest: 0, mark: 0)) == 4)
    #expect(count(UpstreamStatus(name: "", address: "")) == 9)
    #expect(count(SlotState(id: 0, isBusy: false)) == 7)
    #expect(count(Notice(at: 0, level: .info, text: "")) == 3)
  }

  @Test func `a secret in a block does not leave the process`() throws {
    var random = RandomEvents(seed: 2)
    var record = random.record()
    let text = Array(#"{"content":"key:\nsk-live0123456789abcdef, then more"}"#.utf8)
    record.detail = BreakDetail(
      hunks: [], hunkCount: 0, beforeBlockBytes: text.count, afterBlockBytes: text.count,
      previousTurn: 1, before: nil,
      after: BlockText(bytes: text, start: 0, rest: 0, mark: text.count - 6))
    let line = StreamMessage.event(.finished(record)).line
    #expect(!String(decoding: line, as: UTF8.self).contains("0123456789abcdef"))
    guard case .event(.finished(let read))? = Self.read(line), let after = read.detail?.after else {
      Issue.record("not read")
      return
    }
    #expect(String(decoding: after.bytes[after.mark...], as: UTF8.self) == #"more"}"#)
  }

  @Test(arguments: 0..<60 as Range<UInt64>)
  func `a damaged line is refused or read, and never ends the process`(seed: UInt64) {
    var random = RandomEvents(seed: seed)
    let line = StreamMessage.event(random.event()).line
    for _ in 0..<40 {
      var damaged = line
      switch random.next() % 3 {
      case 0: damaged.removeLast(Int(random.next()) % damaged.count)
      case 1: damaged[Int(random.next()) % damaged.count] = UInt8(random.next() & 0xFF)
      default:
        let at = Int(random.next()) % damaged.count
        damaged.insert(contentsOf: Array("99999999999999999999".utf8), at: at)
      }
      _ = Self.read(damaged)
    }
  }

  @Test(
    arguments: [
      "", "{", "[]", "null", "{}", #"{"event":"finished"}"#, #"{"event":"finished","turn":{}}"#,
      #"{"event":"finished","turn":7}"#, #"{"event":"nonsense"}"#, #"{"event":7}"#,
      #"{"event":"upstream"}"#, #"{"event":"mode_changed","mode":"loud"}"#,
      #"{"event":"session_evicted","session":"xyz"}"#, #"{"event":"hello"}"#,
      #"{"event":"lost","count":1e300}"#, #"{"event":"first_byte","session":"00000001","turn":1}"#,
    ])
  func `what is no message is refused`(text: String) {
    #expect(Self.read(text) == nil)
  }

  @Test func `fields of a later version are passed over`() {
    guard
      case .event(.sessionEvicted(let session))? = Self.read(
        #"{"event":"session_evicted","session":"0000002a","more":{"x":[1,2]}}"#)
    else {
      Issue.record("not read")
      return
    }
    #expect(session == SessionID(raw: 42))
  }

  @Test func `a map whose numbers do not fit is refused`() throws {
    var random = RandomEvents(seed: 1)
    var record = random.record()
    record.map = PromptMap(entries: [
      .init(kind: .user, agent: .kept, forwarded: .kept, length: 5, group: .messages, index: 0)
    ])
    let line = String(decoding: StreamMessage.event(.finished(record)).line, as: UTF8.self)
    for numbers in ["3,0,0,5,3", "99,0,0,5,3,0", "3,0,0,-5,3,0", "3,0,0,99999999999,3,0"] {
      let damaged = line.replacing("[3,0,0,5,3,0]", with: "[\(numbers)]")
      try #require(damaged != line)
      #expect(Self.read(damaged) == nil)
    }
  }
}
