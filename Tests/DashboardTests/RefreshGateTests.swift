import Dashboard
import DashboardFixtures
import Testing
import Turns

struct RefreshGateTests {
  @Test func `a clean screen is never drawn`() {
    #expect(RefreshGate().decision(at: 1_000) == .nothing)
  }

  @Test func `the first change is drawn at once and the next waits for the gap`() {
    var gate = RefreshGate(gapMillis: 50)
    gate.markDirty()
    #expect(gate.decision(at: 1_000) == .drawNow)
    gate.drawn(at: 1_000)
    #expect(gate.decision(at: 1_001) == .nothing)
    gate.markDirty()
    #expect(gate.decision(at: 1_010) == .wait(40))
    #expect(gate.decision(at: 1_050) == .drawNow)
  }

  @Test func `a clock that goes backwards does not stop the screen`() {
    var gate = RefreshGate(gapMillis: 50)
    gate.drawn(at: 1_000_000)
    gate.markDirty()
    #expect(gate.decision(at: 0) == .wait(50))
  }

  @Test func `nothing ticks when nothing moves`() {
    let events = Story.whole(Story.claude, 1, secondsAgo: 5)
    let state = Story.state(size: Size(columns: 80, rows: 24), events: events)
    #expect(Dashboard.nextChange(state, now: Story.now) == nil)
  }

  @Test func `a turn in flight ticks four times a second, unless frozen`() {
    var state = Story.state(size: Size(columns: 80, rows: 24))
    #expect(Dashboard.nextChange(state, now: Story.now) == 250)
    _ = state.reduce(.key(.character("f")), now: Story.now)
    #expect(Dashboard.nextChange(state, now: Story.now) == nil)
  }

  @Test func `an age ticks with its last digit`() {
    var state = Story.state(
      size: Size(columns: 80, rows: 24), events: Story.whole(Story.claude, 1, secondsAgo: 5))
    _ = state.reduce(.key(.character("t")), now: Story.now)
    #expect(Dashboard.nextChange(state, now: Story.now + 300) == 700)
    #expect(Dashboard.nextChange(state, now: Story.now + 120_300) == 59_700)
  }

  @Test func `in a flood of events frames come half as often, but keys are echoed at once`() {
    var gate = RefreshGate(gapMillis: 50, floodGapMillis: 100)
    var frames = 0
    for now in stride(from: Int64(0), to: 5_000, by: 5) {
      gate.markDirty()
      if gate.decision(at: now) == .drawNow {
        gate.drawn(at: now)
        frames += 1
      }
    }
    #expect(frames < 60)
    gate.markDirty(byPerson: true)
    #expect(gate.decision(at: 5_045) == .drawNow)
  }

  @Test func `after a flood the gap is short again`() {
    var gate = RefreshGate(gapMillis: 50, floodGapMillis: 100)
    for now in stride(from: Int64(0), to: 1_000, by: 50) {
      gate.markDirty()
      if gate.decision(at: now) == .drawNow { gate.drawn(at: now) }
    }
    #expect(gate.gap == 100)
    gate.markDirty()
    gate.drawn(at: 5_000)
    #expect(gate.gap == 50)
  }
}
