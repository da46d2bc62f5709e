import Prefix
import Turns

/// Turns of one session that were read back from the ledger: a stretch without holes, bounded, that
/// grows at the end the person scrolls to and is cut at the other.
struct TurnHistory: Sendable {
  static let pageRows = 200
  static let limit = 2_000

  let session: SessionID
  let run: Int64?
  /// By ascending number.
  private(set) var turns: [TurnRecord] = []
  /// Whether the ledger may have turns in front of these.
  private(set) var hasOlder = true
  /// Whether turns are missing between these and what is in memory.
  private(set) var isDetached = false
  /// The page that was asked for.
  var pending: TurnPage?
  var failure: String?

  init(session: SessionID, run: Int64?) {
    self.session = session
    self.run = run
  }

  /// The page that belongs to `edge`.
  func page(_ edge: TurnPage.Edge) -> TurnPage {
    TurnPage(session: session, run: run, edge: edge, limit: TurnHistory.pageRows)
  }

  /// Turns have left the memory since the two met.
  mutating func detach() { isDetached = true }

  /// Takes in the answer to `pending`.
  /// - Parameter firstInMemory: number of the oldest turn in memory; nil if there is none.
  mutating func add(_ page: TurnPage, _ records: [TurnRecord], firstInMemory: Int?) {
    guard page == pending else { return }
    pending = nil
    let isWhole = records.count < page.limit
    switch page.edge {
    case .before:
      hasOlder = !isWhole
      turns = records.filter { $0.turn < turns.first?.turn ?? .max } + turns
      if turns.count > TurnHistory.limit {
        turns.removeLast(turns.count - TurnHistory.limit)
        isDetached = true
      }
    case .after(let turn):
      if turns.isEmpty { hasOlder = turn > 0 }
      turns += records.filter { $0.turn > turns.last?.turn ?? -1 }
      if turns.count > TurnHistory.limit {
        turns.removeFirst(turns.count - TurnHistory.limit)
        hasOlder = true
      }
      let reached = firstInMemory.map { (turns.last?.turn ?? 0) + 1 >= $0 } ?? false
      isDetached = !isWhole && !reached
    }
  }
}

/// The turns of one session as the Session screen goes through them: those read back, then those in
/// memory.
struct TurnList: Sendable {
  private let older: ArraySlice<TurnRecord>
  private let window: SessionWindow
  private let first: Int

  init(window: SessionWindow, history: TurnHistory?) {
    let turns = history?.turns ?? []
    let isDetached = history?.isDetached ?? false
    // A stretch that does not reach the memory is shown alone: a list with a hole would lie.
    self.window = isDetached ? SessionWindow() : window
    let end = isDetached ? .max : window.first?.turn ?? .max
    older = turns[..<(turns.firstIndex { $0.turn >= end } ?? turns.count)]
    first = older.count
  }

  var count: Int { first + window.count }
  var isEmpty: Bool { count == 0 }
  var last: TurnRecord? { window.last ?? older.last }
  var oldest: TurnRecord? { older.first ?? window.first }

  subscript(index: Int) -> TurnRecord {
    index < first ? older[index] : window[index - first]
  }

  func index(ofTurn turn: Int) -> Int? {
    let at = index(atOrAfterTurn: turn)
    return at < count && self[at].turn == turn ? at : nil
  }

  /// Index of the first turn whose number is not below `turn`; `count` if there is none.
  func index(atOrAfterTurn turn: Int) -> Int {
    if let last = older.last, turn <= last.turn {
      return older.firstIndex { $0.turn >= turn } ?? first
    }
    return first + window.index(atOrAfterTurn: turn)
  }

  /// Numbers of the turns with a break.
  var breaks: [Int] {
    (0..<count).compactMap { TurnMark(self[$0]).isBreak ? self[$0].turn : nil }
  }
}
