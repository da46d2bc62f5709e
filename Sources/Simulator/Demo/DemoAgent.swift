public import EventLoop

/// Plays several coding agents at once against a server, so that there is something to see.
///
/// Belongs to the thread of its loop.
public final class DemoAgent {
  public struct Options: Sendable {
    var agents = ScriptedAgent.allCases
    /// Main turns per agent; nil plays for ever.
    public var turnLimit: Int?
    /// Factor on all pauses between requests; 0 leaves none.
    public var pace = 1.0
    /// Range of the pause before a request, in milliseconds.
    var pauseMillis = 800...2_600
    /// The same seed gives the same conversations and the same pauses.
    var seed: UInt64 = 1
    /// Wait after a failed request.
    var retryMillis: UInt64 = 1_000

    public init() {}
  }

  /// One request that was answered.
  struct Turn: Sendable {
    var agent: ScriptedAgent
    var request: AgentRequest
    var status: Int
    var reply: AgentReply
    /// What the server reported; nil if it reported nothing.
    var cachedTokens: Int?
    var processedTokens: Int?
  }

  struct Counts: Sendable, Equatable {
    var answered = 0
    var failed = 0
    var mutations = 0
  }

  private(set) var counts = Counts()
  /// Called on the loop for every answered request.
  var onTurn: ((Turn) -> Void)?
  /// Called once on the loop when all agents have played `turnLimit` turns.
  public var onFinish: (() -> Void)?
  /// Called on the loop with the reason when a request got no answer; it is sent again.
  var onFailure: ((ScriptedAgent, String) -> Void)?

  private var players: [Player] = []

  /// Begins when the loop runs.
  public init(loop: Loop, target: SocketAddress, options: Options = Options()) {
    for (index, agent) in options.agents.enumerated() {
      let player = Player(
        loop: loop, target: target, agent: agent, options: options,
        seed: options.seed &* 1_000_003 &+ UInt64(index))
      players.append(player)
      player.onTurn = { [unowned self] turn in took(turn) }
      player.onFailure = { [unowned self] reason in
        counts.failed += 1
        onFailure?(agent, reason)
      }
      player.onFinish = { [unowned self] in
        if players.allSatisfy(\.isFinished) { onFinish?() }
      }
      // One after the other, so that the first screen is not a crowd.
      player.begin(afterMillis: UInt64(Double(index * 700) * max(0, options.pace)))
    }
  }

  private func took(_ turn: Turn) {
    counts.answered += 1
    if turn.request.mutation != nil { counts.mutations += 1 }
    onTurn?(turn)
  }

  deinit { stop() }

  /// Ends all sessions where they are.
  public func stop() {
    for player in players { player.stop() }
  }
}
