import Bytes
import Prefix
import Prompt
import Testing
import Upstream

@Suite struct EchoRepairTests {
  /// A turn whose newest call is the echo of `generated`.
  private func turn(
    _ dialect: Dialect, mode: PinMode = .safe, rendersReasoning: Bool = false,
    _ generate: (inout GeneratedMessage) -> Void, _ echo: (inout Script.Call) -> Void = { _ in }
  ) throws -> PinnedAgent.Turn {
    var bench = try RepairBench(dialect, mode: mode)
    bench.agent.policy.rendersReasoning = rendersReasoning
    var next = bench.script
    RepairBench.step(&next, next.items.count)
    guard case .call(let call) = next.items[next.items.count - 2] else {
      throw BinaryReader.Damaged()
    }
    var generated = Script.generated(call, dialect)
    generate(&generated)
    bench.agent.agent.table.noteAnswer(generated, try #require(bench.agent.lastSession))
    return try bench.send { script in
      RepairBench.step(&script, script.items.count)
      script.changeCall(script.items.count - 2, echo)
    }
  }

  @Test(arguments: [Dialect.openAIChat, .openAIResponses, .anthropicMessages])
  func `arguments are forwarded as the model wrote them`(_ dialect: Dialect) throws {
    let turn = try turn(dialect) { $0.toolCalls[0].arguments = #"{"limit": "4",  "path": "f9"}"# }
    #expect(turn.decision.outcome == .held([.argumentsRewritten]))
    #expect(turn.decision.repairs == RepairSet(.echo))
    let sent = String(decoding: turn.forwarded, as: UTF8.self)
    let written =
      dialect == .anthropicMessages
      ? #"{"limit": "4",  "path": "f9"}"# : #"{\"limit\": \"4\",  \"path\": \"f9\"}"#
    #expect(sent.contains(written))
  }

  @Test func `white space that the agent trimmed is put back`() throws {
    let turn = try turn(.openAIChat) { $0.text += "\n\n" }
    #expect(turn.decision.outcome == .held([.whitespaceTrimmed]))
    #expect(String(decoding: turn.forwarded, as: UTF8.self).contains(#"step 9.\n\n""#))
  }

  @Test func `reasoning is attached again where the template renders it`() throws {
    let drop: (inout Script.Call) -> Void = { $0.reasoning = nil }
    let off = try turn(.openAIChat, mode: .hold, { _ in }, drop)
    #expect(off.forwarded == off.received)
    let on = try turn(.openAIChat, mode: .hold, rendersReasoning: true, { _ in }, drop)
    #expect(on.decision.outcome == .held([.reasoningDropped]))
    #expect(
      String(decoding: on.forwarded, as: UTF8.self).contains(#""reasoning_content":"I think 9.""#))
    let safe = try turn(.openAIChat, mode: .safe, rendersReasoning: true, { _ in }, drop)
    #expect(safe.forwarded == safe.received)
  }

  @Test func `another text is the agent's to send`() throws {
    let turn = try turn(.openAIChat, { $0.text = "Something quite different." })
    #expect(turn.forwarded == turn.received)
  }

  @Test func `a message with signed thinking is never touched`() throws {
    let turn = try turn(
      .anthropicMessages, mode: .hold,
      { $0.toolCalls[0].arguments = #"{"limit": "4", "path": "f9"}"# }
    ) {
      $0.signature = "sig"
    }
    #expect(turn.forwarded == turn.received)
  }

  @Test func `arguments that are not an object are left alone`() throws {
    let turn = try turn(.openAIChat, { $0.toolCalls[0].arguments = "" })
    #expect(turn.forwarded == turn.received)
  }
}
