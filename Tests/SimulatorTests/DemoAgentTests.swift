import EventLoop
import Testing

@testable import Simulator

@Suite struct DemoAgentTests {
  /// Plays against a simulator on the same loop until all agents have their turns.
  static func play(
    turns limit: Int, _ change: (inout SimulatorOptions) -> Void = { _ in }
  ) throws -> (turns: [DemoAgent.Turn], counts: DemoAgent.Counts, record: SimulatorRecord) {
    let loop = try Loop()
    var options = SimulatorOptions()
    options.prefillTokensPerSecond = 0
    options.generationTokensPerSecond = 0
    options.slots = 8
    change(&options)
    let server = try SimulatorServer(loop: loop, options: options)
    var wanted = DemoAgent.Options()
    wanted.turnLimit = limit
    wanted.pace = 0
    wanted.retryMillis = 1
    let agent = DemoAgent(loop: loop, target: server.address, options: wanted)
    var turns: [DemoAgent.Turn] = []
    var isFinished = false
    agent.onTurn = { turns.append($0) }
    agent.onFinish = { isFinished = true }
    let limit = Timer(loop: loop) { loop.stop() }
    limit.start(afterMillis: 60_000)
    while !isFinished, limit.isActive { loop.runOnce() }
    #expect(isFinished)
    limit.close()
    agent.stop()
    server.stop()
    try loop.close()
    return (turns, agent.counts, server.record)
  }

  @Test func `all agents play their turns and the mutations appear`() throws {
    let (turns, counts, _) = try Self.play(turns: 10)
    #expect(counts.failed == 0)
    for agent in ScriptedAgent.allCases {
      let main = turns.filter { $0.agent == agent && $0.request.purpose == .turn }
      #expect(main.map(\.request.turn) == Array(1...10))
      for turn in main {
        #expect(turn.request.mutation == agent.mutations[turn.request.turn])
        #expect(turn.status == 200)
      }
    }
    #expect(counts.mutations == turns.count { $0.request.mutation != nil })
  }

  @Test func `an undisturbed turn is served from the cache`() throws {
    let (turns, _, _) = try Self.play(turns: 6)
    for agent in ScriptedAgent.allCases {
      let main = turns.filter { $0.agent == agent && $0.request.purpose == .turn }
      for (last, next) in zip(main, main.dropFirst()) where next.request.mutation == nil {
        let known = (last.cachedTokens ?? 0) + (last.processedTokens ?? 0)
        #expect((next.cachedTokens ?? 0) >= known, "\(agent) turn \(next.request.turn)")
      }
    }
  }

  @Test func `requests name the agents they play`() throws {
    let (_, _, record) = try Self.play(turns: 1)
    let names = Set(
      record.requests.compactMap(\.userAgent).compactMap { $0.split(separator: "/").first })
    #expect(names == ["claude-cli", "opencode", "codex_cli_rs", "aider"])
  }

  @Test func `a connection that the server closed is opened again`() throws {
    let (turns, counts, record) = try Self.play(turns: 6) { $0.requestsPerConnection = 2 }
    #expect(counts.failed == 0)
    #expect(record.counts.connections > ScriptedAgent.allCases.count)
    #expect(turns.count { $0.request.purpose == .turn } == 24)
  }

  @Test func `a server that fails for a while gets the same request again`() throws {
    let loop = try Loop()
    let flaky = try FlakyServer(
      loop: loop,
      answers: [
        "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n: ping",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nda",
      ])
    var options = DemoAgent.Options()
    options.agents = [.aider]
    options.pace = 0
    options.retryMillis = 1
    let agent = DemoAgent(loop: loop, target: flaky.address, options: options)
    var failures: [String] = []
    agent.onFailure = { failures.append($1) }
    let limit = Timer(loop: loop) { loop.stop() }
    limit.start(afterMillis: 30_000)
    while flaky.requests.count < 4, limit.isActive { loop.runOnce() }
    #expect(
      failures == [
        "status 503", "the answer was cut short", "the server closed the connection",
      ])
    #expect(Set(flaky.requests).count == 1)
    #expect(agent.counts == .init(answered: 0, failed: 3, mutations: 0))
    limit.close()
    agent.stop()
    flaky.stop()
    try loop.close()
  }

  @Test func `a refused request does not end a session`() throws {
    let (turns, counts, _) = try Self.play(turns: 8) { $0.contextTokens = 9_000 }
    #expect(counts.failed > 0)
    #expect(turns.contains { $0.agent == .claudeCode })
  }
}
