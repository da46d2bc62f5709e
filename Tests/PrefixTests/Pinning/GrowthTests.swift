import Prefix
import Prompt
import Testing

@Suite struct GrowthTests {
  /// Fifty turns of an agent that edits an early result on every one of them.
  @Test(arguments: [Dialect.openAIChat, .openAIResponses, .anthropicMessages])
  func `an early edit on every turn costs hardly more than none`(_ dialect: Dialect) throws {
    let agent = PinnedAgent(.hold)
    var script = Script(dialect: dialect, system: ["You are an agent."])
    script.items = [.user(lines: ["Please fix it."], reminder: nil, asParts: false)]
    func step(_ number: Int) {
      RepairBench.step(&script, number)
      script.changeResult(script.items.count - 1) {
        $0.lines = (0..<60).map { "line \(number)-\($0) of a file of middling size" }
      }
    }
    for number in 1...4 { step(number) }
    let first = try #require(agent.send(script))
    var prefilled = first.decision.promptBytes
    var ideal = first.decision.promptBytes
    var received = first.reception.history.promptBytes
    for number in 5..<55 {
      script.changeResult(2) { $0.lines[0] = "line 1-0, looked at \(number) times" }
      step(number)
      let turn = try #require(agent.send(script))
      let kept = try #require(turn.decision.kept)
      #expect(kept.isWhole)
      #expect(Double(turn.forwarded.count) <= 1.1 * Double(turn.received.count))
      prefilled += turn.decision.promptBytes - kept.keptBytes
      ideal += turn.reception.history.promptBytes - received
      received = turn.reception.history.promptBytes
    }
    #expect(Double(prefilled) <= 1.1 * Double(ideal), "\(prefilled) of \(ideal)")
  }
}
