import Bytes
public import Prefix
import Prompt
public import Proxy
public import Turns
import Upstream
import Wire

public struct EngineConfiguration: Sendable {
  public struct UpstreamName: Sendable {
    var name: String
    /// `host:port` for people, never with user information.
    var address: String
    /// The host alone; empty if it is not known.
    var host: String

    public init(name: String, address: String, host: String = "") {
      self.name = name
      self.address = address
      self.host = host
    }
  }

  var upstreams: [UpstreamName]
  public var maxSessions = 1024
  public var keepBodies = 256 << 20
  /// What is done to sessions that nobody set otherwise.
  public var mode = PinMode.off
  /// Which classes of cause are repaired in sessions that nobody set otherwise.
  public var repairs = RepairSet.all
  /// Whether what agents ask about cache misses is answered for upstreams that cannot.
  public var answersDiagnostics = false
  /// Whether responses carry fields that tell what was found out about the turn.
  public var addsResponseFields = false
  /// Whether modes and repairs stay as they are, and no request is rewritten.
  public var isReadOnly = false
  /// Makes session ids differ between runs.
  public var seed: UInt32 = 0
  /// Whether pinned conversations may be tied to a slot or a machine of the server.
  public var usesAffinity = true
  /// How much text of pinned sessions is kept over a restart.
  public var keptText = SessionSnapshot.Text.all

  public init(upstreams: [UpstreamName]) { self.upstreams = upstreams }
}

/// Measures traffic: matches requests to sessions, judges them, reads answers, and publishes what it
/// found. Lives on the loop thread; the counterpart that moves the bytes is `ProxyServer`.
public final class Engine: TrafficObserver {
  let sessions: SessionTable
  var configuration: EngineConfiguration
  private let publishEvent: (TurnEvent) -> Void
  let clock: EngineClock
  var upstreams: [UpstreamStatus]
  /// Turns measured per upstream: tells whether somebody else used the server in between.
  private var turnCounts: [Int]
  private var downCounts: [Int]
  private var traits: [ReuseTraits]
  /// Whether any session may have to be rewritten; while none is, requests are looked at only after
  /// they were forwarded.
  var mayPin: Bool
  private var orders: [OrderKey: RenderingOrder] = [:]
  var watches: [UpstreamWatch]
  /// By upstream.
  var counted: [Int: CountedExchange] = [:]
  var fingerprints = FingerprintTable()
  /// Upstreams that refused a request for asking about its cache miss, and those that took one.
  var refusesQuestions: Set<Int> = []
  var takesQuestions: Set<Int> = []
  var routingKeys = RoutingKey()
  var lastAgent: (userAgent: String?, name: String) = (nil, "")
  var measuring = MeasuringQueue()
  /// Called when there is something to measure: `measure` is to be called then, never from inside of
  /// this call. While it is nil everything is measured as it happens.
  public var wakesMeasuring: ((MeasuringTime) -> Void)?
  /// Called when there may be something to ask an upstream (`nextProbe`); nil if nothing is asked.
  public var wakesProber: ((Int) -> Void)?
  let credentialHash: (String) -> Int
  /// Gets the state of each session whenever it changed; nil where nothing outlives the process.
  public var keeper: (any SessionKeeper)?
  /// Called when there is something to keep that may wait: `keepRest` is to be called then, whatever
  /// was asked for before. While it is nil everything is kept at once.
  public var wakesKeeping: ((KeepingTime) -> Void)?
  var unkept: [SessionID: Session] = [:]
  /// `keepRest` was asked for soon.
  var keepsSoon = false

  private struct OrderKey: Hashable {
    var upstream: Int
    var dialect: Dialect
  }

  /// - Parameters:
  ///   - clock: where the time comes from.
  ///   - credentialHash: a keyed hash that tells credentials apart; never 0. Sessions are known
  ///     again after a restart if it is the same function then.
  ///   - publish: gets every event, on the loop thread; must not block.
  public init(
    configuration: EngineConfiguration, clock: EngineClock,
    credentialHash: @escaping (String) -> Int = CredentialKey.hash,
    publish: @escaping (TurnEvent) -> Void
  ) {
    self.credentialHash = credentialHash
    var limits = SessionLimits()
    limits.sessions = configuration.maxSessions
    limits.bodyBytes = configuration.keepBodies
    sessions = SessionTable(limits: limits, seed: configuration.seed, mode: configuration.mode)
    sessions.defaultRepairs = configuration.repairs
    mayPin = configuration.mode != .off && !configuration.isReadOnly
    self.configuration = configuration
    self.clock = clock
    publishEvent = publish
    upstreams = configuration.upstreams.map {
      UpstreamStatus(
        name: $0.name, address: $0.address, kind: ServerDetector.kind(host: $0.host))
    }
    watches = upstreams.map { UpstreamWatch(kind: $0.kind) }
    turnCounts = upstreams.map { _ in 0 }
    downCounts = upstreams.map { _ in 0 }
    traits = upstreams.map { _ in ReuseTraits() }
  }

  func publish(_ event: TurnEvent) { publishEvent(event) }

  var answersDiagnostics: Bool { configuration.answersDiagnostics }
  var addsResponseFields: Bool { configuration.addsResponseFields }
  var nowMillis: UInt64 { clock.monotonicMillis() }
  var wallMillis: Int64 { clock.wallMillis() }
  var keptText: SessionSnapshot.Text { configuration.keptText }

  /// What stands for an upstream outside of this run.
  func upstreamLabel(_ index: Int) -> String {
    guard configuration.upstreams.indices.contains(index) else { return "" }
    return "\(configuration.upstreams[index].name) \(configuration.upstreams[index].address)"
  }

  func upstreamIndex(_ label: String) -> Int? {
    configuration.upstreams.indices.first { upstreamLabel($0) == label }
  }

  func noteRestored(_ session: Session) {
    if session.mode != .off || session.view != nil { mayPin = !configuration.isReadOnly }
  }

  var nowMicros: UInt64 { clock.monotonicMicros() }

  /// Tells who the upstreams are, before anything is known of them.
  public func announceUpstreams() {
    for status in upstreams { publish(.upstream(status)) }
  }

  // MARK: TrafficObserver

  public func plan(for request: ReceivedRequest) -> ExchangePlan {
    var plan = ExchangePlan.unchanged(request)
    if request.head.method == "POST", let dialect = Dialect(path: request.head.path) {
      let exchange = MeasuredExchange(self, request, facts(request, dialect))
      plan.observer = exchange
      // What is decided builds on all that went by before.
      if mayPin { settle() }
      if mayPin, let decision = exchange.prepare() {
        if decision.isRewritten {
          plan.body = decision.body
          plan.fallbackBody = request.body
        }
        exchange.tie(&plan, request)
        plan.answerHold = exchange.keepDecision()
      }
      if configuration.answersDiagnostics { exchange.ask(&plan, request) }
    } else if request.body.count > 0 {
      plan.observer = UnmeasuredExchange(self, request, reason: UnmeasuredReason.notAPrompt)
    }
    return plan
  }

  public func upstreamChanged(index: Int, _ state: UpstreamHealth) {
    guard upstreams.indices.contains(index) else { return }
    switch state {
    case .up(let millis):
      upstreams[index].state = .up
      upstreams[index].connectMillis = millis
    case .down(let reason):
      var since = clock.wallMillis()
      var failed = 1
      if case .down(let first, _, let count) = upstreams[index].state {
        since = first
        failed = count + 1
      } else {
        noteLoss(index)
        watches[index].plan.wentDown()
        watches[index].forgetSlots()
      }
      upstreams[index].state = .down(since: since, reason: reason, failedRequests: failed)
    }
    publish(.upstream(upstreams[index]))
  }

  public func refused(method: String, path: String, status: Int, reason: String) {
    publish(
      .unmeasured(
        at: clock.wallMillis(), method: method, path: path, status: status, reason: reason))
  }

  public func notice(_ text: String) {
    publish(.notice(Notice(at: clock.wallMillis(), level: .warning, text: text)))
  }

  public func inform(_ text: String) {
    publish(.notice(Notice(at: clock.wallMillis(), level: .info, text: text)))
  }

  /// Sets the mode of one session, or of all and of those to come, from their next turn on.
  /// - Returns: false if there is no such session.
  @discardableResult
  public func setMode(_ mode: PinMode, of id: SessionID?) -> Bool {
    settle()
    guard !configuration.isReadOnly else { return refuseChange() }
    if mode != .off { mayPin = true }
    guard let id else {
      sessions.defaultMode = mode
      for session in sessions.all {
        session.set(mode)
        if mode == .off { dropText(session) }
      }
      publish(.modeChanged(session: nil, mode: mode, fromTurn: 0))
      return true
    }
    guard let session = sessions.session(id) else { return false }
    session.set(mode)
    if mode == .off { dropText(session) }
    publish(.modeChanged(session: id, mode: mode, fromTurn: session.turns + 1))
    return true
  }

  private func refuseChange() -> Bool {
    notice("nothing is changed: --read-only was given")
    return false
  }

  /// Sets which classes of cause are repaired, in one session, or in all and in those to come, from
  /// their next turn on. What is held already stays held.
  /// - Returns: false if there is no such session.
  @discardableResult
  public func setRepairs(_ repairs: RepairSet, of id: SessionID?) -> Bool {
    settle()
    return changeRepairs(repairs, of: id)
  }

  /// The same from inside of a measurement.
  @discardableResult
  func changeRepairs(_ repairs: RepairSet, of id: SessionID?) -> Bool {
    guard !configuration.isReadOnly else { return refuseChange() }
    guard let id else {
      sessions.defaultRepairs = repairs
      for session in sessions.all { session.repairs = repairs }
      publish(.repairsChanged(session: nil, repairs: repairs, fromTurn: 0))
      return true
    }
    guard let session = sessions.session(id) else { return false }
    session.repairs = repairs
    publish(.repairsChanged(session: id, repairs: repairs, fromTurn: session.turns + 1))
    return true
  }

  func policy(_ session: Session, _ facts: RequestFacts) -> PinPolicy {
    let kind = kind(of: facts.upstream)
    let isVendor = kind == .anthropic || kind == .openAI
    var policy = PinPolicy(mode: session.mode)
    // A subscription belongs to the vendor's own program: rewritten only when asked for this session.
    session.isExempt = facts.isSubscription && !session.modeIsChosen
    if session.isExempt { policy.mode = .off }
    policy.repairs = session.repairs
    policy.restoresNeutral = !isVendor
    policy.pinsEcho = !isVendor
    policy.freezesBillingLine = kind != .anthropic && !facts.isSubscription
    policy.bytesPerToken = session.estimate.bytesPerToken
    if watches.indices.contains(facts.upstream) {
      let server = watches[facts.upstream].facts
      policy.windowTokens = server.windowTokens(of: session.model)
      policy.rendersReasoning = server.rendersReasoning ?? false
    }
    return policy
  }

  // MARK: For exchanges

  /// Matches a body to its session; nil if it cannot be measured.
  func receive(_ body: ByteBuffer, _ facts: RequestFacts) -> Reception? {
    let key = GroupKey(
      credential: facts.credential, upstream: facts.upstream, dialect: facts.dialect)
    let reception = sessions.receive(
      body, dialect: facts.dialect,
      RequestContext(
        key: key, hint: facts.hint, connection: facts.connection, now: facts.nowMillis,
        order: order(facts.upstream, facts.dialect)))
    if let reception, !facts.agent.isEmpty { reception.session.agent = facts.agent }
    return reception
  }

  func noteServer(_ upstream: Int, _ kind: ServerKind) {
    guard upstreams.indices.contains(upstream), kind != .unknown, upstreams[upstream].kind != kind
    else { return }
    change(upstream) { $0.kind = kind }
    watches[upstream].plan.learned(kind)
    wakeProber(upstream)
  }

  /// Publishes the state of an upstream if it is another one afterwards.
  func change(_ upstream: Int, _ change: (inout UpstreamStatus) -> Void) {
    let before = upstreams[upstream]
    change(&upstreams[upstream])
    if upstreams[upstream] != before { publish(.upstream(upstreams[upstream])) }
  }

  /// What the upstream had is gone.
  func noteLoss(_ upstream: Int) { downCounts[upstream] += 1 }

  func wakeProber(_ upstream: Int) { wakesProber?(upstream) }

  var usesAffinity: Bool { configuration.usesAffinity }

  /// Where an upstream renders the tools: learnt from what it reused, else what is usual.
  func order(_ upstream: Int, _ dialect: Dialect) -> RenderingOrder {
    orders[OrderKey(upstream: upstream, dialect: dialect)]
      ?? (dialect == .anthropicMessages ? .toolsFirst : .systemFirst)
  }

  func learn(_ order: RenderingOrder, _ upstream: Int, _ dialect: Dialect) {
    orders[OrderKey(upstream: upstream, dialect: dialect)] = order
  }

  func kind(of upstream: Int) -> ServerKind {
    upstreams.indices.contains(upstream) ? upstreams[upstream].kind : .unknown
  }

  /// How often an upstream was used and lost so far; compared later to learn what happened between.
  func countTurn(_ upstream: Int) -> UpstreamCounts {
    guard turnCounts.indices.contains(upstream) else { return UpstreamCounts() }
    turnCounts[upstream] += 1
    return UpstreamCounts(
      turns: turnCounts[upstream], losses: downCounts[upstream])
  }

  // MARK: Evidence

  func traits(of upstream: Int) -> ReuseTraits {
    traits.indices.contains(upstream) ? traits[upstream] : ReuseTraits()
  }

  /// An upstream's template was seen to render earlier messages anew as a conversation goes on.
  func noteRewritingTemplate(_ upstream: Int) {
    if traits.indices.contains(upstream) { traits[upstream].templateRewritesHistory = true }
  }

  func noteOlderPrompts(_ upstream: Int, areFound: Bool) {
    if traits.indices.contains(upstream) { traits[upstream].findsOlderPrompts = areFound }
  }

  func noteCheckpoints(_ upstream: Int) {
    if traits.indices.contains(upstream) { traits[upstream].resumesAtCheckpoints = true }
  }

  func noteEcho(_ upstream: Int, _ dialect: Dialect, reused: Int, output: Int, plain: Double) {
    guard traits.indices.contains(upstream) else { return }
    traits[upstream].echoes[dialect, default: EchoReuse()]
      .note(reused: reused, output: output, plain: plain)
  }
}

/// Where the engine takes the time from.
public struct EngineClock {
  let monotonicMillis: () -> UInt64
  let wallMillis: () -> Int64
  let monotonicMicros: () -> UInt64

  /// - Parameter monotonicMicros: nil has the milliseconds do.
  public init(
    monotonicMillis: @escaping () -> UInt64, wallMillis: @escaping () -> Int64,
    monotonicMicros: (() -> UInt64)? = nil
  ) {
    self.monotonicMillis = monotonicMillis
    self.wallMillis = wallMillis
    self.monotonicMicros = monotonicMicros ?? { monotonicMillis() &* 1000 }
  }
}

struct UpstreamCounts: Equatable {
  var turns = 0
  /// Failures to connect, and restarts that were seen otherwise.
  var losses = 0
}
