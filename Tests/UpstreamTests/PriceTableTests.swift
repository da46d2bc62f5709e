import Testing
import Upstream

@Suite struct PriceTableTests {
  private func input(_ model: String) -> Double? {
    guard case .row(let row) = PriceTable.standard.match(model) else { return nil }
    return row.input
  }

  @Test(
    arguments: [
      ("gpt-5.6", 5.0), ("gpt-5.6-terra", 2), ("gpt-5.6-luna-2026-08-17", 0.2), ("gpt-5.6-sol", 5),
      ("claude-opus-4-8-20260701", 5), ("claude-haiku-4.5", 1), ("claude-haiku-4-5-20251001", 1),
      ("anthropic/claude-sonnet-5", 2), ("Claude-Sonnet-5[1m]", 2), ("deepseek-v4-pro", 0.66),
    ])
  func `the longest name that a model begins with counts`(_ model: String, _ price: Double) {
    #expect(input(model) == price)
  }

  @Test(
    arguments: [
      "gpt-5.60", "gpt-5", "claude-opus-50", "claude-opus", "gpt-5.6-mini", "gpt-5.3-codex-max",
      "qwen3-coder-30b", "", "/", "x/",
    ])
  func `another product has no price`(_ model: String) {
    #expect(input(model) == nil)
  }

  @Test func `the built-in list has a date on every row`() {
    let table = PriceTable.standard
    #expect(table.date == "2026-08-17")
    #expect(table.rows.count == 19)
    #expect(table.rows.allSatisfy { $0.date.hasPrefix("2026") && $0.read < $0.input })
  }

  private func failure(_ json: String) -> String? {
    do {
      _ = try Array(json.utf8).withUnsafeBytes { try PriceTable($0) }
      return nil
    } catch {
      return "\(error)"
    }
  }

  private func row(_ members: String) -> String {
    #"{"date":"d","rows":[{"models":["m"],"read":1,"input":2,"output":3\#(members)}]}"#
  }

  @Test func `a mistake in a list is named by its place`() {
    #expect(failure("[") == "not JSON")
    #expect(failure(#"{"rows":[]}"#) == "date is missing")
    #expect(failure(#"{"date":"d"}"#) == "rows is missing")
    #expect(failure(#"{"date":"d","rows":[{}]}"#) == "rows[0].models is not a list of names")
    #expect(
      failure(#"{"date":"d","rows":[{"models":["m"],"read":-1}]}"#) == "rows[0].read is not a price"
    )
    #expect(failure(row("")) == nil)
    #expect(failure(row(#","write_5m":"free""#))?.hasPrefix("rows[0].write_5m is neither") == true)
    #expect(
      failure(row(#","peak":{"factor":2,"utc_hours":[[9,3]]}"#))
        == "rows[0].peak.utc_hours is not a list of [from, to] hours")
    #expect(
      failure(row(#","length_tiers":[{"from_tokens":0}]"#))
        == "rows[0].length_tiers[0].from_tokens is not a number of tokens")
  }
}
