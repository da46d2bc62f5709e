import Synchronization

/// Lock-free ring between exactly one producer thread and one consumer thread.
///
/// Elements are moved through it as boxed references. The producer never waits: what does not fit
/// waits in a bounded backlog that only the producer touches, whose oldest elements are dropped and
/// counted, so that the newest always arrive.
public final class EventRing<Element: Sendable>: @unchecked Sendable {
  private final class Box {
    let element: Element
    init(_ element: Element) { self.element = element }
  }

  private let mask: Int
  private let slots: UnsafeMutablePointer<Unmanaged<Box>?>
  private let backlogLimit: Int

  /// Next slot to write; written by the producer only.
  private let tail = Atomic<Int>(0)
  // Keeps the two indices on different cache lines.
  private let padding: (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64) =
    (0, 0, 0, 0, 0, 0, 0, 0)
  /// Next slot to read; written by the consumer only.
  private let head = Atomic<Int>(0)
  private let dropped = Atomic<Int>(0)
  private let sleeping = Atomic<Bool>(false)
  /// Whether the backlog holds something.
  private let heldBack = Atomic<Bool>(false)

  // Producer only. The backlog begins at `backlogStart`; what lies in front of that was sent.
  private var backlog: [Box?] = []
  private var backlogStart = 0

  /// - Parameters:
  ///   - capacity: a power of two.
  ///   - backlog: how many elements the producer may hold back while the ring is full.
  public init(capacity: Int = 1024, backlog: Int = 256) {
    precondition(capacity > 0 && capacity & (capacity - 1) == 0, "capacity must be a power of two")
    mask = capacity - 1
    backlogLimit = backlog
    slots = .allocate(capacity: capacity)
    slots.initialize(repeating: nil, count: capacity)
  }

  deinit {
    while pop() != nil {}
    slots.deallocate()
  }

  // MARK: Producer

  /// Hands `element` to the consumer, or to the backlog if the ring is full.
  /// - Returns: whether the consumer sleeps and must be woken; true at most once per sleep.
  public func push(_ element: Element) -> Bool {
    let box = Box(element)
    if !hasBacklog, offer(box) { return wakes() }
    backlog.append(box)
    return flush()
  }

  /// Moves the backlog into the ring as far as it fits. Same result as `push`.
  public func flush() -> Bool {
    sendBacklog()
    if !hasBacklog {
      if heldBack.load(ordering: .relaxed) {
        heldBack.store(false, ordering: .sequentiallyConsistent)
      }
    } else if !heldBack.exchange(true, ordering: .sequentiallyConsistent) {
      // The consumer may have emptied the ring before it could see this: then nobody would ask.
      sendBacklog()
    }
    let excess = backlog.count - backlogStart - backlogLimit
    if excess > 0 {
      takeFromBacklog(excess)
      dropped.add(excess, ordering: .relaxed)
    }
    return wakes()
  }

  /// Counts elements that were lost before they came here.
  public func noteDropped(_ count: Int) { dropped.add(count, ordering: .relaxed) }

  private func sendBacklog() {
    var sent = 0
    while backlogStart + sent < backlog.count, let box = backlog[backlogStart + sent], offer(box) {
      sent += 1
    }
    takeFromBacklog(sent)
  }

  /// Moves what is left only once it is the smaller part, so that a long backlog costs no more than a
  /// short one.
  private func takeFromBacklog(_ count: Int) {
    for place in backlogStart..<backlogStart + count { backlog[place] = nil }
    backlogStart += count
    guard backlogStart * 2 > backlog.count else { return }
    backlog.removeFirst(backlogStart)
    backlogStart = 0
  }

  private func wakes() -> Bool {
    guard sleeping.load(ordering: .sequentiallyConsistent) else { return false }
    return sleeping.exchange(false, ordering: .sequentiallyConsistent)
  }

  public var hasBacklog: Bool { backlogStart < backlog.count }

  private func offer(_ box: Box) -> Bool {
    let at = tail.load(ordering: .relaxed)
    guard at &- head.load(ordering: .acquiring) <= mask else { return false }
    slots[at & mask] = Unmanaged.passRetained(box)
    // Sequentially consistent, as is the load of `sleeping` behind it: the consumer announces its
    // sleep and looks again, so at least one side sees the other.
    tail.store(at &+ 1, ordering: .sequentiallyConsistent)
    return true
  }

  // MARK: Consumer

  /// The oldest element, or nil if the ring is empty.
  public func pop() -> Element? {
    let at = head.load(ordering: .relaxed)
    guard at != tail.load(ordering: .acquiring) else { return nil }
    let element = slots[at & mask]?.takeRetainedValue().element
    slots[at & mask] = nil
    head.store(at &+ 1, ordering: .releasing)
    return element
  }

  /// Announces that the consumer is about to sleep.
  /// - Returns: false if something arrived meanwhile; then it must not sleep.
  public func prepareToSleep() -> Bool {
    sleeping.store(true, ordering: .sequentiallyConsistent)
    if head.load(ordering: .relaxed) != tail.load(ordering: .sequentiallyConsistent) {
      sleeping.store(false, ordering: .sequentiallyConsistent)
      return false
    }
    return true
  }

  /// Whether elements wait for room in the ring, for which the producer has to call `flush`. To be
  /// asked after the ring was emptied.
  public var isHeldBack: Bool { heldBack.load(ordering: .sequentiallyConsistent) }

  /// How many elements were dropped since the ring was made.
  public var droppedCount: Int { dropped.load(ordering: .relaxed) }
}
