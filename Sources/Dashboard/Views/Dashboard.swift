import Turns

/// The pure face of the dashboard: a state and a time in, a picture out.
public enum Dashboard {
  /// - Parameter now: milliseconds since 1970; only ages and elapsed times depend on it.
  public static func frame(_ state: DashboardState, now: Int64) -> Frame {
    var frame = Frame(size: state.size, ascii: state.options.ascii)
    if state.size.isTooSmall {
      drawTooSmall(state.size, &frame)
      return frame
    }
    StatusBars.draw(state, &frame, now: now)
    switch state.overlay {
    case .help(let top): HelpView.draw(state, &frame, top: top)
    case .notices(let top): NoticesView.draw(state, &frame, top: top)
    case .compare(let top): CompareView.draw(state, &frame, top: top)
    case .block(let page): BlockView.draw(state, &frame, page)
    case .stored(let index): StoredView.draw(state, &frame, index: index)
    default:
      switch state.screen {
      case .sessions: SessionsView.draw(state, &frame, now: now)
      case .session: SessionView.draw(state, &frame, now: now)
      case .breakPoint: BreakView.draw(state, &frame)
      case .costs: CostsView.draw(state, &frame)
      }
      if let overlay = state.overlay { Overlays.draw(overlay, state, &frame) }
      if !state.search.isEmpty {
        frame.highlight(state.search, rows: state.layout.body.row..<state.layout.body.endRow)
      }
    }
    return frame
  }

  /// Milliseconds until something shown changes by itself; nil if nothing will.
  public static func nextChange(_ state: DashboardState, now: Int64) -> Int? {
    guard !state.size.isTooSmall else { return nil }
    var next: Int?
    func consider(_ millis: Int) { next = min(next ?? .max, millis) }
    if let failing = state.traffic.failing, case .down(let since, _, _) = failing.state {
      consider(Ages.millisToNext(now - since))
    }
    guard state.frozen == nil else { return next }
    if state.screen == .session, state.selectedRow?.latest?.state.isInFlight == true {
      consider(250)
    }
    guard state.overlay == nil else { return next }
    let rows = SessionsView.shownRows(state)
    if state.screen == .sessions {
      if rows.contains(where: { $0.latest?.state.isInFlight == true }) { consider(250) }
      if state.showsAge {
        for row in rows where row.latest?.state == .done {
          consider(Ages.millisToNext(now - row.lastActivity))
        }
      }
    }
    return next
  }

  private static func drawTooSmall(_ size: Size, _ frame: inout Frame) {
    let lines = [
      "terminal is \(size.columns)x\(size.rows)",
      "needs \(Size.minimum.columns)x\(Size.minimum.rows) or more",
      "proxy is running",
      "q quit",
    ]
    for (row, line) in lines.enumerated() { frame.put(line, row: row, column: 1) }
  }
}

/// When an age that is shown as a text reads differently.
enum Ages {
  static func millisToNext(_ age: Int64) -> Int {
    let unit: Int64 = age < 60_000 ? 1_000 : 60_000
    let within = max(0, age) % unit
    return Int(unit - within)
  }
}
