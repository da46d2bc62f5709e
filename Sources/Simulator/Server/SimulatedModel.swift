import EventLoop

/// The model behind the server: reads requests, gives them slots and plays their replies. Lives on
/// the loop thread.
final class SimulatedModel {
  let loop: Loop
  let options: SimulatorOptions
  let record: SimulatorRecord
  private(set) var pool: SlotPool
  private var responses = ResponseStore()
  private var waiting: [Completion] = []
  private var running: [ObjectIdentifier: Completion] = [:]
  private var identifiers = SeededNumbers(seed: UInt64(bitPattern: Loop.wallMillis()))
  private(set) var totals = ServerTotals()

  init(loop: Loop, options: SimulatorOptions, record: SimulatorRecord) {
    self.loop = loop
    self.options = options
    self.record = record
    pool = SlotPool(count: options.slots, storeTokens: options.storeTokens)
  }

  // MARK: Reading requests

  func read(
    _ body: UnsafeRawBufferPointer, as dialect: ModelRequest.Dialect
  ) throws(RequestError) -> ModelRequest {
    let value = try json(body)
    switch dialect {
    case .chat: return try ChatReader.read(value, defaultModel: options.model)
    case .messages:
      return try MessagesReader.read(
        value, defaultModel: options.model, masksBillingLine: options.masksBillingLine)
    case .responses:
      var earlier: [Turn] = []
      if let id = value["previous_response_id"]?.text, !id.isEmpty {
        guard options.keepsResponses else {
          throw .invalid("llama.cpp does not support 'previous_response_id'.")
        }
        guard let kept = responses[id] else {
          throw .invalid("Previous response with id '\(id)' not found.")
        }
        earlier = kept
      }
      return try ResponsesReader.read(value, defaultModel: options.model, earlier: earlier)
    }
  }

  func json(_ body: UnsafeRawBufferPointer) throws(RequestError) -> JSONTree {
    do throws(JSONError) {
      return try JSONReader.read(body)
    } catch {
      throw .server("parse error at byte \(error.offset): \(error.reason.rawValue)")
    }
  }

  // MARK: Playing replies

  /// Makes the answer to a request; `start` begins it. Throws if the prompt does not fit a slot.
  func completion(for request: ModelRequest) throws(RequestError) -> Completion {
    let prompt = PromptTemplate.render(request)
    let tokens = Tokenizer.tokens(of: prompt)
    guard tokens.count < options.contextTokens else {
      throw .tooLong(prompt: tokens.count, context: options.contextTokens)
    }
    var bounded = request
    // Zero still makes one token, a negative number means no limit, as at llama.cpp.
    let wanted = request.maxTokens.map { $0 < 0 ? Int.max : max(1, $0) } ?? Int.max
    bounded.maxTokens = min(wanted, options.contextTokens - tokens.count)
    let writer = ReplyWriter(
      spelling: options.spellsCallsLikeTemplate ? .spaced : .compact,
      toolCallPercent: options.toolCallPercent)
    var head = AnswerHead(
      id: identifiers.identifier(32), model: request.model, created: Loop.wallMillis() / 1000)
    head.includesUsage = request.includesUsage
    head.reportsCache = options.reportsCache
    head.reportsTimings = options.reportsCache && options.kind == .llamaCpp
    return Completion(
      model: self, request: request, tokens: tokens,
      reply: writer.reply(to: bounded, prompt: prompt), head: head)
  }

  /// Gives the answer a slot at once, or as soon as one is free.
  func start(_ completion: Completion) {
    running[ObjectIdentifier(completion)] = completion
    if !assign(completion) {
      waiting.append(completion)
      record.count { $0.waiting += 1 }
    }
  }

  private func assign(_ completion: Completion) -> Bool {
    let assignment = pool.begin(
      completion.tokens, wanted: completion.request.slot, reuses: completion.request.usesCache,
      now: Int64(loop.nowMillis))
    guard let assignment else { return false }
    record.count { $0.running += 1 }
    completion.run(assignment)
    return true
  }

  func progressed(slot: Int, processed: Int, decoded: Int) {
    pool.progress(slot, processed: processed, decoded: decoded)
  }

  /// The answer is over, complete or not; `evaluated` is what its slot holds now, nil if it never
  /// had one.
  func ended(_ completion: Completion, slot: Int?, evaluated: [UInt32], figures: Figures?) {
    guard running.removeValue(forKey: ObjectIdentifier(completion)) != nil else { return }
    guard let slot else {
      waiting.removeAll { $0 === completion }
      record.count { $0.waiting -= 1 }
      return
    }
    pool.end(slot, tokens: evaluated, now: Int64(loop.nowMillis))
    record.count { $0.running -= 1 }
    if let figures {
      totals.add(figures)
      record.count {
        $0.processedTokens += figures.processedTokens
        $0.cachedTokens += figures.cachedTokens
        $0.generatedTokens += figures.outputTokens
      }
    }
    // First come, first served among those that can start.
    waiting = waiting.filter { candidate in
      guard assign(candidate) else { return true }
      record.count { $0.waiting -= 1 }
      return false
    }
  }

  var waitingCount: Int { waiting.count }

  /// Keeps the conversation for `previous_response_id`, when the request wants that.
  func keep(_ request: ModelRequest, _ reply: Reply, as id: String) {
    guard options.keepsResponses, request.dialect == .responses, request.isStored else { return }
    let answer = Turn(
      role: .assistant, text: reply.text,
      calls: reply.calls.map { .init(name: $0.name, arguments: $0.arguments) })
    responses.keep(request.conversation + [answer], as: id)
  }

  /// Ends all answers without another event.
  func stop() {
    for completion in running.values { completion.cancel() }
  }
}
