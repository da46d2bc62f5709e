import EventLoop

/// What a deadline was set for.
enum DeadlineKind {
  case requestHead, bodyStall, clientIdle, linger
  case connect, response, upstreamIdle
}

protocol DeadlineOwner: AnyObject {
  func deadlineReached(_ kind: DeadlineKind)
}

/// The place of one connection in at most one `DeadlineQueue`.
final class Deadline {
  fileprivate unowned let owner: any DeadlineOwner
  // A queue outlives its deadlines: its end clears them.
  fileprivate unowned(unsafe) var queue: DeadlineQueue?
  fileprivate var expires: UInt64 = 0
  fileprivate var next: Deadline?
  fileprivate unowned(unsafe) var previous: Deadline?

  init(owner: any DeadlineOwner) { self.owner = owner }

  func stop() { queue?.remove(self) }
}

/// Deadlines of one kind. As all of them have the same length they expire in the order in which they
/// were set, so that setting and clearing one is a list operation, whatever the number of
/// connections; one timer serves the first and is never moved earlier.
final class DeadlineQueue {
  private let kind: DeadlineKind
  let millis: UInt64
  private let loop: Loop
  private var timer: Timer?
  private var first: Deadline?
  private unowned(unsafe) var last: Deadline?

  /// `millis` 0: nothing ever expires.
  init(loop: Loop, kind: DeadlineKind, millis: UInt64) {
    self.loop = loop
    self.kind = kind
    self.millis = millis
  }

  /// Sets the deadline to the full time from now; clears it in whatever queue it was.
  func start(_ deadline: Deadline) {
    deadline.stop()
    guard millis > 0 else { return }
    deadline.expires = loop.nowMillis &+ millis
    deadline.queue = self
    deadline.previous = last
    if let last { last.next = deadline } else { first = deadline }
    last = deadline
    if first === deadline { arm(after: millis) }
  }

  fileprivate func remove(_ deadline: Deadline) {
    let next = deadline.next
    next?.previous = deadline.previous
    if last === deadline { last = deadline.previous }
    if let previous = deadline.previous { previous.next = next } else { first = next }
    deadline.next = nil
    deadline.previous = nil
    deadline.queue = nil
  }

  private func arm(after millis: UInt64) {
    let timer = timer ?? Timer(loop: loop) { [unowned self] in expire() }
    self.timer = timer
    if !timer.isActive { timer.start(afterMillis: millis) }
  }

  private func expire() {
    let now = loop.nowMillis
    while let deadline = first, deadline.expires <= now {
      remove(deadline)
      deadline.owner.deadlineReached(kind)
    }
    if let first { arm(after: first.expires - now) }
  }

  func close() {
    while let first { remove(first) }
    timer?.close()
    timer = nil
  }
}
