import Bytes
import Prefix
import Testing
import Turns

@testable import Reports

@Suite struct RankTestTests {
  private func isClose(_ a: Double?, _ b: Double) -> Bool {
    a.map { abs($0 - b) < 0.0005 } ?? false
  }

  @Test func `exact results are those of the tables`() {
    #expect(isClose(StatsRankTest.unpaired([1, 2, 3], [4, 5, 6]), 0.1))
    #expect(isClose(StatsRankTest.unpaired([1, 2, 3, 4], [5, 6, 7, 8]), 2.0 / 70))
    #expect(isClose(StatsRankTest.unpaired([1, 3, 5], [2, 4, 6]), 0.7))
    #expect(isClose(StatsRankTest.paired([1, 2, 3, 4, 5, 6]), 0.03125))
    #expect(isClose(StatsRankTest.paired([1, -2, 3, -4, 5]), 0.8125))
  }

  @Test func `ties share their ranks`() {
    #expect(StatsRankTest.unpaired([1, 1, 1], [1, 1, 1]) == 1)
    // Ranks 1.5 1.5 3 against 4.5 4.5 6: 2 of 20 ways are as far out.
    #expect(isClose(StatsRankTest.unpaired([1, 1, 2], [3, 3, 4]), 0.1))
    #expect(isClose(StatsRankTest.paired([1, 1, 1, 1, 1, 1]), 0.03125))
  }

  @Test func `the approximation for large groups goes over into the exact count`() {
    let a = (0..<30).map { Double($0 * 7 % 31) }
    let b = (0..<30).map { Double($0 * 11 % 37) + 6 }
    let exact = StatsRankTest.unpaired(a, b)
    let large = StatsRankTest.unpaired(a + [15], b)
    #expect(abs((exact ?? 0) - (large ?? 1)) < 0.02)
    #expect(StatsRankTest.unpaired((0..<50).map(Double.init), (50..<100).map(Double.init))! < 1e-10)
    #expect(StatsRankTest.paired((1...80).map(Double.init))! < 1e-10)
  }

  @Test func `nothing to test is no result`() {
    #expect(StatsRankTest.unpaired([], [1]) == nil)
    #expect(StatsRankTest.paired([0, 0]) == nil)
  }
}

@Suite struct ComparisonTests {
  private func comparison(_ turns: [StoredTurn]) -> StatsComparison {
    var comparison = StatsComparison(.off, .hold)
    for turn in turns { comparison.add(turn) }
    return comparison
  }

  @Test func `two modes that differ in every session are told apart`() {
    let turns = (0..<12).map { session in
      storedTurn(
        UInt32(session), 2, mode: session < 6 ? .off : .hold,
        read: session < 6 ? 400 + 2 * session : 900 + session, again: session < 6 ? 500 : 0)
    }
    let text = comparison(turns).text(question: "last 7 days")
    #expect(text.contains("Mann-Whitney, p = 0.0022: higher with hold"))
    #expect(text.contains("Mann-Whitney, p = 0.0022: lower with hold"))
    #expect(text.contains("off                          6      40.5       0.4"))
    #expect(text.contains("Sessions were not assigned to modes at random"))
  }

  @Test func `what could be chance is called so`() {
    let turns = (0..<12).map { session in
      storedTurn(UInt32(session), 2, mode: session % 2 == 0 ? .off : .hold, read: 400 + session)
    }
    let text = comparison(turns).text(question: "all")
    #expect(text.contains("The data does not support a difference between off and hold."))
    #expect(!text.contains("higher with"))
  }

  @Test func `few sessions prove nothing however far apart they are`() {
    let turns = (0..<6).map { session in
      storedTurn(UInt32(session), 2, mode: session < 3 ? .off : .hold, read: session < 3 ? 0 : 1000)
    }
    #expect(
      comparison(turns).text(question: "all").contains("The data does not support a difference"))
    #expect(
      comparison([]).text(question: "all").contains("The data does not support a difference"))
  }

  @Test func `sessions that were in both modes are compared with themselves`() {
    var turns: [StoredTurn] = []
    for session in 0..<10 {
      turns.append(storedTurn(UInt32(session), 2, mode: .off, read: 100 * session / 2))
      turns.append(
        storedTurn(UInt32(session), 3, mode: .hold, read: 100 * session / 2 + 40 + session))
    }
    let results = comparison(turns).results
    #expect(results[0].isPaired)
    #expect(results[0].isDifferent)
    #expect(results[0].first.count == 10)
    let value = JSONValue(String(decoding: comparison(turns).json(), as: UTF8.self))
    #expect(value?["supports_difference"] == .bool(true))
  }

  @Test func `CSV has one line per measure, with an empty cell for what is not known`() {
    let turns = (0..<4).map { session in
      storedTurn(
        UInt32(session), 1, mode: session < 2 ? .off : .hold, read: 250, firstByte: session * 10)
    }
    let lines = comparison(turns).csv().split(separator: "\r\n").map(String.init)
    #expect(lines.count == 4)
    #expect(
      lines[0] == "measure,first_mode,first_sessions,first_mean,first_deviation,second_mode,"
        + "second_sessions,second_mean,second_deviation,test,p,level,supports_difference")
    #expect(lines[1].hasPrefix("\"cache hits, % of tokens\",off,2,25.0,0.0,hold,2,25.0,0.0,mann-w"))
    // First turns have nothing that could be computed again.
    #expect(lines[2].hasPrefix("\"computed again, tokens/turn\",off,0,,,hold,0,,,mann-whitney,,"))
    #expect(lines.dropFirst().allSatisfy { $0.hasSuffix(",false") })
  }

  @Test func `side calls and other modes are left out`() {
    var side = storedTurn(1, 2, mode: .off)
    side.record.isSideCall = true
    let results = comparison([side, storedTurn(2, 2, mode: .safe)]).results
    #expect(results.allSatisfy { $0.first.count == 0 && $0.second.count == 0 })
  }
}
