public import EventLoop
public import TestSupport

/// Plays both ends of a case around a proxy.
public final class CaseRun {
  private let test: TestLoop
  private let upstream: ScriptedUpstream
  private let example: ProxyCase
  private let client: RawPeer
  private var steps: ArraySlice<ProxyCase.ClientStep>
  private var answered = 0
  /// Where a client that waits was told to go on.
  private var continued: Set<ObjectIdentifier> = []
  private var answeredOn: [ObjectIdentifier: Int] = [:]

  /// - Parameter upstream: what the proxy forwards to; its connections so far are closed.
  public init(
    _ example: ProxyCase, proxy: SocketAddress, upstream: ScriptedUpstream, test: TestLoop
  ) {
    self.example = example
    self.upstream = upstream
    self.test = test
    upstream.dropConnections()
    client = RawPeer(connectingTo: proxy, loop: test.loop)
    steps = example.client[...]
  }

  /// - Parameters:
  ///   - patienceMillis: how long to wait for what is expected.
  ///   - quietRounds: how long nothing else may happen afterwards, in milliseconds.
  /// - Returns: nil if the case is kept, else what was wrong.
  public func objection(patienceMillis: Int, quietRounds: Int) -> String? {
    upstream.onReceive = { [unowned self] in answer($0) }
    defer {
      upstream.onReceive = nil
      client.close()
      upstream.dropConnections()
    }
    _ = test.run(withinMillis: patienceMillis) {
      advance()
      return example.expectation.objection(to: observation()) == nil
    }
    test.settle(rounds: quietRounds)
    return example.expectation.objection(to: observation())
  }

  private func advance() {
    while let step = steps.first {
      switch step {
      case .send(let bytes): client.send(bytes)
      case .end: client.shutdown()
      case .awaitResponses(let count):
        guard observation().responses.count(where: { $0.isComplete }) >= count else { return }
      case .awaitInterim:
        guard !observation().interims.isEmpty else { return }
      }
      steps.removeFirst()
    }
  }

  // MARK: Upstream

  private func answer(_ peer: RawPeer) {
    let (requests, rest, reason) = CaseRun.requests(peer.received)
    var due = requests.count
    let next = example.answers[min(answered, example.answers.count - 1)]
    if let rest, rest.hasHead, rest.values("expect") == ["100-continue"],
      continued.insert(ObjectIdentifier(peer)).inserted
    {
      peer.send("HTTP/1.1 100 Continue\r\n\r\n")
    }
    if let rest, next.isEarly, rest.hasHead {
      peer.stopReading()
      due += 1
    }
    // What is no request gets an answer, too, as from a careless server.
    if reason != nil { due += 1 }
    while answeredOn[ObjectIdentifier(peer), default: 0] < due {
      answeredOn[ObjectIdentifier(peer), default: 0] += 1
      let answer = example.answers[min(answered, example.answers.count - 1)]
      answered += 1
      peer.send(answer.bytes)
      switch answer.ending {
      case .stay: break
      case .end: peer.shutdown()
      case .reset: peer.reset()
      }
    }
  }

  /// The complete requests, the beginning of another one, and why the rest is none.
  private static func requests(
    _ bytes: [UInt8]
  ) -> (complete: [Message], partial: Message?, unreadable: String?) {
    var rest = bytes[...]
    var complete: [Message] = []
    while !rest.isEmpty {
      switch Message.read(rest, .request) {
      case .message(let message, let length):
        guard message.isComplete else { return (complete, message, nil) }
        complete.append(message)
        rest = rest.dropFirst(length)
      case .unreadable(let reason):
        return (complete, nil, reason)
      }
    }
    return (complete, nil, nil)
  }

  // MARK: What was seen

  private func observation() -> Observation {
    var seen = Observation()
    for peer in upstream.connections {
      let (complete, partial, unreadable) = CaseRun.requests(peer.received)
      seen.forwarded += complete
      if partial != nil { seen.hasPartialRequest = true }
      seen.unreadableRequest = seen.unreadableRequest ?? unreadable
    }
    seen.clientIsOver = client.isOver
    seen.isWaiting = !steps.isEmpty
    var rest = client.received[...]
    while !rest.isEmpty, seen.unreadableResponse == nil {
      let place = seen.responses.count
      let method = place < example.methods.count ? example.methods[place] : "GET"
      let hasEnded = client.hasEnded && client.failure == nil
      switch Message.read(rest, .response(method: method, hasEnded: hasEnded)) {
      case .message(let message, let length):
        if message.isComplete, (100...199).contains(message.status), message.status != 101 {
          seen.interims.append(message.status)
        } else {
          seen.responses.append(message)
        }
        rest = rest.dropFirst(length)
      case .unreadable(let reason):
        seen.unreadableResponse = reason
      }
    }
    return seen
  }
}
