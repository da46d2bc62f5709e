public import Prefix
import Turns

/// Everything the dashboard shows, as a value. Changed by `reduce`, drawn by `Dashboard.frame`.
public struct DashboardState: Sendable {
  public enum Pane: Sendable { case table, other }
  enum CostUnit: Sendable { case tokens, seconds }

  public let options: DashboardOptions
  public internal(set) var size: Size
  public var clock = WallClock()
  /// When the dashboard started.
  public let startedAt: Int64

  /// What arrived.
  public internal(set) var live = Traffic()
  /// What is shown while the view is frozen.
  public internal(set) var frozen: Traffic?
  var frozenAt: Int64 = 0
  public var traffic: Traffic { frozen ?? live }

  public internal(set) var screen = Screen.sessions
  var pane = Pane.table
  public internal(set) var overlay: Overlay?
  public internal(set) var prompt: Prompt?
  public internal(set) var message: Message?
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

  // Session
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
  var hunkScroll = 0
  var context = 2
  var showsHex = false
  var stacked = false

  // Costs
  var unit = CostUnit.tokens
  var costTop = 0

  /// When `Q` or `^C` was pressed once.
  var stopArmedAt: Int64?
  var interruptArmedAt: Int64?
  /// Sorted and filtered sessions; recomputed when something it depends on changes.
  private(set) var visible: [SessionID] = []
  /// Whether `visible` waits for `catchUp`.
  var isOrderStale = false
  /// Warnings that came since the notices were looked at.
  var unseenWarnings = 0

  public init(options: DashboardOptions, size: Size, startedAt: Int64) {
    self.options = options
    self.size = size
    self.startedAt = startedAt
  }

  // MARK: Derived

  var glyphs: Glyphs { options.ascii ? .ascii : .unicode }
  var layout: Layout { Layout(size) }

  var selectedRow: SessionRow? { selectedSession.flatMap { traffic[$0] } }

  /// The turn under the cursor of the Session screen.
  var currentTurn: TurnRecord? {
    guard let row = selectedRow else { return nil }
    if let selectedTurn, let index = row.window.index(ofTurn: selectedTurn) {
      return row.window[index]
    }
    return row.window.last
  }

  /// The turn the Break screen is about.
  var breakRecord: TurnRecord? {
    guard let row = selectedRow, let breakTurn, let index = row.window.index(ofTurn: breakTurn)
    else { return nil }
    return row.window[index]
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
    visible = ids
    isOrderStale = false
  }
}
