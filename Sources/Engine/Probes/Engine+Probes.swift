import Bytes
import Prefix
import Prompt
public import Proxy
import Turns
import Upstream

/// What the engine learns from upstreams beside the answers.
extension Engine: ProbeSource {
  public func nextProbe(upstream: Int) -> ProbeStep {
    guard watches.indices.contains(upstream) else { return .rest }
    return watches[upstream].next(nowMillis)
  }

  public func probeEnded(upstream: Int, _ outcome: ProbeOutcome) {
    guard watches.indices.contains(upstream) else { return }
    let check = watches[upstream].rendering
    let news = watches[upstream].ended(outcome, nowMillis)
    noteServer(upstream, news.kind)
    if news.isStarted { noteStart(upstream) }
    if let order = news.order {
      // llama.cpp renders every dialect through the same template.
      for dialect in Dialect.allCases { learn(order, upstream, dialect) }
    }
    if news.hasStatus { publishFacts(upstream) }
    if let finding = news.finding, let check {
      if case .history = finding { noteRewritingTemplate(upstream) }
      tell(finding, check)
    }
    if let count = news.count, let exchange = counted[upstream]?.exchange {
      exchange.noteShared(count.tokens, session: count.session, turn: count.turn)
    }
    if let usage = news.usage { tell(usage: usage, upstream) }
    tellAffinity(upstream)
  }

  /// Looks at slots while requests run, for somebody who watches.
  public func watchSlots(_ watches: Bool) {
    for upstream in self.watches.indices {
      self.watches[upstream].plan.watchesSlots = watches
      wakeProber(upstream)
    }
  }

  /// The server was started anew since it was looked at last.
  private func noteStart(_ upstream: Int) {
    noteLoss(upstream)
    watches[upstream].forgetSlots()
  }

  private func publishFacts(_ upstream: Int) {
    let watch = watches[upstream]
    change(upstream) {
      $0.build = watch.facts.build
      $0.slotCount = watch.facts.slotCount
      $0.windows = watch.facts.windows
      $0.slots = watch.slots
    }
  }

  private func tell(_ finding: RenderingCheck.Finding, _ check: RenderingCheck) {
    let turn = "session \(check.session), turn \(check.turn)"
    let text =
      switch finding {
      case .answer(let same):
        "\(turn): checked with the server's chat template: the history is rendered as before (\(same) "
          + "tokens); the model's last answer is rendered in other words than it was generated"
      case .history(let same):
        "\(turn): checked with the server's chat template: it renders earlier messages in other words "
          + "as the conversation goes on; only \(same) tokens stay the same"
      case .lost(let same):
        "\(turn): checked with the server's chat template: \(same) tokens are the same as before, of "
          + "which the server reused \(check.reported ?? 0)"
      }
    inform(text)
  }

  /// A server that lost a prompt for no reason of ours may have needed the room.
  func checkUsage(_ record: TurnRecord, _ upstream: Int) {
    guard watches.indices.contains(upstream), record.serverCause == .serverUnknown,
      [.vLLM, .sgLang].contains(kind(of: upstream)), watches[upstream].plan.want(.usage)
    else { return }
    watches[upstream].unexplained = (record.session, record.turn)
    wakeProber(upstream)
  }

  private func tell(usage: Double, _ upstream: Int) {
    guard let turn = watches[upstream].unexplained else { return }
    watches[upstream].unexplained = nil
    let share =
      "session \(turn.session), turn \(turn.turn): the server's cache is "
      + "\(Int((usage * 100).rounded())) % full"
    inform(
      usage >= 0.9
        ? "\(share): what this session had was probably evicted"
        : "\(share): it was not short of room just now")
  }

  // MARK: For exchanges

  func requestBegan(_ upstream: Int) {
    guard watches.indices.contains(upstream) else { return }
    watches[upstream].plan.requestBegan(nowMillis)
    wakeProber(upstream)
  }

  func answerBegan(_ upstream: Int) {
    guard watches.indices.contains(upstream) else { return }
    watches[upstream].plan.answered()
    wakeProber(upstream)
  }

  func requestEnded(_ upstream: Int, isAnswered: Bool, isAborted: Bool) {
    guard watches.indices.contains(upstream) else { return }
    watches[upstream].plan.requestEnded(nowMillis, isAnswered: isAnswered, isAborted: isAborted)
    wakeProber(upstream)
  }

  /// Has the server's template asked why a turn reused less than predicted, where that is possible.
  func checkRendering(
    _ record: TurnRecord, before: ByteBuffer?, after: ByteBuffer?, _ upstream: Int
  ) {
    guard watches.indices.contains(upstream), kind(of: upstream) == .llamaCpp,
      record.dialect == .openAIChat, record.pin == .untouched,
      record.verdict.cause == .none || record.verdict.cause == .neutralRerender,
      let cause = record.serverCause, cause == .templateRerendered || cause == .serverUnknown,
      let reported = record.usage.cachedTokens, let before, let after,
      watches[upstream].rendering == nil
    else { return }
    let now = nowMillis
    if let last = watches[upstream].lastRendering, now < last + ProbePlan.renderingEveryMillis {
      return
    }
    watches[upstream].lastRendering = now
    watches[upstream].rendering = RenderingCheck(
      session: record.session, turn: record.turn, reported: reported, before: before, after: after)
    wakeProber(upstream)
  }

  // MARK: Places that were not counted yet

  /// Has llama.cpp count how much of the last prompt a request under way begins with, where that is
  /// only an estimate: its own template and tokenizer tell exactly, mostly before the answer comes.
  func countShared(_ exchange: MeasuredExchange, _ reception: Reception) {
    let upstream = exchange.facts.upstream
    guard watches.indices.contains(upstream), kind(of: upstream) == .llamaCpp,
      exchange.facts.dialect == .openAIChat, watches[upstream].counting == nil,
      let before = reception.previous?.body, let after = reception.history.body
    else { return }
    watches[upstream].counting = RenderingCheck(
      session: reception.session.id, turn: reception.turn, reported: nil, before: before,
      after: after)
    counted[upstream] = CountedExchange(exchange: exchange)
    wakeProber(upstream)
  }

  // MARK: Slots

  func tellAffinity(_ upstream: Int) {
    if let text = watches[upstream].affinity.takeNotice() { inform(text) }
  }
}

/// The exchange that a count is for, as long as it runs.
struct CountedExchange {
  weak var exchange: MeasuredExchange?
}
