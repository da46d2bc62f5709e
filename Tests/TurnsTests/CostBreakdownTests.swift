import Prefix
import Prompt
import Testing
import Turns
import Upstream

@Suite struct CostBreakdownTests {
  private func prices(input: Double) throws -> PriceTable {
    let text =
      #"{"date":"d","rows":[{"models":["m"],"read":0,"input":\#(input),"output":0}]}"#
    return try Array(text.utf8).withUnsafeBytes { try PriceTable($0) }
  }

  private var turn: TurnRecord {
    var record = TurnRecord(
      session: SessionID(raw: 1), turn: 1, dialect: .openAIChat, startedAt: 0)
    record.model = "m"
    record.upstream = "u"
    record.usage = Usage(promptTokens: 1_000_000, cachedTokens: 0, outputTokens: 0)
    return record
  }

  @Test func `other prices are those of turns to come, of models that are known, too`() throws {
    var costs = CostBreakdown(prices: try prices(input: 2))
    costs.add(turn, isLocal: false)
    costs.prices = try prices(input: 5)
    costs.add(turn, isLocal: false)
    #expect(costs.costs.dollars.paid == 7)
    #expect(costs.costs.dollars.turns == 2)
  }
}
