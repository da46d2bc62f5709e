import Bytes
import Prefix
import Prompt
import Testing
import Turns
import Upstream

@testable import Reports

/// What `holdfast cache` says about one session.
@Suite struct CacheReportTests {
  /// Five turns of one session: the prefix changes on the third, undeclared, and the reuse falls
  /// there; a side call and a failed turn are among them; of the fifth nobody reported anything.
  private static let turns: [StoredTurn] = {
    var turns = [
      turn(1, read: 0, prefix: 0xAA, log: 0, tail: 900),
      turn(2, read: 9000, prefix: 0xAA, log: 900, tail: 100),
      turn(3, read: 1000, prefix: 0xBB, log: 1000, tail: 100),
      turn(4, read: 6000, prefix: 0xBB, log: 1100, tail: 100),
      turn(5, read: nil, prefix: 0xBB, log: 1200, tail: 100),
    ]
    turns[2].record.zones?.changes = .prefix
    turns[2].record.verdict = Verdict(
      cause: .toolDescription,
      position: Position(
        group: .tools, kind: .tool, index: 0, path: "tools[0].description", field: "description",
        bodyOffset: 1, blockOffset: 1))
    turns[2].record.hitDrop = 8000
    turns[3].record.pin = .held
    var aside = turn(6, read: 10, prefix: 0xCC, log: 0, tail: 5)
    aside.record.isSideCall = true
    var failed = turn(7, read: 10, prefix: 0xCC, log: 0, tail: 5)
    failed.record.state = .failed
    return turns + [aside, failed]
  }()

  private static func turn(_ number: Int, read: Int?, prefix: UInt32, log: Int, tail: Int)
    -> StoredTurn
  {
    var turn = storedTurn(0xA1, number, prompt: read == nil ? nil : 10_000, read: read)
    var zones = PromptZones()
    zones.prefix = PromptZones.Zone(bytes: 20_000, tokens: 5000, hash: prefix)
    zones.log = PromptZones.Zone(bytes: log * 4, tokens: log, hash: UInt32(log))
    zones.tail = PromptZones.Zone(bytes: tail * 4, tokens: tail, hash: UInt32(number))
    turn.record.zones = zones
    return turn
  }

  private let report = CacheReport(Self.turns)

  @Test func `zones are told with size, hash, how often they changed, when and why`() {
    #expect(
      report.zonesText() == """
        session 000000a1  claude-code  claude-opus-5  turns 1 to 5

        zone       bytes   tokens  hash      changed  last change
        prefix     19 KB    ~5.0k  000000bb        1  turn 3, tools[0].description: tool description changed
        log       4.6 KB    ~1.2k  000004b0        0  -
        tail       400 B     ~100  00000005        -  -

        The prefix differs from the session's own (000000aa) since turn 3, undeclared.

        """)
  }

  @Test func `a prefix that stayed is said to have stayed`() {
    let text = CacheReport(Array(Self.turns.prefix(2))).zonesText()
    #expect(text.hasSuffix("\nThe prefix has been the same for 2 turns.\n"))
  }

  @Test func `turns are told with their zones, their reuse and what stands out`() {
    #expect(
      report.inspectText() == """
        session 000000a1  claude-code  claude-opus-5  turns 1 to 5

         turn  prefix            log     tail   reused hits  marks
            1  000000aa  ~5.0k     ~0    ~900        0   0%  
            2  000000aa  ~5.0k   ~900    ~100     9.0k  90%  
            3  000000bb  ~5.0k  ~1.0k    ~100     1.0k  10%  prefix changed, hits fell by 8.0k
            4  000000bb  ~5.0k  ~1.1k    ~100     6.0k  60%  held
            5  000000bb  ~5.0k  ~1.2k    ~100        -    -  

        """)
  }

  @Test func `figures count turns by how much was reused and leave out what nobody reported`() {
    let lines = report.statsText().split(separator: "\n").dropFirst().map { line in
      line.split(separator: "  ", omittingEmptySubsequences: true).map { part in
        part.drop { $0 == " " }
      }
    }
    let figures = Dictionary(uniqueKeysWithValues: lines.map { (String($0[0]), String($0[1])) })
    #expect(
      figures == [
        // 16,000 of 40,000.
        "hit rate": "40%", "turns above 80%": "1", "turns between": "1", "turns below 40%": "2",
        "turns without a report": "1", "sharp falls": "1, 8.0k tokens in all",
        "tokens read": "16k", "tokens written": "0", "tokens uncached": "24k",
        "tokens computed again": "0", "prefix changed": "1 time", "log changed": "0 times",
      ])
  }

  private func value(_ bytes: [UInt8]) throws -> JSONValue {
    try #require(JSONValue(String(decoding: bytes, as: UTF8.self)))
  }

  @Test func `JSON has the same, and null for what is not known`() throws {
    let stats = try value(report.statsJSON())
    #expect(stats["turns"]?.integer == 5)
    #expect(stats["reported_turns"]?.integer == 4)
    #expect(stats["hit_share"]?.double == 0.4)
    #expect(stats["turns_low"]?.integer == 2)
    #expect(stats["hit_drop_tokens"]?.integer == 8000)
    let zones = try value(report.zonesJSON())
    #expect(zones["prefix_baseline"]?.string == "000000aa")
    #expect(zones["prefix_drifted_since"]?.integer == 3)
    let prefix = try #require(zones["zones"]?.array?[0])
    #expect(prefix["last_change_turn"]?.integer == 3)
    #expect(prefix["last_change_cause"]?.string == "toolDescription")
    #expect(prefix["last_change_path"]?.string == "tools[0].description")
    let turns = try report.inspectJSON().map(value)
    #expect(turns.map { $0["turn"]?.integer } == [1, 2, 3, 4, 5])
    #expect(turns[2]["prefix_changed"] == .bool(true))
    #expect(turns[4]["cached_tokens"] == .null)
    #expect(turns[4]["hit_share"] == .null)
  }

  @Test func `turns without zones are told, with a dash for each`() {
    let old = CacheReport([storedTurn(0xA1, 1)])
    #expect(old.zonesText().hasSuffix("no zones are recorded\n"))
    #expect(old.inspectText().contains("    1  -             -      -       -      900  90%"))
  }
}
