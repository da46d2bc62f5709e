public import Prefix
import Turns

/// Everything the dashboard shows, as a value. Changed by `reduce`, drawn by `Dashboard.frame`.
public struct DashboardState: Sendable {
  enum Pane: Sendable { case table, other }
  enum CostUnit: Sendable, CaseIterable { case tokens, seconds, money }

  var options: DashboardOptions
  public internal(set) var size: Size
  public var clock = WallClock()
  /// When the dashboard started.
  let startedAt: Int64

  /// What arrived.
  var live: Traffic
  /// What is shown while the view is frozen.
  var frozen: Traffic?
  var frozenAt: Int64 = 0
  public var traffic: Traffic { frozen ?? live }

  public internal(set) var screen = Screen.sessions
  var pane = Pane.table
  public internal(set) var overlay: Overlay?
  public internal(set) var prompt: Prompt?
  var message: Message?
  var search = ""
  var filter = ""
  var showsAge = false

  // Sessions
  public internal(set) var selectedSession: SessionID?
  var sessionTop = 0
  var sort = SortColumn.arrival
  var sortReversed = false
  /// Entry of the tail at its cursor, counted from the first one ever; nil while following.
  var tailCursor: Int?
  /// `tailCount` when following stopped.
  var tailSeen = 0

  /// Sessions whose branches are not listed.
  var folded: Set<SessionID> = []

  // Stored sessions
  /// How many the ledger has; nil until it has answered.
  var storedCount: Int?
  var stored = StoredSessions()
  /// The stored session on the Session and Break screens, instead of the selected one.
  var opened: SessionRow?
  /// Earlier turns of the session at hand.
  var history: TurnHistory?
  /// How many turns had left the memory when the two last met.
  var historyMeets = 0

  // Session
  /// The turn that `Enter` compares with.
  var marked: TurnRecord?
  /// nil while following the newest turn.
  public internal(set) var selectedTurn: Int?
  var turnTop = 0
  /// The newest turn when following stopped.
  var turnSeen = 0
  var mapByBlock = false
  var mapCursor = 0

  // Break
  var breakTurn: Int?
  var hunk = 0
  var context = 2
  var showsHex = false
  var stacked = false

  // Costs
  var unit = CostUnit.tokens
  var costTop = 0
  /// Costs since midnight and ever, from the ledger.
  var isReadingCosts = false
  var ledgerCosts: (day: CostBreakdown, all: CostBreakdown)?

  /// When `Q` or `^C` was pressed once.
  var stopArmedAt: Int64?
  var interruptArmedAt: Int64?
  /// Sorted and filtered sessions; recomputed when something it depends on changes.
  private(set) var visible: [SessionID] = []
  /// Place of the visible sessions in the tree of branches.
  private(set) var tree: [SessionID: TreePlace] = [:]
  /// How many sessions there were when they were last sorted.
  private(set) var sortedCount = 0
  /// Whether `visible` waits for `catchUp`.
  var isOrderStale = false
  /// As it was when the notices were opened.
  var load: ProxyLoad?
  /// Warnings that came since the notices were looked at.
  var unseenWarnings = 0

  public init(options: DashboardOptions, size: Size, startedAt: Int64) {
    self.options = options
    self.size = size
    live = Traffic(prices: options.prices)
    self.startedAt = startedAt
  }

  // MARK: Derived

  var glyphs: Glyphs { options.ascii ? .ascii : .unicode }
  var layout: Layout { Layout(size) }

  /// The session at hand: the stored one that is open, else the selected one.
  var selectedRow: SessionRow? { opened ?? selectedSession.flatMap { traffic[$0] } }

  /// The turns of the session at hand.
  var turnList: TurnList? {
    selectedRow.map { TurnList(window: $0.window, history: history) }
  }

  /// Numbers of its turns with a break.
  var breaksAtHand: [Int] {
    guard history != nil else { return selectedRow?.breaks ?? [] }
    return turnList?.breaks ?? []
  }

  /// The turn under the cursor of the Session screen.
  var currentTurn: TurnRecord? {
    guard let list = turnList else { return nil }
    if let selectedTurn, let index = list.index(ofTurn: selectedTurn) { return list[index] }
    return list.last
  }

  /// The turn the Break screen is about.
  var breakRecord: TurnRecord? {
    guard let list = turnList, let breakTurn, let index = list.index(ofTurn: breakTurn) else {
      return nil
    }
    return list[index]
  }

  /// The turn that `y` and `w` are about.
  var turnAtHand: TurnRecord? { screen == .breakPoint ? breakRecord : currentTurn }

  // MARK: Order

  mutating func sortSessions() {
    let traffic = traffic
    var ids = traffic.order
    if !filter.isEmpty {
      let wanted = filter.lowercased()
      ids = ids.filter { id in
        guard let row = traffic[id] else { return false }
        return SessionTexts.searchable(row).contains(wanted)
      }
    }
    if sort != .arrival {
      let keyed = ids.enumerated().map { place, id in
        (key: traffic[id].map { SessionTexts.sortKey($0, sort) } ?? .none, place: place, id: id)
      }
      ids = keyed.sorted {
        $0.key == $1.key ? $0.place < $1.place : $0.key < $1.key
      }.map(\.id)
    }
    if sortReversed { ids.reverse() }
    (visible, tree) = SessionTree.arrange(ids, folded: folded) { traffic[$0]?.parent }
    sortedCount = traffic.order.count
    isOrderStale = false
  }
}
