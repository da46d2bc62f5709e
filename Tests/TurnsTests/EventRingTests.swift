import Synchronization
import Testing
import Turns

#if canImport(Glibc)
  import Glibc
#endif

@Suite struct EventRingTests {
  @Test func `what waits for room is known to the consumer until it was flushed`() {
    let ring = EventRing<Int>(capacity: 2, backlog: 8)
    for number in 1...4 { _ = ring.push(number) }
    #expect(ring.isHeldBack)
    #expect(ring.pop() == 1 && ring.pop() == 2 && ring.pop() == nil)
    #expect(ring.isHeldBack)
    _ = ring.flush()
    #expect(!ring.isHeldBack)
    #expect(ring.pop() == 3 && ring.pop() == 4)
  }

  @Test func `elements come out in the order they went in`() {
    let ring = EventRing<Int>(capacity: 8)
    for value in 0..<5 { _ = ring.push(value) }
    #expect((0..<5).map { _ in ring.pop() } == [0, 1, 2, 3, 4])
    #expect(ring.pop() == nil)
  }

  @Test func `a full ring drops the oldest of the waiting and counts them, the newest arrives`() {
    let ring = EventRing<Int>(capacity: 4, backlog: 2)
    for value in 0..<10 { _ = ring.push(value) }
    #expect(ring.droppedCount == 4)
    var seen: [Int] = []
    while let value = ring.pop() { seen.append(value) }
    _ = ring.flush()
    while let value = ring.pop() { seen.append(value) }
    #expect(seen == [0, 1, 2, 3, 8, 9])
  }

  @Test(arguments: 1...7)
  func `a long backlog arrives in order, however little room there is at a time`(_ room: Int) {
    let ring = EventRing<Int>(capacity: 8, backlog: .max)
    var taken: [Int] = []
    for number in 0..<500 {
      _ = ring.push(number)
      if number % 9 == 0 {
        for _ in 0..<room { if let next = ring.pop() { taken.append(next) } }
        _ = ring.flush()
      }
    }
    while let next = ring.pop() {
      taken.append(next)
      _ = ring.flush()
    }
    #expect(taken == Array(0..<500))
    #expect(!ring.hasBacklog)
    #expect(ring.droppedCount == 0)
  }

  @Test func `a sleeping consumer is woken once`() {
    let ring = EventRing<Int>(capacity: 8)
    #expect(ring.prepareToSleep())
    #expect(ring.push(1))
    #expect(!ring.push(2))
  }

  @Test func `a consumer does not fall asleep over an element`() {
    let ring = EventRing<Int>(capacity: 8)
    _ = ring.push(1)
    #expect(!ring.prepareToSleep())
  }

  @Test func `what is left in the ring is released with it`() {
    final class Token: Sendable {}
    weak var watched: Token?
    do {
      let ring = EventRing<Token>(capacity: 8)
      let token = Token()
      watched = token
      _ = ring.push(token)
    }
    #expect(watched == nil)
  }

  @Test func `two threads exchange many elements without loss or reorder`() {
    let ring = EventRing<Int>(capacity: 256, backlog: 1 << 20)
    let count = 200_000
    let producer = Producer(ring: ring, count: count)
    var thread = pthread_t()
    pthread_create(&thread, nil, produce, Unmanaged.passRetained(producer).toOpaque())
    var expected = 0
    while expected < count {
      guard let value = ring.pop() else {
        sched_yield()
        continue
      }
      #expect(value == expected)
      expected += 1
    }
    pthread_join(thread, nil)
    #expect(ring.droppedCount == 0)
  }
}

private final class Producer: Sendable {
  let ring: EventRing<Int>
  let count: Int

  init(ring: EventRing<Int>, count: Int) {
    self.ring = ring
    self.count = count
  }
}

private func produce(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
  guard let context else { return nil }
  let producer = Unmanaged<Producer>.fromOpaque(context).takeRetainedValue()
  for value in 0..<producer.count { _ = producer.ring.push(value) }
  while producer.ring.hasBacklog {
    _ = producer.ring.flush()
    sched_yield()
  }
  return nil
}
