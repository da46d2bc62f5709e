import Proxy

/// What is known of exchanges but not measured yet, in the order in which it happened.
///
/// Measuring may wait: the traffic goes by first. It may not wait for long, nor hold much memory, so
/// the queue tells when it is full.
struct MeasuringQueue {
  enum Step {
    /// The request is on its way.
    case request(MeasuredExchange)
    /// The head of the answer came before the request was measured.
    case head(MeasuredExchange, ResponseMark)
    case end(MeasuredExchange, ExchangeEnd)
  }

  private struct Waiting {
    let step: Step
    let bytes: Int
  }

  /// Those in front of `next` are taken.
  private var steps: [Waiting?] = []
  private var next = 0
  private var heldBytes = 0

  /// Measured requests whose answer has not ended.
  private(set) var underWay = 0

  private static let mostSteps = 512
  private static let mostBytes = 64 << 20
  private static let busyExchanges = 4
  private static let largeBytes = 64 << 10

  var isEmpty: Bool { next == steps.count }

  /// Everything has to be measured now.
  var isFull: Bool { steps.count - next > Self.mostSteps || heldBytes > Self.mostBytes }

  /// Among several exchanges waiting helps nobody: what goes by next is somebody else's, and by the
  /// time there is a pause a large body has left the processor's caches, where it is now. Small ones
  /// are better let by in one go.
  func isBetterNow(_ step: Step, holding bytes: Int) -> Bool {
    guard case .request = step else { return false }
    return underWay >= Self.busyExchanges && bytes >= Self.largeBytes
  }

  mutating func exchangeBegan() { underWay += 1 }
  mutating func exchangeEnded() { underWay -= 1 }

  /// - Parameter bytes: memory that is held until the step is taken.
  mutating func append(_ step: Step, holding bytes: Int) {
    steps.append(Waiting(step: step, bytes: bytes))
    heldBytes += bytes
  }

  /// Takes the oldest step.
  mutating func take() -> Step? {
    guard next < steps.count, let waiting = steps[next] else { return nil }
    steps[next] = nil
    next += 1
    heldBytes -= waiting.bytes
    if next == steps.count {
      steps.removeAll(keepingCapacity: true)
      next = 0
    } else if next > Self.mostSteps {
      steps.removeFirst(next)
      next = 0
    }
    return waiting.step
  }
}

/// When to measure what has gone by.
public enum MeasuringTime: Sendable {
  /// As soon as what has come from the network is passed on.
  case now
  /// Once nothing has gone by for a while.
  case later
}

/// The head of an answer, when it came.
struct ResponseMark {
  var status: Int
  /// From the complete request.
  var afterMillis: Int
}

/// How and when an exchange ended.
struct ExchangeEnd {
  var outcome: ExchangeOutcome
  /// From the complete request.
  var afterMillis: Int
}

extension Engine {
  /// Measures what has gone by, oldest first, for about so long.
  /// - Returns: whether more is left.
  public func measure(forMicros limit: UInt64) -> Bool {
    let begin = nowMicros
    while let step = measuring.take() {
      carryOut(step)
      if nowMicros &- begin >= limit { break }
    }
    return !measuring.isEmpty
  }

  /// Measures all that has gone by: for what needs to know, and at the end.
  public func settle() {
    while let step = measuring.take() { carryOut(step) }
  }

  /// Has a step taken when there is time; at once where nobody calls `measure`.
  func later(_ step: MeasuringQueue.Step, holding bytes: Int) {
    guard let wakesMeasuring else { return carryOut(step) }
    if measuring.isBetterNow(step, holding: bytes) {
      settle()
      return carryOut(step)
    }
    let wasEmpty = measuring.isEmpty
    measuring.append(step, holding: bytes)
    if measuring.isFull { return settle() }
    // The next decision needs to know: better found out before its request comes than while it waits.
    if mayPin, case .end = step { return wakesMeasuring(.now) }
    if wasEmpty { wakesMeasuring(.later) }
  }

  private func carryOut(_ step: MeasuringQueue.Step) {
    switch step {
    case .request(let exchange): exchange.measureRequest()
    case .head(let exchange, let mark): exchange.note(mark)
    case .end(let exchange, let end): exchange.measureEnd(end)
    }
  }
}
