import EventLoop

/// One scripted session on one connection: pause, request, reply, and again.
final class Player {
  private(set) var isFinished = false
  var onTurn: ((DemoAgent.Turn) -> Void)?
  var onFailure: ((String) -> Void)?
  var onFinish: (() -> Void)?
  private let agent: ScriptedAgent
  private let options: DemoAgent.Options
  private let connection: AgentConnection
  private var script: ScriptedSession
  private var numbers: SeededNumbers
  private var timer: Timer?
  private var turns = 0
  private var reply: AgentReply?
  /// What is to be sent next; kept for another try when it got no answer.
  private var request: AgentRequest?

  init(
    loop: Loop, target: SocketAddress, agent: ScriptedAgent, options: DemoAgent.Options,
    seed: UInt64
  ) {
    self.agent = agent
    self.options = options
    connection = AgentConnection(loop: loop, target: target)
    script = ScriptedSession(agent: agent, seed: seed)
    numbers = SeededNumbers(seed: seed ^ 0x5DEE_CE66)
    timer = Timer(loop: loop) { [unowned self] in send() }
  }

  deinit { stop() }

  func begin(afterMillis: UInt64) {
    timer?.start(afterMillis: afterMillis)
  }

  func stop() {
    timer?.close()
    timer = nil
    connection.close()
  }

  private func pause() -> UInt64 {
    let range = options.pauseMillis
    let millis = range.lowerBound + numbers.below(range.count)
    return UInt64(max(0, min(Double(millis) * options.pace, 3_600_000)))
  }

  private func send() {
    let request = self.request ?? script.next(after: reply)
    self.request = request
    connection.send(request, dialect: agent.dialect) { [unowned self] outcome in
      took(outcome, for: request)
    }
  }

  private func took(_ outcome: AgentConnection.Outcome, for request: AgentRequest) {
    guard timer != nil else { return }
    switch outcome {
    case .failed(let reason):
      onFailure?(reason)
      timer?.start(afterMillis: options.retryMillis)
    case .answered(let status, let reader) where status == 200 && reader.isComplete:
      self.request = nil
      reply = reader.reply
      if request.purpose == .turn { turns += 1 }
      onTurn?(
        DemoAgent.Turn(
          agent: agent, request: request, status: status, reply: reader.reply,
          cachedTokens: reader.cachedTokens, processedTokens: reader.processedTokens))
      if let limit = options.turnLimit, turns >= limit {
        isFinished = true
        stop()
        onFinish?()
      } else {
        timer?.start(afterMillis: pause())
      }
    case .answered(let status, _) where status == 200 || status == 429 || status >= 500:
      // The same request may succeed later, so it is sent again, as agents do.
      onFailure?(status == 200 ? "the answer was cut short" : "status \(status)")
      timer?.start(afterMillis: options.retryMillis)
    case .answered(let status, _):
      // A script cannot repair its own request, so it goes on without this reply.
      self.request = nil
      reply = nil
      onFailure?("status \(status)")
      timer?.start(afterMillis: options.retryMillis)
    }
  }
}
