import EventLoop

/// Receives an answer as it comes into being.
protocol CompletionSink: AnyObject {
  /// More of an event stream.
  func completion(_ completion: Completion, sends bytes: [UInt8])
  /// The answer is complete. `body` is the JSON object of an answer that is not streamed.
  func completion(_ completion: Completion, endsWith body: [UInt8]?)
}

/// One answer from its request to its last token, driven by a timer. Lives on the loop thread; the
/// model holds it until it has ended.
final class Completion {
  let request: ModelRequest
  let tokens: [UInt32]
  weak var sink: (any CompletionSink)?
  private unowned let model: SimulatedModel
  private let reply: Reply
  private let head: AnswerHead
  private var answer: any Answer
  private var progress: ReplyProgress?
  private var slot: Int?
  private var timer: Timer?
  private var startMillis: UInt64 = 0
  private var lastSentMillis: UInt64
  private var hasReported = false
  private var hasEnded = false

  init(
    model: SimulatedModel, request: ModelRequest, tokens: [UInt32], reply: Reply, head: AnswerHead
  ) {
    self.model = model
    self.request = request
    self.tokens = tokens
    self.reply = reply
    self.head = head
    lastSentMillis = model.loop.nowMillis
    switch request.dialect {
    case .chat: answer = ChatAnswer(head: head)
    case .messages: answer = MessagesAnswer(head: head)
    case .responses: answer = ResponsesAnswer(head: head)
    }
    let timer = Timer(loop: model.loop) { [unowned self] in tick() }
    self.timer = timer
    timer.start(afterMillis: pingMillis)
  }

  private var pingMillis: UInt64 { request.pingMillis ?? max(1, model.options.pingMillis) }

  /// Begins the work in a slot. Nothing is sent before the next round.
  func run(_ assignment: SlotPool.Assignment) {
    slot = assignment.slot
    startMillis = model.loop.nowMillis
    progress = ReplyProgress(
      promptTokens: tokens.count, cachedTokens: assignment.cachedTokens,
      replyTokens: reply.tokenCount, startMillis: startMillis,
      prefillTokensPerSecond: model.options.prefillTokensPerSecond,
      generationTokensPerSecond: model.options.generationTokensPerSecond)
    timer?.start(afterMillis: 0)
  }

  /// Gives the answer up. What was computed so far stays in the slot.
  func cancel() {
    finish(figures: nil)
  }

  private func tick() {
    let now = model.loop.nowMillis
    var bytes: [UInt8] = []
    var isFinished = false
    if progress != nil { isFinished = advance(to: now, into: &bytes) }
    if request.streams {
      if bytes.isEmpty, now >= lastSentMillis + pingMillis { bytes = EventFrame.ping }
      if !bytes.isEmpty {
        lastSentMillis = now
        sink?.completion(self, sends: bytes)
      }
    }
    guard !hasEnded else { return }
    if isFinished {
      end()
    } else {
      let ping = lastSentMillis + pingMillis > now ? lastSentMillis + pingMillis - now : 1
      timer?.start(afterMillis: min(progress?.delay(from: now) ?? ping, ping))
    }
  }

  /// Appends the events that became due; returns whether the reply is complete.
  private func advance(to now: UInt64, into bytes: inout [UInt8]) -> Bool {
    guard let slot, var progress else { return false }
    let advance = progress.advance(to: now)
    self.progress = progress
    if request.returnsProgress, let chat = answer as? ChatAnswer {
      let reached = (hasReported ? [] : [progress.cachedTokens]) + advance.batches
      hasReported = true
      for processed in reached {
        bytes += chat.progress(
          total: progress.promptTokens, cached: progress.cachedTokens, processed: processed,
          millis: Int(clamping: now - startMillis))
      }
    }
    if advance.finishedPrompt { bytes += answer.begin(figures(progress)) }
    for index in advance.steps { bytes += answer.add(reply.steps[index], of: reply) }
    if advance.isFinished { bytes += answer.end(reply, figures(progress)) }
    model.progressed(
      slot: slot, processed: progress.processedTokens, decoded: progress.sentTokens)
    return advance.isFinished
  }

  private func figures(_ progress: ReplyProgress) -> Figures {
    Figures(
      promptTokens: progress.promptTokens, cachedTokens: progress.cachedTokens,
      outputTokens: reply.tokenCount, promptMillis: progress.promptMillis,
      outputMillis: progress.replyMillis)
  }

  private func end() {
    guard let progress else { return }
    let figures = figures(progress)
    model.keep(request, reply, as: "resp_" + head.id)
    let body = request.streams ? nil : answer.whole(reply, figures)
    let sink = sink
    finish(figures: figures)
    sink?.completion(self, endsWith: body)
  }

  private func finish(figures: Figures?) {
    guard !hasEnded else { return }
    hasEnded = true
    timer?.close()
    timer = nil
    var evaluated: [UInt32] = []
    if let progress {
      let prompt = tokens.prefix(progress.cachedTokens + progress.processedTokens)
      evaluated = Array(prompt)
      if prompt.count == tokens.count { evaluated += reply.evaluated.prefix(progress.sentTokens) }
    }
    model.ended(self, slot: slot, evaluated: evaluated, figures: figures)
  }
}
