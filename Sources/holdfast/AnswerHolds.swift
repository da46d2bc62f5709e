import EventLoop
import Proxy
import Synchronization

/// Answers that wait until what was decided about their requests is in the ledger. They wait for a
/// bounded time only: a ledger that does not get on must not hold up an agent.
final class AnswerHolds: @unchecked Sendable {
  private static let limitMillis: UInt64 = 1000

  private let keptTicket = Atomic<UInt64>(0)
  private let wakeLoop: @Sendable () -> Void

  // Loop thread only.
  private var waiting: [(ticket: UInt64, hold: AnswerHold, since: UInt64)] = []
  private var lastTicket: UInt64 = 0
  /// The newest answer that could wait no longer; until it is kept none waits again.
  private var lateTicket: UInt64 = 0
  private var timer: Timer?
  private let late: () -> Void

  /// - Parameters:
  ///   - wakeLoop: called from any thread when `open` has something to do.
  ///   - late: called on the loop thread whenever an answer could wait no longer.
  init(loop: Loop, wakeLoop: @escaping @Sendable () -> Void, late: @escaping () -> Void) {
    self.wakeLoop = wakeLoop
    self.late = late
    timer = Timer(loop: loop) { [unowned self] in giveUp() }
  }

  /// Loop thread only.
  func add(_ hold: AnswerHold) -> UInt64 {
    lastTicket += 1
    guard keptTicket.load(ordering: .acquiring) >= lateTicket else { return lastTicket }
    hold.close()
    if waiting.isEmpty { timer?.start(afterMillis: Self.limitMillis) }
    waiting.append((lastTicket, hold, Loop.monotonicNanos() / 1_000_000))
    return lastTicket
  }

  /// From any thread.
  func kept(upTo ticket: UInt64) {
    keptTicket.store(ticket, ordering: .releasing)
    wakeLoop()
  }

  /// Loop thread only: lets go what has been kept.
  func open() {
    let kept = keptTicket.load(ordering: .acquiring)
    release { $0.ticket <= kept }
  }

  /// Loop thread only.
  func close() {
    timer?.close()
    timer = nil
    release { _ in true }
  }

  private func giveUp() {
    let now = Loop.monotonicNanos() / 1_000_000
    let late = waiting.last { now - $0.since >= Self.limitMillis }
    release { now - $0.since >= Self.limitMillis }
    guard let late else { return }
    lateTicket = late.ticket
    self.late()
  }

  private func release(_ isDue: ((ticket: UInt64, hold: AnswerHold, since: UInt64)) -> Bool) {
    guard !waiting.isEmpty else { return }
    let due = waiting.prefix { isDue($0) }
    waiting.removeFirst(due.count)
    timer?.stop()
    if let next = waiting.first {
      let age = Loop.monotonicNanos() / 1_000_000 - next.since
      timer?.start(afterMillis: Self.limitMillis - min(age, Self.limitMillis))
    }
    for entry in due { entry.hold.open() }
  }
}
