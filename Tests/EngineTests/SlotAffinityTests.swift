import Prefix
import Testing
import Upstream

@testable import Engine

/// A server's slots played by hand, and conversations that use them.
private struct Table {
  var affinity = SlotAffinity()
  var now: UInt64 = 1_000_000

  init(slots: Int) { affinity.serverHas(slots: slots) }

  /// One whole turn; `prompt` is what the slot holds afterwards.
  @discardableResult
  mutating func turn(
    _ session: UInt32, predicted: Int? = 1000, reported: Int? = 1000, held: Int = 1000,
    parent: UInt32? = nil, isSideCall: Bool = false, mayPlace: Bool = true
  ) -> Int? {
    now += 1000
    let place = affinity.begin(
      SessionID(raw: session), parent: parent.map { SessionID(raw: $0) }, isSideCall: isSideCall,
      mayPlace: mayPlace, now: now)
    affinity.end(
      SessionID(raw: session), place, isSideCall: isSideCall,
      .init(predicted: predicted, reported: reported, heldTokens: held, now: now))
    return place.slot
  }

  /// Two conversations displace each other until that is noticed.
  mutating func displace() {
    turn(1, predicted: nil, reported: 0, held: 1000)
    turn(2, predicted: nil, reported: 100, held: 2000)
    turn(1, predicted: 1000, reported: 100, held: 1100)
  }

  /// What the list of slots says then: both were in the last slot.
  mutating func look(_ slots: Int = 2) {
    affinity.saw(
      (0..<slots).map {
        SlotState(
          id: $0, isBusy: false, task: $0 == slots - 1 ? 9 : nil,
          tokens: $0 == slots - 1 ? 1100 : nil)
      })
  }
}

@Suite struct SlotAffinityTests {
  @Test func `no slot is named while conversations do not displace each other`() {
    var table = Table(slots: 4)
    for _ in 0..<10 {
      #expect(table.turn(1) == nil)
      #expect(table.turn(2) == nil)
    }
    #expect(!table.affinity.wantsSlots)
  }

  @Test func `a miss of a conversation that was alone is no displacement`() {
    var table = Table(slots: 4)
    table.turn(1)
    table.turn(1, predicted: 1000, reported: 0)
    #expect(table.affinity.phase == .idle)
  }

  @Test func `a server with one slot is left alone`() {
    var table = Table(slots: 1)
    table.displace()
    #expect(table.affinity.phase == .idle)
  }

  @Test func `a server that did not say how many slots it has is left alone`() {
    var table = Table(slots: 0)
    table.displace()
    #expect(table.affinity.phase == .idle)
  }

  @Test func `displaced conversations get slots of their own, the present one keeps its slot`() {
    var table = Table(slots: 2)
    table.displace()
    #expect(table.affinity.phase == .looking)
    #expect(table.turn(1, held: 1100) == nil)
    table.look()
    #expect(table.affinity.phase == .trial)
    #expect(table.turn(2, reported: 100) == 0)
    #expect(table.turn(1) == 1)
    #expect(table.turn(2) == 0)
    #expect(table.affinity.phase == .proved)
    #expect(table.affinity.takeNotice()?.contains("id_slot") == true)
    #expect(table.affinity.takeNotice() == nil)
  }

  @Test func `a server that clears idle slots never gets a slot named`() {
    var table = Table(slots: 2)
    table.displace()
    table.affinity.saw([
      SlotState(id: 0, isBusy: false, task: 3, tokens: 0),
      SlotState(id: 1, isBusy: false, task: 9, tokens: 1100),
    ])
    #expect(table.affinity.phase == .stopped)
    #expect(table.affinity.takeNotice()?.contains("clears idle slots") == true)
    table.displace()
    #expect(table.turn(1) == nil)
    #expect(!table.affinity.wantsSlots)
  }

  @Test func `the first turn that a named slot harms ends it, with a notice`() {
    var table = Table(slots: 2)
    table.displace()
    table.look()
    #expect(table.turn(2, reported: 0) == 0)
    #expect(table.turn(1, reported: 0) == 1)
    #expect(table.affinity.phase == .stopped)
    #expect(table.affinity.takeNotice()?.contains("not named any more") == true)
    #expect(table.turn(1) == nil)
  }

  @Test func `once proved, a single miss is forgiven and two are not`() {
    var table = Table(slots: 2)
    table.displace()
    table.look()
    table.turn(2, reported: 100)
    table.turn(1)
    table.turn(2)
    #expect(table.affinity.phase == .proved)
    table.turn(1, reported: 0)
    #expect(table.affinity.phase == .proved)
    table.turn(2, reported: 0)
    #expect(table.affinity.phase == .stopped)
  }

  @Test func `side calls go to a slot that no conversation has`() {
    var table = Table(slots: 4)
    table.displace()
    table.look(4)
    let first = table.turn(1)
    let second = table.turn(2, reported: 100)
    let side = table.turn(9, isSideCall: true)
    #expect(first == 3)
    #expect(side != nil && side != first && side != second)
    #expect(table.turn(8, isSideCall: true) == side)
    let third = table.turn(3)
    #expect(third != nil && third != side && third != first && third != second)
  }

  @Test func `conversations that need all slots leave none for side calls`() {
    var table = Table(slots: 2)
    table.displace()
    table.look()
    table.turn(1)
    table.turn(2, reported: 100)
    #expect(table.turn(9, isSideCall: true) == nil)
  }

  @Test func `a slot that is in use is not waited for`() {
    var table = Table(slots: 2)
    table.displace()
    table.look()
    let running = table.affinity.begin(
      SessionID(raw: 1), parent: nil, isSideCall: false, mayPlace: true, now: table.now)
    #expect(running.slot == 1)
    #expect(table.turn(1) == nil)
    table.affinity.end(
      SessionID(raw: 1), running, isSideCall: false,
      .init(predicted: 1000, reported: 1000, heldTokens: 1000, now: table.now))
    #expect(table.turn(1) == 1)
  }

  @Test func `a newcomer takes the slot of a conversation that is long idle`() {
    var table = Table(slots: 2)
    table.displace()
    table.look()
    table.turn(1)
    table.turn(2, reported: 100)
    #expect(table.turn(3) == nil)
    table.now += SlotAffinity.idleMillis
    table.turn(2)
    #expect(table.turn(3) == 1)
  }

  @Test func `a branch goes on in the slot of the conversation it came from`() {
    var table = Table(slots: 4)
    table.displace()
    table.look(4)
    #expect(table.turn(1) == 3)
    #expect(table.turn(5, parent: 1) == 3)
    #expect(table.turn(1) != 3)
  }

  @Test func `a turn whose body must not be changed names no slot`() {
    var table = Table(slots: 2)
    table.displace()
    table.look()
    #expect(table.turn(1, mayPlace: false) == nil)
  }

  @Test func `a miss is not held against the slot if others may have used it`() {
    var table = Table(slots: 2)
    table.displace()
    table.look()
    table.turn(2, reported: 100)
    table.turn(7, mayPlace: false)
    table.turn(1, reported: 0)
    #expect(table.affinity.phase == .trial)
  }

  @Test func `a new start of the server begins anew`() {
    var table = Table(slots: 2)
    table.displace()
    table.look()
    table.turn(1, reported: 0)
    #expect(table.affinity.phase == .stopped)
    table.affinity.serverStarted()
    #expect(table.affinity.phase == .idle)
    table.displace()
    #expect(table.affinity.phase == .looking)
  }

  @Test func `the list of slots is wanted once a turn, until slots are proved`() {
    var table = Table(slots: 2)
    table.displace()
    #expect(table.affinity.wantsSlots)
    table.look()
    #expect(!table.affinity.wantsSlots)
    table.turn(2, reported: 100)
    #expect(table.affinity.wantsSlots)
    table.turn(1)
    table.turn(2)
    #expect(table.affinity.phase == .proved)
    #expect(!table.affinity.wantsSlots)
  }

  @Test func `a forgotten conversation frees its slot`() {
    var table = Table(slots: 2)
    table.displace()
    table.look()
    table.turn(1)
    table.turn(2, reported: 100)
    table.affinity.forget(SessionID(raw: 1))
    #expect(table.turn(3) == 1)
  }
}
