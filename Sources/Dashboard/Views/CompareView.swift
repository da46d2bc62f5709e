import Bytes
import Prefix
import Prompt
import Turns
import Upstream

/// Two turns of one session side by side: the maps of their prompts, what the agent changed between
/// them, and their numbers.
enum CompareView {
  /// What scrolls.
  enum Row: Equatable {
    case text(ComparedText.Line)
    case rule(String)
    case header
    case figures(Line)
  }

  struct Line: Equatable {
    var label: String
    var base: String
    var other: String
    var difference = ""
  }

  static func rows(_ state: DashboardState) -> Int {
    max(1, state.layout.body.rows - 1 - mapRows(state))
  }

  /// Lanes above the numbers, where there is room for them.
  private static func mapRows(_ state: DashboardState) -> Int {
    guard state.layout.body.rows >= 14, state.marked?.map != nil, state.currentTurn?.map != nil
    else { return 0 }
    return 4
  }

  static func draw(_ state: DashboardState, _ frame: inout Frame, top: Int) {
    guard let base = state.marked, let other = state.currentTurn else { return }
    let area = state.layout.body
    let changes =
      state.turnList.map {
        base.turn < other.turn
          ? ComparedText.changes(base, other, $0) : ComparedText.changes(other, base, $0)
      } ?? []
    let remark =
      changes.isEmpty
      ? "no change between them" : "\(Humanised.plural(changes.count, "change")) between them"
    Rules.draw(
      &frame, row: area.row, title: "turn \(base.turn) and turn \(other.turn)", remark: remark,
      glyphs: state.glyphs)
    var row = area.row + 1
    if mapRows(state) > 0, let a = base.map, let b = other.map {
      drawLanes(a, "\(base.turn)", state, &frame, row: row)
      drawLanes(b, "\(other.turn)", state, &frame, row: row + 2)
      row += 4
    }
    let table = Table(columns: columns(state, base.turn, other.turn), width: state.size.columns)
    let rows = rows(state, base, other)
    let room = max(0, area.endRow - row)
    let start = max(0, min(top, rows.count - room))
    for (offset, content) in rows[start..<min(rows.count, start + room)].enumerated() {
      let row = row + offset
      switch content {
      case .text(let line):
        frame.put(
          line.text, row: row, column: 2, in: state.size.columns - 3, role: line.role)
      case .rule(let title): Rules.draw(&frame, row: row, title: title, glyphs: state.glyphs)
      case .header: table.drawHeader(&frame, row: row)
      case .figures(let line): table.draw(line, &frame, row: row, isSelected: false)
      }
    }
  }

  static func rowCount(_ state: DashboardState) -> Int {
    guard let base = state.marked, let other = state.currentTurn else { return 0 }
    return rows(state, base, other).count
  }

  private static func rows(_ state: DashboardState, _ base: TurnRecord, _ other: TurnRecord)
    -> [Row]
  {
    ComparedText.lines(state, base, other).map { .text($0) } + [.rule("figures"), .header]
      + lines(base, other, state).map { .figures($0) }
  }

  private static func columns(_ state: DashboardState, _ base: Int, _ other: Int) -> [Column<Line>]
  {
    typealias C = Column<Line>
    let isTiny = state.layout.tier == .tiny
    let width = isTiny ? 9 : 14
    return [
      C(title: "", width: isTiny ? 9 : 12) { TableCell($0.label, .key) },
      C(title: "turn \(base)", width: width, weight: 1, most: 30) { TableCell($0.base) },
      C(title: "turn \(other)", width: width, weight: 1, most: 30) { TableCell($0.other) },
      C(title: "change", width: isTiny ? 7 : 10) { TableCell($0.difference, .unknown) },
    ]
  }

  private static func lines(_ base: TurnRecord, _ other: TurnRecord, _ state: DashboardState)
    -> [Line]
  {
    var lines: [Line] = []
    func text(_ label: String, _ value: (TurnRecord) -> String) {
      lines.append(Line(label: label, base: value(base), other: value(other)))
    }
    func number(
      _ label: String, _ show: (Int) -> String, _ value: (TurnRecord) -> Int?
    ) {
      let (a, b) = (value(base), value(other))
      var line = Line(label: label, base: a.map(show) ?? "?", other: b.map(show) ?? "?")
      if let a, let b, a != b {
        let difference = b - a
        line.difference = (difference < 0 ? "-" : "+") + show(Int(difference.magnitude))
      }
      lines.append(line)
    }
    text("started") { state.clock.time($0.startedAt) }
    number("prompt tok", Humanised.count) { $0.usage.promptTokens ?? $0.promptTokens.value }
    text("preserved") { $0.keptText }
    text("forwarded") { $0.sentText }
    text("reported") { $0.hitText }
    number("reprocessed", Humanised.count) { $0.computedAgain.value }
    text("broke at") { $0.breakPlace }
    text("cause") { $0.causeTitle }
    text("pin") { $0.pinText }
    text("prefill") { $0.prefillText }
    number("output tok", Humanised.count) { $0.usage.outputTokens }
    number("blocks", Humanised.count) { $0.blockCount }
    number("received", Humanised.bytes) { $0.receivedBytes }
    number("sent bytes", Humanised.bytes) { $0.forwardedBytes }
    if let a = base.map, let b = other.map {
      let (before, after) = (PromptSections(a), PromptSections(b))
      func section(_ label: String, _ part: KeyPath<PromptSections, Int>) {
        number(label, Humanised.bytes) {
          $0.turn == base.turn ? before[keyPath: part] : after[keyPath: part]
        }
      }
      section("tools", \.tools)
      section("system", \.system)
      section("messages", \.messages)
    }
    return lines
  }

  private static func drawLanes(
    _ map: PromptMap, _ name: String, _ state: DashboardState, _ frame: inout Frame, row: Int
  ) {
    let lanes = Lanes(map: map, glyphs: state.glyphs, cells: state.layout.mapCells)
    PromptMapView.drawLane("kind \(name)", lanes, state, &frame, row: row) {
      (lanes.letter($0), .normal)
    }
    PromptMapView.drawLane("agent", lanes, state, &frame, row: row + 1) {
      lanes.glyph(lanes.worst($0, \.agent))
    }
  }
}
