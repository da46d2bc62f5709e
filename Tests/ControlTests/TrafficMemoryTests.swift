import Prefix
import Prompt
import Testing
import Turns
import Upstream

@testable import Control

@Suite struct TrafficMemoryTests {
  static func record(
    _ session: UInt32, _ turn: Int, at: Int64 = 0, mode: PinMode = .off
  ) -> TurnRecord {
    var record = TurnRecord(
      session: SessionID(raw: session), turn: turn, dialect: .openAIChat,
      startedAt: at == 0 ? Int64(turn) * 1000 : at)
    record.state = .done
    record.mode = mode
    return record
  }

  private static func turns(_ memory: TrafficMemory) -> [String] {
    memory.replay.compactMap { event in
      switch event {
      case .started(let record): "\(record.session.raw).\(record.turn) started"
      case .finished(let record): "\(record.session.raw).\(record.turn) finished"
      default: nil
      }
    }
  }

  @Test func `turns are told again in the order of their time, running ones as running`() {
    var memory = TrafficMemory(mode: .off)
    memory.note(.finished(Self.record(1, 1, at: 100)))
    memory.note(.finished(Self.record(2, 1, at: 200)))
    memory.note(.finished(Self.record(1, 2, at: 300)))
    memory.note(.started(Self.record(2, 2, at: 400)))
    #expect(Self.turns(memory) == ["1.1 finished", "2.1 finished", "1.2 finished", "2.2 started"])
    #expect(memory.inFlight == 1)
    memory.note(.finished(Self.record(2, 2, at: 400)))
    #expect(memory.inFlight == 0)
    #expect(Self.turns(memory).last == "2.2 finished")
  }

  @Test func `an evicted session is forgotten with what runs in it`() {
    var memory = TrafficMemory(mode: .off)
    memory.note(.started(Self.record(1, 1)))
    memory.note(.sessionEvicted(SessionID(raw: 1)))
    #expect(memory.sessions.isEmpty)
    #expect(memory.inFlight == 0)
  }

  @Test func `beyond the limit the session that was quiet longest goes`() {
    var memory = TrafficMemory(mode: .off, sessionLimit: 2)
    memory.note(.finished(Self.record(1, 1, at: 100)))
    memory.note(.finished(Self.record(2, 1, at: 200)))
    memory.note(.finished(Self.record(1, 2, at: 300)))
    memory.note(.finished(Self.record(3, 1, at: 400)))
    #expect(Set(memory.sessions.keys.map(\.raw)) == [1, 3])
  }

  @Test func `beyond the limit of turns quiet sessions keep only their newest`() {
    var memory = TrafficMemory(mode: .off, recordLimit: 100)
    for turn in 1...70 { memory.note(.finished(Self.record(1, turn, at: Int64(turn)))) }
    for turn in 1...31 { memory.note(.finished(Self.record(2, turn, at: 1_000 + Int64(turn)))) }
    #expect(memory.sessions[SessionID(raw: 1)]?.window.count == 10)
    #expect(memory.sessions[SessionID(raw: 2)]?.window.count == 31)
    #expect(memory.sessions[SessionID(raw: 1)]?.totals.turns == 70)
  }

  @Test func `a mode that was changed later is told behind the turns`() {
    var memory = TrafficMemory(mode: .off)
    memory.note(.finished(Self.record(1, 1)))
    memory.note(.modeChanged(session: SessionID(raw: 1), mode: .hold, fromTurn: 2))
    guard case .modeChanged(let session, .hold, 2)? = memory.replay.last else {
      Issue.record("\(memory.replay)")
      return
    }
    #expect(session == SessionID(raw: 1))
    memory.note(.modeChanged(session: nil, mode: .safe, fromTurn: 0))
    #expect(memory.defaultMode == .safe)
    #expect(memory.sessions[SessionID(raw: 1)]?.mode == .safe)
    memory.note(.defaultsChanged(mode: .hold, repairs: .all))
    #expect(memory.defaultMode == .hold)
    #expect(memory.sessions[SessionID(raw: 1)]?.mode == .safe)
  }

  @Test func `side calls are told again and make no session`() {
    var memory = TrafficMemory(mode: .off)
    var call = Self.record(9, 1)
    call.isSideCall = true
    memory.note(.started(call))
    memory.note(.finished(call))
    #expect(memory.sessions.isEmpty)
    #expect(Self.turns(memory) == ["9.1 finished"])
  }

  @Test func `the newest state of each upstream is told first`() {
    var memory = TrafficMemory(mode: .off)
    memory.note(.upstream(UpstreamStatus(name: "a", address: "x:1", state: .unknown)))
    memory.note(.finished(Self.record(1, 1)))
    memory.note(.upstream(UpstreamStatus(name: "a", address: "x:1", state: .up)))
    guard case .upstream(let status)? = memory.replay.first else {
      Issue.record("\(memory.replay)")
      return
    }
    #expect(status.state == .up)
    #expect(memory.replay.count == 2)
  }
}
