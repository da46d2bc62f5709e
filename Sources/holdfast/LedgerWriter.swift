import CSystem
import Engine
import EventLoop
import Glibc
import Ledger
import Prefix
import Proxy
import Synchronization
import Turns

/// Keeps the ledger on a thread of its own, fed by a ring that does not drop: the loop thread pays
/// one push per event and never touches the file.
final class LedgerWriter: SessionKeeper, @unchecked Sendable {
  private enum Input: Sendable {
    case event(TurnEvent)
    /// With the number of the answers that wait for it; 0 if none does.
    case keep(KeptSession, ticket: UInt64)
    case retention(days: Int, maxBytes: Int)
  }

  private let ring = EventRing<Input>(capacity: 1024, backlog: .max)
  /// States on their way to the ledger thread.
  private let underWay = Atomic<Int>(0)
  private let holds: AnswerHolds
  private let stopping = Atomic<Bool>(false)
  private let bell: Bell
  private let settings: LedgerSettings
  private let upstreams: [UpstreamStatus]
  private let roomForMore: @Sendable () -> Void
  private let notify: @Sendable (String) -> Void
  private var thread: Thread?
  /// Loop thread only; runs while the ledger thread sleeps and does not know of all inputs.
  private var announcing: Timer?

  /// - Parameters:
  ///   - loop: the loop of the thread that hands over the inputs.
  ///   - holds: what waits for the states that are kept.
  ///   - roomForMore: called on the ledger thread when the loop thread should call `flush`.
  ///   - notify: gets a sentence when the file cannot be written, and when it can again; called on
  ///     any thread.
  /// - Throws: if no descriptors or no thread are to be had.
  init(
    loop: Loop, settings: LedgerSettings, upstreams: [UpstreamStatus], holds: AnswerHolds,
    roomForMore: @escaping @Sendable () -> Void, notify: @escaping @Sendable (String) -> Void
  ) throws(FileError) {
    self.settings = settings
    self.holds = holds
    self.upstreams = upstreams
    self.roomForMore = roomForMore
    self.notify = notify
    bell = try Bell()
    announcing = Timer(loop: loop) { [unowned self] in wake() }
    thread = try Thread(name: "ledger") { [unowned self] in run() }
  }

  /// Loop thread only.
  func publish(_ event: TurnEvent) {
    switch event {
    case .finished, .upstream:
      push(.event(event))
    default: break
    }
  }

  /// Adds what may wait: the ledger thread looks for itself once its batch is due, and if it has none
  /// it is woken later, since what goes by now would have to wait for it.
  private func push(_ input: Input) {
    let isAsleep = ring.push(input)
    unannounced += 1
    if unannounced == Self.mostUnannounced { return wake() }
    if isAsleep { announcing?.start(afterMillis: Self.announcingDelayMillis) }
  }

  /// A part of what it takes to write a batch, in which a crash would lose it, too.
  private static let announcingDelayMillis: UInt64 = 200

  /// Hands over what waited for room. Loop thread only.
  func flush() {
    guard ring.hasBacklog else { return }
    _ = ring.flush()
    wake()
  }

  /// Inputs that the ledger thread was not woken for.
  private var unannounced = 0
  /// So many fit into the ring.
  private static let mostUnannounced = 256

  /// Keeps turns for another time and up to another size. Loop thread only.
  func retain(days: Int, maxBytes: Int) {
    push(.retention(days: days, maxBytes: maxBytes))
    wake()
  }

  /// States that wait at most while the file cannot be written. A state holds a body in memory; one
  /// that finds no room is left out, and the session's next one takes its place.
  private static let mostUnderWay = 256

  /// Loop thread only.
  func keep(_ session: KeptSession, holding hold: AnswerHold?) {
    // One without text holds no body. That and one that says so take text out of the file.
    guard
      session.text == .none || session.erases
        || underWay.load(ordering: .relaxed) < Self.mostUnderWay
    else { return }
    underWay.add(1, ordering: .relaxed)
    let ticket = hold.map { holds.add($0) } ?? 0
    push(.keep(session, ticket: ticket))
    if session.text != .none { wake() }
  }

  /// Lets the loop end; `finish` announces what comes after that. Loop thread only.
  func leaveLoop() {
    announcing?.close()
    announcing = nil
  }

  /// Writes what is left and ends the thread. Loop thread only.
  func finish() {
    while ring.hasBacklog {
      if ring.flush() { wake() }
      usleep(500)
    }
    stopping.store(true, ordering: .sequentiallyConsistent)
    wake()
    thread?.join()
    thread = nil
  }

  private func wake() {
    unannounced = 0
    announcing?.stop()
    bell.ring()
  }

  // MARK: Ledger thread

  private func run() {
    let clock = LedgerClock(
      monotonicMillis: { Loop.monotonicNanos() / 1_000_000 }, wallMillis: { Loop.wallMillis() })
    let recorder = LedgerRecorder(
      settings: settings, clock: clock, upstreams: upstreams, notify: notify)
    while true {
      // Before the inputs: all that came before the end is still taken.
      let isLast = stopping.load(ordering: .sequentiallyConsistent)
      var ticket: UInt64 = 0
      while let input = ring.pop() {
        switch input {
        case .event(let event): recorder.handle(event)
        case .keep(let session, let number):
          underWay.subtract(1, ordering: .relaxed)
          recorder.keep(session)
          ticket = max(ticket, number)
        case .retention(let days, let maxBytes):
          recorder.retain(days: days, maxBytes: maxBytes)
        }
      }
      if isLast { break }
      if ring.isHeldBack { roomForMore() }
      recorder.commitUrgent()
      // Also where it could not be written: traffic comes first, and a notice has been given.
      if ticket > 0 { holds.kept(upTo: ticket) }
      recorder.tick()
      let millis = recorder.waitMillis
      // What comes meanwhile is not announced, and may wait for as long as a batch does.
      if let millis, millis <= settings.batchMillis {
        bell.wait(millis: millis)
      } else if ring.prepareToSleep() {
        bell.wait(millis: millis)
      }
    }
    recorder.finish()
  }
}
