import Upstream

/// Decides what one upstream is asked beside the agents' requests, and when. Pure: time comes in as
/// monotonic milliseconds.
///
/// An upstream that no agent uses is never asked. After the first answer it is asked what it is; again
/// when it came back, and when agents come back to it after a pause, because it may have been started
/// anew meanwhile. A vendor's API is not asked at all.
struct ProbePlan {
  enum Question: Hashable, Sendable {
    /// The list of models.
    case models
    /// llama.cpp: window, slots, template, start.
    case props
    /// llama.cpp: what each slot holds and does.
    case slots
    /// Ollama: windows of the models in memory.
    case loadedModels
    /// LM Studio: windows of the loaded models.
    case studioModels
    /// llama.cpp: renders a small prompt to see where the tools come.
    case order
    /// llama.cpp: one step of comparing what the template made of two requests.
    case rendering
    /// llama.cpp: the same to count what two requests share, while the second one is processed.
    case counting
    /// vLLM, SGLang: how full their cache is.
    case usage
  }

  enum Step: Equatable {
    case ask(Question)
    /// Nothing before this time.
    case wait(until: UInt64)
    case rest
  }

  enum Result: Sendable {
    case understood
    /// Refused, or of another form than expected: it will not be different next time.
    case useless
    /// No answer.
    case failed
  }

  /// Polled faster, llama.cpp keeps requests alive whose clients have gone: it notices only after a
  /// second in which it had nothing to answer.
  static let slotsEveryMillis: UInt64 = 2_000
  /// A request that was given up is let go of before slots are looked at again.
  static let quietAfterAbortMillis: UInt64 = 3_000
  /// A pause between requests in which a server may have been started anew.
  static let pauseMillis: UInt64 = 2_000
  /// Between two looks at what the server is.
  static let lookEveryMillis: UInt64 = 5_000
  /// Windows of servers that load models on demand.
  static let modelsEveryMillis: UInt64 = 600_000
  static let retryMillis: UInt64 = 30_000
  static let renderingEveryMillis: UInt64 = 10_000
  static let usageEveryMillis: UInt64 = 10_000
  private static let maxFailures = 2

  private(set) var kind: ServerKind
  private var wanted: Set<Question> = []
  /// Questions that bring nothing, not asked again until `forget`.
  private var closed: Set<Question> = []
  private var failures: [Question: Int] = [:]
  private var lastAsked: [Question: UInt64] = [:]
  private var asking: Question?
  private var inFlight = 0
  private var lastTraffic: UInt64?
  private var lastAbort: UInt64?
  private var retryAt: UInt64 = 0
  private var isKnown = false
  private var isDown = false
  /// Somebody looks at the slots while requests run.
  var watchesSlots = false

  init(kind: ServerKind = .unknown) { self.kind = kind }

  private static let order: [Question] = [
    .counting, .models, .props, .slots, .loadedModels, .studioModels, .order, .rendering,
    .usage,
  ]

  private var isVendor: Bool {
    switch kind {
    case .openAI, .anthropic, .deepSeek: true
    case .unknown, .llamaCpp, .vLLM, .sgLang, .ollama, .lmStudio: false
    }
  }

  // MARK: What happens

  mutating func requestBegan(_ now: UInt64) {
    let pause = inFlight > 0 ? 0 : now - min(lastTraffic ?? now, now)
    inFlight += 1
    lastTraffic = now
    guard isKnown else { return }
    if pause >= Self.pauseMillis, isDue(.props, now, Self.lookEveryMillis) { want(.props) }
    if isDue(look, now, Self.modelsEveryMillis) { want(look) }
  }

  /// - Parameters:
  ///   - isAnswered: the upstream sent a response.
  ///   - isAborted: the client went away before its end.
  mutating func requestEnded(_ now: UInt64, isAnswered: Bool, isAborted: Bool) {
    inFlight = max(0, inFlight - 1)
    lastTraffic = now
    if isAborted { lastAbort = now }
    if isAnswered { answered() }
  }

  /// The head of a response came.
  mutating func answered() {
    isDown = false
    if !isKnown { identify() }
  }

  mutating func learned(_ kind: ServerKind) {
    guard kind != .unknown, kind != self.kind else { return }
    self.kind = kind
    if isKnown { identify() }
  }

  mutating func wentDown() {
    isDown = true
    isKnown = false
  }

  /// To be asked once, as soon as the rules allow; false if they never will.
  @discardableResult
  mutating func want(_ question: Question) -> Bool {
    guard !closed.contains(question), !isVendor else { return false }
    wanted.insert(question)
    return true
  }

  /// The setup changed: what was refused before may be answered.
  mutating func forget() { closed.removeAll() }

  private mutating func identify() {
    isKnown = true
    wanted.removeAll()
    want(look)
    if kind == .llamaCpp { want(.order) }
  }

  /// The question that tells most about this kind of server.
  private var look: Question {
    switch kind {
    case .llamaCpp: .props
    case .ollama: .loadedModels
    case .lmStudio: .studioModels
    default: .models
    }
  }

  private func isDue(_ question: Question, _ now: UInt64, _ every: UInt64) -> Bool {
    guard kind == .llamaCpp || question != .props else { return false }
    guard let last = lastAsked[question] else { return true }
    return now >= last + every
  }

  // MARK: What to do

  mutating func next(_ now: UInt64) -> Step {
    guard asking == nil, !isVendor, !isDown else { return .rest }
    if watchesSlots, inFlight > 0, kind == .llamaCpp { want(.slots) }
    var soonest: UInt64?
    for question in Self.order where wanted.contains(question) {
      guard let time = earliest(question) else { continue }
      if time <= now {
        wanted.remove(question)
        asking = question
        lastAsked[question] = now
        return .ask(question)
      }
      soonest = min(soonest ?? time, time)
    }
    return soonest.map { .wait(until: $0) } ?? .rest
  }

  /// nil if that depends on something else than time.
  private func earliest(_ question: Question) -> UInt64? {
    var time = retryAt
    switch question {
    case .slots:
      if let last = lastAsked[.slots] { time = max(time, last + Self.slotsEveryMillis) }
      if let lastAbort { time = max(time, lastAbort + Self.quietAfterAbortMillis) }
    case .usage:
      if let last = lastAsked[.usage] { time = max(time, last + Self.usageEveryMillis) }
    case .rendering:
      // Rendering and counting a long prompt takes the server's time.
      guard inFlight == 0 else { return nil }
    default: break
    }
    return time
  }

  /// Ends the question that `next` returned last.
  mutating func ended(_ result: Result, _ now: UInt64) {
    guard let question = asking else { return }
    asking = nil
    switch result {
    case .understood:
      failures[question] = nil
    case .useless:
      closed.insert(question)
      wanted.remove(question)
      // A server that lists no models may still be one that tells more about itself.
      if question == .models, kind == .unknown { want(.props) }
    case .failed:
      failures[question, default: 0] += 1
      retryAt = now + Self.retryMillis
      if failures[question, default: 0] >= Self.maxFailures {
        closed.insert(question)
      } else if question != .slots, question != .rendering, question != .counting,
        question != .usage
      {
        want(question)
      }
    }
  }

  /// The list of models named no known owner: one more try.
  mutating func stillUnknown() {
    if kind == .unknown { want(.props) }
  }
}
