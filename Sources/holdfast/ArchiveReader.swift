import Dashboard
import EventLoop
import Ledger
import Prefix
import Synchronization
import Turns
import Upstream

/// Reads the ledger for the dashboard on a thread of its own, so that neither the loop nor the
/// drawing waits for the file.
final class ArchiveReader: @unchecked Sendable {
  private struct State {
    var requests: [ArchiveRequest] = []
    var wakeup: Wakeup?
    var prices: PriceTable
  }

  /// Questions that wait; a person does not press keys faster than that.
  private static let limit = 64

  private let path: String
  private let state: Mutex<State>
  private let stopping = Atomic<Bool>(false)
  // Touched by whoever starts and stops it.
  private var thread: Thread?

  init(path: String, prices: PriceTable) {
    self.path = path
    state = Mutex(State(prices: prices))
  }

  /// From the next question on; from any thread.
  var prices: PriceTable {
    get { state.withLock { $0.prices } }
    set { state.withLock { $0.prices = newValue } }
  }

  /// From any thread; never waits.
  func ask(_ request: ArchiveRequest) {
    let wakeup = state.withLock { state in
      if state.requests.count < Self.limit { state.requests.append(request) }
      return state.wakeup
    }
    wakeup?.send()
  }

  /// - Parameter answer: called on the reader's thread.
  /// - Throws: if no loop (`UVError`) or no thread (`FileError`) is to be had.
  func start(_ answer: @escaping @Sendable (ArchiveAnswer) -> Void) throws {
    let stage = try Stage(self, answer)
    let wakeup = stage.wakeup
    state.withLock { $0.wakeup = wakeup }
    thread = try Thread(name: "archive") { stage.loop.run() }
    wakeup.send()
  }

  /// Ends the thread, also in the middle of a question, whose answer is then that it failed.
  func stop() {
    stopping.store(true, ordering: .releasing)
    let wakeup = state.withLock { state in
      defer { state.wakeup = nil }
      return state.wakeup
    }
    wakeup?.send()
    thread?.join()
    thread = nil
  }

  private func nextRequest() -> ArchiveRequest? {
    state.withLock { $0.requests.isEmpty ? nil : $0.requests.removeFirst() }
  }

  /// Made on one thread, then used on its own thread only.
  private final class Stage: @unchecked Sendable {
    let loop: Loop
    private let end: End
    let wakeup: Wakeup

    private final class End {
      var action: () -> Void = {}
    }

    init(
      _ owner: ArchiveReader, _ answer: @escaping @Sendable (ArchiveAnswer) -> Void
    ) throws(UVError) {
      loop = try Loop()
      let end = End()
      self.end = end
      wakeup = try Wakeup(loop: loop) { end.action() }
      let wakeup = wakeup
      let reading = Reading(path: owner.path) { owner.stopping.load(ordering: .acquiring) }
      end.action = { [unowned end] in
        while !owner.stopping.load(ordering: .acquiring), let request = owner.nextRequest() {
          answer(reading.answer(request, owner.prices))
        }
        guard owner.stopping.load(ordering: .acquiring) else { return }
        wakeup.close()
        end.action = {}
      }
    }
  }
}

/// Answers one question after the other over a connection that is opened when first needed.
private final class Reading {
  private static let sessionLimit = 1_000

  private let path: String
  private var reader: LedgerReader?

  private let isStopped: () -> Bool

  init(path: String, isStopped: @escaping () -> Bool) {
    self.path = path
    self.isStopped = isStopped
  }

  func answer(_ request: ArchiveRequest, _ prices: PriceTable) -> ArchiveAnswer {
    do throws(LedgerError) {
      let reader: LedgerReader
      if let open = self.reader { reader = open } else { reader = try open() }
      switch request {
      case .count: return .count(try reader.sessionCount())
      case .sessions: return .sessions(try reader.sessions(limit: Self.sessionLimit))
      case .turns(let page): return .turns(page, try turns(page, reader))
      case .costs(let dayStart):
        var (day, all) = (CostBreakdown(prices: prices), CostBreakdown(prices: prices))
        try reader.forEachTurn(LedgerFilter()) {
          all.add($0.record, isLocal: $0.isLocal)
          if $0.record.startedAt >= dayStart { day.add($0.record, isLocal: $0.isLocal) }
        }
        return .costs(day: day, all: all)
      }
    } catch {
      // The next question opens the file anew: it may have been replaced.
      reader = nil
      return .failed(request, reason: "\(error)")
    }
  }

  private func open() throws(LedgerError) -> LedgerReader {
    let reader = try LedgerReader(path: path)
    reader.interrupt(when: isStopped)
    self.reader = reader
    return reader
  }

  private func turns(_ page: TurnPage, _ reader: LedgerReader) throws(LedgerError) -> [StoredTurn] {
    var run = page.run
    if run == nil { run = try reader.run(of: page.session) }
    guard let run else { return [] }
    let key = SessionKey(run: run, session: page.session)
    switch page.edge {
    case .before(let turn):
      return try reader.turns(of: key, before: turn, limit: page.limit).reversed()
    case .after(let turn): return try reader.turns(of: key, after: turn, limit: page.limit)
    }
  }
}
