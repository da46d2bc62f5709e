/// Where everything stands on a screen of a given size. Depends on nothing but the size, so that
/// nothing moves when data arrives.
public struct Layout: Sendable, Equatable {
  /// How much there is room for in a line.
  enum Tier: Int, Sendable, Comparable {
    /// From 40, 60, 80, 118 and 150 columns.
    case tiny, narrow, normal, wide, vast

    static func < (a: Tier, b: Tier) -> Bool { a.rawValue < b.rawValue }
  }

  let size: Size
  let tier: Tier
  public let title: Rect
  /// Empty on low screens.
  public let status: Rect
  public let body: Rect
  public let message: Rect
  /// Empty on low screens.
  public let rule: Rect
  public let hints: Rect

  public init(_ size: Size) {
    self.size = size
    switch size.columns {
    case ..<60: tier = .tiny
    case ..<80: tier = .narrow
    case ..<118: tier = .normal
    case ..<150: tier = .wide
    default: tier = .vast
    }
    let width = size.columns
    func line(_ row: Int, if shown: Bool = true) -> Rect {
      Rect(row: row, column: 0, rows: shown ? 1 : 0, columns: width)
    }
    let hasStatus = size.rows >= 12
    let hasRule = size.rows >= 20
    title = line(0)
    status = line(1, if: hasStatus)
    hints = line(size.rows - 1)
    rule = line(size.rows - 2, if: hasRule)
    let messageRow = size.rows - (hasRule ? 3 : 2)
    message = line(messageRow)
    let top = hasStatus ? 2 : 1
    body = Rect(row: top, column: 0, rows: messageRow - top, columns: width)
  }

  /// Whether there is room for rules between the parts.
  var isTall: Bool { size.rows >= 20 }

  private func part(_ row: Int, _ rows: Int) -> Rect {
    Rect(row: row, column: 0, rows: rows, columns: size.columns)
  }

  // MARK: Sessions

  /// Header and rows.
  public var sessionTable: Rect { part(body.row, body.rows - tail.rows) }
  public var sessionRows: Int { max(0, sessionTable.rows - 1) }
  /// Rule and lines; empty on the lowest screens.
  public var tail: Rect {
    let rows: Int
    switch size.rows {
    case ..<12: rows = 0
    case ..<20: rows = 3
    default: rows = body.rows - max(7, body.rows * 2 / 5)
    }
    return part(body.endRow - rows, rows)
  }
  public var tailRows: Int { max(0, tail.rows - 1) }

  // MARK: Session

  enum MapLine: Sendable { case rule, ruler, kind, agent, sent, server, caret, legend, zones }

  var mapLines: [MapLine] {
    switch size.rows {
    case ..<12: []
    case ..<20: [.agent, .sent, .server, .caret]
    case ..<30: [.rule, .kind, .agent, .sent, .server, .caret, .legend]
    default: [.rule, .ruler, .kind, .agent, .sent, .server, .caret, .legend, .zones]
    }
  }

  public var map: Rect { part(body.row, mapLines.count) }
  /// Rule (where there is room), header and rows.
  public var turnTable: Rect { part(map.endRow, body.rows - map.rows) }
  public var turnRows: Int { max(0, turnTable.rows - (isTall ? 2 : 1)) }
  /// Cells of a lane.
  var mapCells: Int { max(1, size.columns - Layout.laneLabel - 1) }
  static let laneLabel = 10

  // MARK: Break

  public var facts: Rect {
    let rows: Int
    switch size.rows {
    case ..<12: rows = 2
    case ..<20: rows = 4
    case ..<30: rows = 7
    default: rows = 8
    }
    return part(body.row, min(rows, body.rows))
  }
  /// Rule and lines.
  public var difference: Rect { part(facts.endRow, body.rows - facts.rows) }

  // MARK: Costs

  public var costTotals: Rect {
    let rows: Int
    switch size.rows {
    case ..<12: rows = 2
    case ..<20: rows = 4
    case ..<30: rows = 5
    default: rows = 7
    }
    return part(body.row, rows)
  }
  public var costSessions: Rect {
    part(costTotals.endRow, body.rows - costTotals.rows - costHours.rows)
  }
  public var costRows: Int { max(0, costSessions.rows - (isTall ? 2 : 1)) }
  public var costHours: Rect {
    let rows = size.rows >= 30 ? 8 : 0
    return part(body.endRow - rows, rows)
  }
}
