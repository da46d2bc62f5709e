import Dashboard
import DashboardFixtures
import Testing
import Turns

struct LayoutTests {
  /// The parts that are on screen together.
  private func groups(_ layout: Layout) -> [[Rect]] {
    let bars = [layout.title, layout.status, layout.message, layout.rule, layout.hints]
    return [
      bars + [layout.body], bars + [layout.sessionTable, layout.tail],
      bars + [layout.map, layout.turnTable], bars + [layout.facts, layout.difference],
      bars + [layout.costTotals, layout.costSessions, layout.costHours],
    ]
  }

  @Test func `at every size all parts are inside and none overlap`() {
    for columns in 40...200 {
      for rows in 8...60 {
        let layout = Layout(Size(columns: columns, rows: rows))
        for group in groups(layout) {
          for (index, rect) in group.enumerated() where !rect.isEmpty {
            #expect(rect.row >= 0 && rect.endRow <= rows && rect.endColumn <= columns)
            for other in group[(index + 1)...] where rect.intersects(other) {
              Issue.record("\(columns)x\(rows): \(rect) and \(other) overlap")
            }
          }
        }
        #expect(layout.sessionRows >= 3 && layout.turnRows >= 3 && layout.costRows >= 1)
        #expect(layout.hints.row == rows - 1)
      }
    }
  }

  @Test func `the last turns of all sessions are on screen from fifteen rows on`() {
    for rows in 15...60 { #expect(Layout(Size(columns: 60, rows: rows)).tailRows >= 2) }
  }

  @Test(arguments: [[Key](), [.character("2")], [.character("3")], [.character("4")]])
  func `preserved share, reprocessed tokens and place are on the first line of every size`(
    _ keys: [Key]
  ) {
    for (columns, rows) in [(40, 8), (60, 15), (72, 20), (80, 24), (100, 30), (118, 35), (200, 60)]
    {
      var state = Story.state(size: Size(columns: columns, rows: rows))
      for key in keys { _ = state.reduce(.key(key), now: Story.now) }
      let frame = Dashboard.frame(state, now: Story.now)
      #expect(frame.cells.count == columns * rows)
      // Every wide cell is followed by its right half, within its row.
      for row in 0..<rows {
        let cells = Array(frame.row(row))
        for (column, cell) in cells.enumerated() where cell.width == 2 {
          #expect(column + 1 < columns && cells[column + 1].width == 0)
        }
      }
      guard keys.isEmpty else { continue }
      let text = frame.text
      #expect(text.contains(columns >= 118 ? "preserved" : "kept"))
      #expect(text.contains(columns >= 118 ? "reprocessed" : "again"))
      #expect(text.contains("msg[3]"))
      #expect(text.contains("8%"))
    }
  }

  @Test func `every lane of the map is as wide as the screen leaves room`() {
    for columns in [80, 97, 120, 200] {
      var state = Story.state(size: Size(columns: columns, rows: 24), ascii: true)
      _ = state.reduce(.key(.character("2")), now: Story.now)
      let lines = Dashboard.frame(state, now: Story.now).text.split(separator: "\n")
      for name in [" kind ", " agent ", " sent ", " server "] {
        let lane = lines.first { $0.hasPrefix(name) }
        #expect(lane?.count == columns, "\(name)")
        #expect(lane?.last == "|")
      }
    }
  }
}

extension Rect {
  fileprivate func intersects(_ other: Rect) -> Bool {
    !isEmpty && !other.isEmpty && row < other.endRow && other.row < endRow
      && column < other.endColumn && other.column < endColumn
  }
}
