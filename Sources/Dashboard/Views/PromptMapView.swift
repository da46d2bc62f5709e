import Bytes
import Prefix
import Prompt
import Turns
import Upstream

/// The prompt of one turn as four lanes: kinds of block, what the agent did, what was forwarded, and
/// how much the server reports as reused.
enum PromptMapView {
  static func draw(_ state: DashboardState, _ record: TurnRecord, _ frame: inout Frame) {
    let area = state.layout.map
    guard !area.isEmpty else { return }
    guard let map = record.map, !map.entries.isEmpty else {
      if state.layout.isTall {
        Rules.draw(
          &frame, row: area.row, title: "prompt map of turn \(record.turn)", glyphs: state.glyphs)
      }
      frame.put(
        record.state == .failed && record.blockCount == 0
          ? "no map: the request was not measured"
          : "no map: it is kept for the newest turns only",
        row: area.row + (state.layout.isTall ? 1 : 0), column: 1, role: .unknown)
      return
    }
    let lanes = Lanes(map: map, state: state)
    for (offset, line) in state.layout.mapLines.enumerated() {
      let row = area.row + offset
      switch line {
      case .rule: drawRule(state, record, map, lanes, &frame, row: row)
      case .ruler: drawRuler(record, lanes, &frame, row: row)
      case .kind:
        drawLane("kind", lanes, state, &frame, row: row) { cell in
          (lanes.letter(cell), .normal)
        }
      case .agent:
        drawLane("agent", lanes, state, &frame, row: row) { cell in
          lanes.glyph(lanes.worst(cell, \.agent))
        }
      case .sent:
        drawLane("sent", lanes, state, &frame, row: row) { cell in
          lanes.glyph(lanes.worst(cell, \.forwarded))
        }
      case .server: drawServer(record, lanes, state, &frame, row: row)
      case .caret: drawCaret(record, map, lanes, state, &frame, row: row)
      case .legend: drawLegend(state, &frame, row: row)
      case .zones:
        let zones = state.selectedRow?.window.zones ?? ZoneHistory()
        frame.put(
          ZoneTexts.line(zones, window: zones.turns), row: row, column: 1,
          in: frame.size.columns - 2, role: zones.driftedSince == nil ? .normal : .warn)
      }
    }
  }

  private static func drawRule(
    _ state: DashboardState, _ record: TurnRecord, _ map: PromptMap, _ lanes: Lanes,
    _ frame: inout Frame, row: Int
  ) {
    let total = map.totalLength
    let scale =
      state.mapByBlock
      ? "1 cell = 1 block"
      : "1 cell = \(Humanised.bytes(max(1, total / max(1, lanes.count))))"
    let blocks = Humanised.plural(map.entries.count, "block")
    Rules.draw(
      &frame, row: row, title: "prompt map of turn \(record.turn)",
      remark: "\(blocks), \(Humanised.bytes(total)), \(scale)", glyphs: state.glyphs)
  }

  /// Token marks above the lanes, about every fifteen cells.
  private static func drawRuler(
    _ record: TurnRecord, _ lanes: Lanes, _ frame: inout Frame, row: Int
  ) {
    frame.put("tokens", row: row, column: 1, role: .unknown)
    let tokens = record.usage.promptTokens ?? record.promptTokens.value
    guard tokens > 0, lanes.isByBytes, lanes.count > 20 else { return }
    var step = 10
    let factors = [1, 2, 5]
    var scale = 10
    search: while true {
      for factor in factors {
        step = scale * factor
        if Double(step) / Double(tokens) * Double(lanes.count) >= 14 { break search }
      }
      guard scale < 1_000_000_000 else { return }
      scale *= 10
    }
    var mark = 0
    while mark <= tokens {
      let cell = Int(Double(mark) / Double(tokens) * Double(lanes.count))
      let text = mark == 0 ? "0" : Humanised.count(mark)
      guard cell + text.count <= lanes.count else { return }
      frame.put(text, row: row, column: Layout.laneLabel + cell, role: .unknown)
      mark += step
    }
  }

  static func drawLane(
    _ label: String, _ lanes: Lanes, _ state: DashboardState, _ frame: inout Frame, row: Int,
    _ cell: (Int) -> (Character, Role)
  ) {
    let isCursorLane = state.pane == .other && state.mapByBlock
    frame.put(label, row: row, column: 1)
    frame.put(String(state.glyphs.vertical), row: row, column: Layout.laneLabel - 1, role: .frame)
    for index in 0..<lanes.count {
      let (glyph, role) = cell(index)
      let isCursor = isCursorLane && lanes.start + index == state.mapCursor
      frame.put(
        String(glyph), row: row, column: Layout.laneLabel + index, role: isCursor ? .selected : role
      )
    }
    frame.put(
      String(state.glyphs.vertical), row: row, column: Layout.laneLabel + lanes.count, role: .frame)
  }

  private static func drawServer(
    _ record: TurnRecord, _ lanes: Lanes, _ state: DashboardState, _ frame: inout Frame, row: Int
  ) {
    guard let share = record.hitShare else {
      let unknown: Character = record.state.isInFlight ? " " : "?"
      drawLane("server", lanes, state, &frame, row: row) { _ in (unknown, .unknown) }
      if record.state.isInFlight {
        frame.put(
          "its count comes with the end of the answer", row: row, column: Layout.laneLabel + 1,
          width: lanes.count - 1, role: .unknown)
      }
      return
    }
    let reused = lanes.cellCount(ofShare: share)
    drawLane("server", lanes, state, &frame, row: row) { cell in
      cell < reused ? (state.glyphs.kept, Role.forShare(share)) : (state.glyphs.rest, .unknown)
    }
  }

  private static func drawCaret(
    _ record: TurnRecord, _ map: PromptMap, _ lanes: Lanes, _ state: DashboardState,
    _ frame: inout Frame, row: Int
  ) {
    if state.pane == .other && state.mapByBlock, map.entries.indices.contains(state.mapCursor) {
      let entry = map.entries[state.mapCursor]
      let text =
        "\(Lanes.name(entry)) \(entry.kind.word), \(Humanised.bytes(Int(entry.length))), "
        + "agent: \(Lanes.word(entry.agent)), sent: \(Lanes.word(entry.forwarded))"
      place(text, above: state.mapCursor - lanes.start, lanes, &frame, row: row)
      return
    }
    guard let position = record.verdict.position, record.breakPlace != "-",
      let cell = lanes.firstChanged()
    else { return }
    let text =
      "\(record.breakPlace), byte \(Humanised.grouped(position.bodyOffset))"
      + (TurnMark(record) == .broke ? ": everything after it is computed again" : "")
    place(text, above: cell, lanes, &frame, row: row)
  }

  /// A caret under `cell`, and the text at that side where there is room.
  private static func place(
    _ text: String, above cell: Int, _ lanes: Lanes, _ frame: inout Frame, row: Int
  ) {
    guard cell >= 0, cell < lanes.count else { return }
    let column = Layout.laneLabel + cell
    frame.put("^", row: row, column: column, role: .bad)
    let width = TextWidth.columns(of: text)
    if column + 2 + width <= frame.size.columns {
      frame.put(text, row: row, column: column + 2)
    } else if column - 1 - width >= 1 {
      frame.put(text, row: row, column: column - 1 - width)
    } else if column > frame.size.columns / 2 {
      frame.put(text, row: row, column: 1, in: column - 2)
    } else {
      frame.put(text, row: row, column: column + 2, in: frame.size.columns - column - 2)
    }
  }

  private static func drawLegend(_ state: DashboardState, _ frame: inout Frame, row: Int) {
    let glyphs = state.glyphs
    let states: [(Character, String, Role)] = [
      (glyphs.kept, "kept", .good), (glyphs.changed, "changed", .bad),
      (glyphs.lost, "unchanged but lost", .warn), (glyphs.new, "new", .new),
      (glyphs.dropped, "dropped", .dropped),
    ]
    var at = 1
    for (glyph, word, role) in states {
      at = frame.put(String(glyph), row: row, column: at, role: role)
      at = frame.put(" \(word)", row: row, column: at) + 2
    }
    let kinds = "S system  T tool  u user  a assistant  r result"
    if at + 2 + kinds.count <= frame.size.columns {
      frame.put(kinds, row: row, column: frame.size.columns - kinds.count - 1, role: .unknown)
    }
  }
}
