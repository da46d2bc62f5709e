import Testing

/// `holdfast bench`: one session, as sent and pinned.
@Suite struct BenchTests {
  @Test func `it prints both curves turn by turn, and their sums`() throws {
    let run = try Command("bench", "--turns", "6")
    #expect(run.status == 0)
    let lines = run.output.split(separator: "\n")
    let header = try #require(lines.first)
    #expect(header.hasPrefix("turn,reprocessed_no_pin,reprocessed_pin,cumulative_no_pin"))
    let rows = lines[1...6].map { $0.split(separator: ",").compactMap { Int($0) } }
    #expect(rows.map(\.first) == [1, 2, 3, 4, 5, 6])
    #expect(rows.allSatisfy { $0.count == 7 })
    for column in [1, 2] {
      var sum = 0
      for row in rows {
        sum += row[column]
        #expect(row[column + 2] == sum)
      }
    }
    // The first turn has nothing to keep; each later one costs less when it is pinned.
    #expect(rows[0][1] == rows[0][2])
    #expect(rows.dropFirst().allSatisfy { $0[2] < $0[1] })
    #expect(rows.dropFirst().allSatisfy { $0[6] > $0[5] })
    let plot = lines[7...].prefix { !$0.hasPrefix("       +") }
    #expect(plot.contains { $0.contains("o") } && plot.contains { $0.contains("#") })
    let grouped = try #require(lines.last).filter { $0 != "," }
    #expect(grouped.hasPrefix("\(rows[5][3]) tokens prefilled as sent \(rows[5][4]) pinned"))
  }
}
