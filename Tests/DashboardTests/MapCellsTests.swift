import Dashboard
import DashboardFixtures
import Prompt
import Testing
import Turns

@testable import Dashboard

struct MapCellsTests {
  @Test func `while there is room every block has a cell and the rest goes by bytes`() {
    let cells = MapCells(lengths: [1, 1, 998], cells: 10)
    #expect(cells.blocks.count == 10)
    #expect(cells.cells(of: 0) == 0..<1)
    #expect(cells.cells(of: 1) == 1..<2)
    #expect(cells.cells(of: 2) == 2..<10)
  }

  @Test func `with more blocks than cells every block still shows in one`() {
    for count in [11, 50, 333, 2_000] {
      let lengths = (0..<count).map { ($0 * 7_919) % 1_000 }
      let cells = MapCells(lengths: lengths, cells: 10)
      #expect(cells.blocks.count == 10)
      #expect((0..<count).allSatisfy { cells.cells(of: $0) != nil })
    }
  }

  @Test func `one changed byte in a long prompt is always visible`() {
    var entries = (0..<500).map {
      PromptMap.Entry(
        kind: .toolResult, agent: .kept, forwarded: .kept, length: 400, group: .messages,
        index: UInt32($0))
    }
    entries[321].agent = .changed
    entries[321].length = 1
    var record = Story.clean(Story.claude, 48, at: Story.now)
    record.map = PromptMap(entries: entries)
    var state = Story.state(size: Size(columns: 80, rows: 24), ascii: true)
    _ = state.reduce(.event(.started(record)), now: Story.now)
    _ = state.reduce(.key(.character("2")), now: Story.now)
    let lane = Dashboard.frame(state, now: Story.now).text.split(separator: "\n")
      .first { $0.hasPrefix(" agent ") }
    #expect(lane?.contains("!") == true)
  }

  @Test func `no blocks make no cells`() {
    #expect(MapCells(lengths: [], cells: 10).blocks.isEmpty)
    #expect(MapCells(lengths: [5], cells: 0).blocks.isEmpty)
    #expect(MapCells(lengths: [0, 0, 0], cells: 2).blocks.count == 2)
  }
}
