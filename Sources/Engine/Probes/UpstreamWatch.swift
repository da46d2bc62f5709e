import Bytes
import Prefix
import Prompt
import Proxy
import Turns
import Upstream

/// What is known of one upstream beside its answers, and what is still to be asked.
struct UpstreamWatch {
  var plan: ProbePlan
  private(set) var facts = ServerFacts()
  var affinity = SlotAffinity()
  var forecasts = SlotForecasts()
  /// Whether requests with a name for their conversation are taken.
  var takesNames = true
  private(set) var slots: [SlotState] = []
  var rendering: RenderingCheck?
  /// Counts what a request under way shares with the one before it.
  var counting: RenderingCheck?
  /// The turn that a full cache may explain.
  var unexplained: (session: SessionID, turn: Int)?
  /// When the last comparison of renderings was begun.
  var lastRendering: UInt64?
  private var asked: ProbePlan.Question?

  /// What an answer changed.
  struct News {
    var kind = ServerKind.unknown
    /// The same server was started anew, or another one runs there.
    var isStarted = false
    var order: RenderingOrder?
    var hasStatus = false
    var finding: RenderingCheck.Finding?
    /// Tokens that a request under way shares with the one before it, and whose it is.
    var count: (session: SessionID, turn: Int, tokens: Int)?
    /// How full its cache is, 0...1.
    var usage: Double?
  }

  init(kind: ServerKind) { plan = ProbePlan(kind: kind) }

  mutating func next(_ now: UInt64) -> ProbeStep {
    if affinity.wantsSlots { plan.want(.slots) }
    if rendering != nil, !plan.want(.rendering) { rendering = nil }
    if counting != nil, !plan.want(.counting) { counting = nil }
    switch plan.next(now) {
    case .rest: return .rest
    case .wait(let time): return .wait(millis: max(1, time - min(time, now)))
    case .ask(let question):
      asked = question
      return .ask(request(for: question))
    }
  }

  private func request(for question: ProbePlan.Question) -> ProbeRequest {
    switch question {
    case .models: ProbeRequest(path: "/v1/models")
    case .props: ProbeRequest(path: "/props")
    case .slots: ProbeRequest(path: "/slots")
    case .loadedModels: ProbeRequest(path: "/api/ps")
    case .studioModels: ProbeRequest(path: "/api/v0/models")
    case .order: ProbeRequest(path: "/apply-template", body: OrderProbe.body)
    case .rendering: rendering?.request ?? ProbeRequest(path: "/props")
    case .counting: counting?.request ?? ProbeRequest(path: "/props")
    case .usage: ProbeRequest(path: "/metrics")
    }
  }

  mutating func ended(_ outcome: ProbeOutcome, _ now: UInt64) -> News {
    guard let question = asked else { return News() }
    asked = nil
    var news = News()
    switch outcome {
    case .failed:
      if question == .rendering { rendering = nil }
      if question == .counting { counting = nil }
      plan.ended(.failed, now)
    case .answered(let status, _, let body):
      let isRead = status == 200 && read(question, body.bytes, &news)
      if question == .rendering, !isRead { rendering = nil }
      if question == .counting, !isRead { counting = nil }
      // A prompt that cannot be rendered says nothing about the next one, but a missing endpoint does.
      let isMissing = [401, 403, 404, 405, 501].contains(status)
      let isOfPrompts = question == .rendering || question == .counting
      let isUseless = isOfPrompts ? isMissing : !isRead && status < 500
      plan.ended(isRead ? .understood : isUseless ? .useless : .failed, now)
      if question == .models, isRead { plan.stillUnknown() }
    }
    if news.kind != .unknown { plan.learned(news.kind) }
    return news
  }

  private mutating func read(
    _ question: ProbePlan.Question, _ json: UnsafeRawBufferPointer, _ news: inout News
  ) -> Bool {
    switch question {
    case .models: return take(ModelListReader.openAI(json), &news)
    case .props: return take(PropsReader.facts(json), &news)
    case .loadedModels: return take(ModelListReader.ollama(json), &news)
    case .studioModels: return take(ModelListReader.lmStudio(json), &news)
    case .slots:
      guard let list = SlotState.list(json) else { return false }
      news.hasStatus = list != slots
      if isRestarted(list) { news.isStarted = true }
      slots = list
      affinity.saw(list)
      return true
    case .order:
      news.order = OrderProbe.order(json)
      return news.order != nil
    case .rendering:
      guard var check = rendering, check.read(json) else { return false }
      news.finding = check.finding
      rendering = check.finding == nil ? check : nil
      return true
    case .counting:
      guard var check = counting, check.read(json) else { return false }
      news.count = check.finding.map { (check.session, check.turn, $0.sameTokens) }
      counting = check.finding == nil ? check : nil
      return true
    case .usage:
      news.usage = CacheUsageReader.share(json)
      return news.usage != nil
    }
  }

  private mutating func take(_ newer: ServerFacts?, _ news: inout News) -> Bool {
    guard let newer else { return false }
    let before = facts
    facts.merge(newer)
    news.kind = newer.kind
    news.hasStatus = facts != before
    let isOther =
      before.startMark != 0 && before.startMark != facts.startMark
      || before.setupMark != 0 && before.setupMark != facts.setupMark
    if isOther { news.isStarted = true }
    if let count = facts.slotCount {
      affinity.serverHas(slots: count)
      forecasts.serverHas(slots: count)
    }
    return true
  }

  /// Tasks are counted from the server's start, so that a slot's never becomes smaller.
  private func isRestarted(_ newer: [SlotState]) -> Bool {
    guard slots.count == newer.count else { return false }
    return zip(slots, newer).contains { was, now in
      guard was.id == now.id, let before = was.task else { return false }
      return (now.task ?? -1) < before
    }
  }

  /// The server was lost or started anew: its slots are empty.
  mutating func forgetSlots() {
    slots = []
    affinity.serverStarted()
    forecasts.serverStarted()
    plan.forget()
  }
}
