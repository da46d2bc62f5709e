import EventLoop
import TestSupport
import Testing

@testable import Proxy

@Suite struct DeadlineTests {
  private final class Owner: DeadlineOwner {
    var reached = 0
    lazy var deadline = Deadline(owner: self)
    func deadlineReached(_ kind: DeadlineKind) { reached += 1 }
  }

  @Test func `deadlines expire once and in order, stopped ones not at all`() throws {
    let test = try TestLoop()
    let queue = DeadlineQueue(loop: test.loop, kind: .linger, millis: 20)
    let owners = (0..<5).map { _ in Owner() }
    for owner in owners { queue.start(owner.deadline) }
    owners[0].deadline.stop()
    owners[2].deadline.stop()
    owners[4].deadline.stop()
    owners[2].deadline.stop()
    #expect(test.run { owners[1].reached == 1 && owners[3].reached == 1 })
    test.settle()
    #expect(owners.map(\.reached) == [0, 1, 0, 1, 0])
    queue.close()
    try test.loop.close()
  }

  @Test func `a deadline that is set again moves to the end`() throws {
    let test = try TestLoop()
    let queue = DeadlineQueue(loop: test.loop, kind: .linger, millis: 60)
    let other = DeadlineQueue(loop: test.loop, kind: .connect, millis: 60_000)
    let moved = Owner()
    let kept = Owner()
    queue.start(moved.deadline)
    queue.start(kept.deadline)
    queue.start(moved.deadline)
    other.start(kept.deadline)
    #expect(test.run { moved.reached == 1 })
    #expect(kept.reached == 0)
    queue.close()
    other.close()
    try test.loop.close()
  }

  @Test func `no limit never expires`() throws {
    let test = try TestLoop()
    let queue = DeadlineQueue(loop: test.loop, kind: .linger, millis: 0)
    let owner = Owner()
    queue.start(owner.deadline)
    test.settle()
    #expect(owner.reached == 0)
    queue.close()
    try test.loop.close()
  }
}
