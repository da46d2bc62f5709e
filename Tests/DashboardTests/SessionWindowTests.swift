import DashboardFixtures
import Testing
import Turns

struct SessionWindowTests {
  private func filled(_ turns: ClosedRange<Int>, capacity: Int = 10, maps: Int = 4) -> SessionWindow
  {
    var window = SessionWindow(capacity: capacity, mapCapacity: maps)
    for turn in turns { window.record(Story.clean(Story.claude, turn, at: Story.now)) }
    return window
  }

  @Test func `the newest turns are kept in order`() {
    let window = filled(1...25)
    #expect(window.count == 10)
    #expect((0..<10).map { window[$0].turn } == Array(16...25))
    #expect(window.forgotten == 15)
    #expect(window.index(ofTurn: 15) == nil)
    #expect(window.index(ofTurn: 16) == 0)
  }

  @Test func `a record replaces the one with its number`() {
    var window = filled(1...5)
    var record = Story.clean(Story.claude, 3, at: Story.now)
    record.status = 418
    window.record(record)
    #expect(window.count == 5)
    #expect(window[2].status == 418)
  }

  @Test func `turns that arrive out of order are sorted in`() {
    var window = filled(1...3)
    window.record(Story.clean(Story.claude, 7, at: Story.now))
    window.record(Story.clean(Story.claude, 5, at: Story.now))
    #expect((0..<5).map { window[$0].turn } == [1, 2, 3, 5, 7])
    #expect(window.index(atOrAfterTurn: 4) == 3)
    #expect(window.index(atOrAfterTurn: 8) == 5)
  }

  @Test func `only the newest turns keep their maps`() {
    let window = filled(1...10)
    #expect(
      (0..<10).map { window[$0].map != nil } == Array(repeating: false, count: 6) + [
        true, true, true, true,
      ])
  }

  @Test func `a copy does not change with its original`() {
    var window = filled(1...3)
    let copy = window
    window.record(Story.clean(Story.claude, 4, at: Story.now))
    #expect(copy.last?.turn == 3)
  }
}
