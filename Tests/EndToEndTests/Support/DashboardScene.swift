import EventLoop
import TestSupport
import Testing

/// The program with its dashboard in a terminal, between agents and an upstream that a test plays.
final class DashboardScene {
  let test: TestLoop
  let upstream: ScriptedUpstream
  let pane: TerminalPane
  let address: SocketAddress
  /// Where the program runs.
  let directory: TemporaryDirectory
  /// Bodies of the requests that arrived at the upstream, in order.
  private(set) var bodies: [String] = []
  /// What the upstream says to each; nil to say nothing.
  var answer: String? = chatAnswer(prompt: 1_000, cached: 900)
  private var seen: [ObjectIdentifier: Int] = [:]
  private var agents: [Agent] = []

  init(options: [String] = []) throws {
    let test = try TestLoop()
    self.test = test
    upstream = try ScriptedUpstream(loop: test.loop)
    directory = try TemporaryDirectory()
    pane = try TerminalPane(
      ["--listen", "127.0.0.1:0", "--upstream", "http://\(upstream.address)", "--no-probes"]
        + options, in: directory.path)
    let screen = try #require(
      try pane.screen { $0.contains("no sessions yet") && $0.contains(" -> ") })
    let title = screen.prefix { $0 != ">" }
    let digits = title.split(separator: ":").last?.prefix { $0.isNumber } ?? ""
    address = try SocketAddress(ip: "127.0.0.1", port: try #require(Int(digits)))
    upstream.onReceive = { [unowned self] in received($0) }
  }

  deinit {
    for agent in agents { agent.close() }
    upstream.close()
    try? test.loop.close()
  }

  private func received(_ peer: RawPeer) {
    let requests = HTTPMessage.requests(in: peer.received)
    for request in requests.dropFirst(seen[ObjectIdentifier(peer), default: 0]) {
      bodies.append(request.text)
      if let answer { peer.send(answer) }
    }
    seen[ObjectIdentifier(peer)] = requests.count
  }

  func agent() -> Agent {
    let agent = Agent(RawPeer(connectingTo: address, loop: test.loop))
    agents.append(agent)
    return agent
  }

  /// A request and its whole response.
  @discardableResult
  func call(
    _ agent: Agent, _ body: String, sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> HTTPMessage {
    agent.post("/v1/chat/completions", body)
    return try response(to: agent, sourceLocation: sourceLocation)
  }

  func response(
    to agent: Agent, sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> HTTPMessage {
    #expect(
      test.run { agent.response?.isComplete == true }, "waited in vain for the response",
      sourceLocation: sourceLocation)
    return try #require(agent.response, sourceLocation: sourceLocation)
  }

  /// Waits for a text on the screen.
  @discardableResult
  func see(_ text: String, sourceLocation: SourceLocation = #_sourceLocation) throws -> String {
    let screen = try pane.screen { $0.contains(text) }
    if screen == nil {
      let now = try pane.screen { _ in true } ?? ""
      Issue.record("\(text) did not come:\n\(now)", sourceLocation: sourceLocation)
    }
    return screen ?? ""
  }

  func press(_ keys: String...) throws { for key in keys { try pane.send(key) } }
}
