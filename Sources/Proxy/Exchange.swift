import Bytes
import EventLoop
import Wire

/// One request and its response: does what `ExchangeStateMachine` decides.
///
/// Its client connection holds it until `end`; the upstream connection while it is in use.
final class Exchange {
  private let client: ClientConnection
  private let server: ProxyServer
  private let pool: UpstreamPool
  private let requestHead: RequestHead
  private var plan: ExchangePlan
  private let share: BodyShare?
  private var machine: ExchangeStateMachine
  private var reader: ResponseReader
  private var connector: UpstreamConnector?
  private var upstream: UpstreamConnection?
  private var response: ResponseHead?
  /// How the body goes to the client.
  private var framing = BodyFraming.none
  private var editor: (any ResponseEditor)?
  private var closesClient = false
  private var isPaused = false

  init(
    client: ClientConnection, server: ProxyServer, pool: UpstreamPool, requestHead: RequestHead,
    plan: ExchangePlan, share: BodyShare?
  ) {
    self.client = client
    self.server = server
    self.pool = pool
    self.requestHead = requestHead
    self.plan = plan
    self.share = share
    machine = ExchangeStateMachine(
      method: requestHead.method, clientMinorVersion: requestHead.minorVersion,
      hasFallback: plan.fallbackBody != nil)
    reader = ResponseReader(
      limits: server.configuration.responseLimits, requestMethod: requestHead.method)
  }

  func start() { perform(machine.start()) }

  /// Whether the client takes the connection's end for the end of the response, which has begun.
  var endsWithConnection: Bool { response != nil && !machine.isOver && framing == .untilClose }

  // MARK: From the client

  func clientDidEnd() { perform(machine.clientEnded()) }

  func clientWasLost() { perform(machine.clientLost()) }

  func clientDidDrain() {
    guard isPaused else { return }
    isPaused = false
    upstream?.stream.startReading()
  }

  // MARK: From the upstream

  private func didConnect(
    _ result: Result<UpstreamConnection, UpstreamConnector.ConnectFailure>
  ) {
    connector = nil
    switch result {
    case .success(let connection):
      use(connection)
    case .failure(let failure):
      perform(
        machine.connectFailed(
          status: failure.isShortage ? 503 : 502,
          reason: "upstream \(pool.name) is unreachable: \(failure.reason)"))
    }
  }

  private func use(_ connection: UpstreamConnection) {
    upstream = connection
    connection.begin(self)
    perform(machine.connected(isReused: connection.isReused))
  }

  func responseTimedOut() { perform(machine.responseTimedOut()) }

  func upstreamDidEnd(error: UVError?) {
    guard let upstream else { return }
    let loss = ExchangeStateMachine.Loss(
      reason: lossReason(error.map { upstream.explanation(of: $0) }),
      tookRequest: upstream.mayHaveTakenEverything(error),
      endsResponse: error == nil && reader.endsWithConnection)
    dropUpstream()
    let action = machine.lost(loss)
    if action == .finish { writeEnd() }
    perform(action)
  }

  private func lossReason(_ explanation: String?) -> String {
    let what = explanation ?? "connection closed"
    return reader.isReadingHead
      ? "upstream \(pool.name) failed before its response: \(what)"
      : "upstream \(pool.name) failed in the middle of its response: \(what)"
  }

  func upstreamDidRead(_ bytes: UnsafeRawBufferPointer) {
    machine.received()
    var rest = bytes
    let output = server.memory.scratch
    output.removeAll()
    var isFirst = false
    while reader.isReadingHead {
      guard let head = readHead(&rest) else { return }
      let action = machine.head(status: head.status, isInformational: head.isInformational)
      switch action {
      case .begin:
        isFirst = true
        begin(head, into: output)
      case .relayInterim:
        HTTPSerializer.appendResponse(
          head: head, framing: .none, closing: false, extra: [], to: output)
        client.write(output.bytes)
        output.removeAll()
        pauseIfUnread()
      case .ignore:
        break
      default:
        return perform(action)
      }
    }
    relay(rest, output, isFirst: isFirst)
  }

  /// Nil if the head is not complete, or no head at all.
  private func readHead(_ rest: inout UnsafeRawBufferPointer) -> ResponseHead? {
    do throws(WireError) {
      let (consumed, head) = try reader.consumeHead(rest)
      rest = UnsafeRawBufferPointer(rebasing: rest[consumed...])
      return head
    } catch {
      perform(
        machine.malformed(reason: "upstream \(pool.name) sent no valid HTTP: \(error.reason)"))
      return nil
    }
  }

  private func begin(_ head: ResponseHead, into output: ByteBuffer) {
    response = head
    // The request cannot be sent again from here on; a stream may last for minutes.
    plan.body = []
    plan.fallbackBody = nil
    upstream?.deadline.stop()
    let isOld = requestHead.minorVersion == 0
    switch head.framing {
    case .none, .length: framing = head.framing
    case .chunked, .untilClose: framing = isOld ? .untilClose : .chunked
    }
    if head.framing != .none { editor = plan.observer?.responseEditor(for: head) }
    // How long an edited body will be is not known.
    if editor != nil { framing = isOld ? .untilClose : .chunked }
    closesClient =
      !requestHead.keepAlive || server.isDraining || client.mustClose || framing == .untilClose
    HTTPSerializer.appendResponse(
      head: head, framing: framing, closing: closesClient,
      clientMinorVersion: requestHead.minorVersion,
      extra: dateField(head) + plan.extraResponseFields
        + (plan.observer?.responseFields(for: head) ?? []),
      to: output)
  }

  /// When it came, where the upstream does not tell (RFC 9110 section 6.6.1).
  private func dateField(_ head: ResponseHead) -> [(String, String)] {
    head.fields.contains("date") ? [] : [("Date", server.memory.date())]
  }

  private func relay(_ bytes: UnsafeRawBufferPointer, _ output: ByteBuffer, isFirst: Bool) {
    let memory = server.memory
    memory.pieces.removeAll(keepingCapacity: true)
    var consumed = 0
    var fault: WireError?
    do throws(WireError) {
      consumed = try reader.consumeBody(bytes, &memory.pieces)
    } catch {
      fault = error
    }
    if let editor {
      for index in memory.pieces.indices {
        editor.edit(memory.pieces[index]) { appendBody($0, to: output) }
      }
      if reader.isComplete { editor.finish { appendBody($0, to: output) } }
    } else {
      for index in memory.pieces.indices { appendBody(memory.pieces[index], to: output) }
    }
    if reader.isComplete, framing == .chunked {
      ChunkedEncoder.appendEnd(trailers: reader.trailers, to: output)
    }
    client.write(output.bytes)
    output.removeAll()
    observe(isFirst: isFirst)
    if machine.isOver { return }
    if let fault {
      perform(
        machine.malformed(reason: "upstream \(pool.name) sent no valid HTTP: \(fault.reason)"))
    } else if reader.isComplete {
      releaseUpstream(hasSurplus: consumed < bytes.count)
      perform(machine.completed())
    } else {
      pauseIfUnread()
    }
  }

  /// The kernel's buffers are full; the client has one read's worth on top of them at most.
  private func pauseIfUnread() {
    guard client.queuedBytes > 0 else { return }
    isPaused = true
    upstream?.stream.stopReading()
  }

  private func appendBody(_ piece: UnsafeRawBufferPointer, to output: ByteBuffer) {
    if framing == .chunked {
      ChunkedEncoder.append(chunk: piece, to: output)
    } else if output.count == 0 {
      client.write(piece)
    } else {
      output.append(piece)
    }
  }

  private func observe(isFirst: Bool) {
    guard let observer = plan.observer else { return }
    if isFirst, let response { observer.responseHead(response) }
    let memory = server.memory
    for index in memory.pieces.indices where !machine.isOver {
      observer.responseBody(memory.pieces[index])
    }
  }

  /// The end of a response that lasted until the upstream's connection ended.
  private func writeEnd() {
    let output = server.memory.scratch
    output.removeAll()
    editor?.finish { appendBody($0, to: output) }
    guard framing == .chunked else { return client.write(output.bytes) }
    ChunkedEncoder.appendEnd(trailers: HeaderFields(), to: output)
    client.write(output.bytes)
  }

  // MARK: Actions

  private func perform(_ action: ExchangeStateMachine.Action) {
    switch action {
    case .ignore, .begin, .relayInterim:
      break
    case .connect(let allowingIdle):
      reader = ResponseReader(
        limits: server.configuration.responseLimits, requestMethod: requestHead.method)
      if allowingIdle, let connection = pool.takeIdle() { return use(connection) }
      connector = pool.connect { [self] in didConnect($0) }
    case .send:
      send()
    case .sendFallback(let status):
      sendFallback(status: status)
    case .finish:
      end(.complete(status: response?.status ?? 0), closing: closesClient)
    case .answer(let status, let reason):
      dropUpstream()
      let closing = !requestHead.keepAlive || server.isDraining || client.mustClose
      let output = server.memory.scratch
      output.removeAll()
      ErrorAnswer.append(
        status: status, reason: reason, to: requestHead, closing: closing, into: output)
      client.write(output.bytes)
      end(.upstreamFailed(status: status, reason: reason), closing: closing)
    case .truncate(let reason):
      dropUpstream()
      plan.observer?.ended(.truncated(reason: reason))
      let client = client
      server.exchangeEnded()
      client.breakOff(byReset: framing == .untilClose)
    case .probe:
      probe()
    case .cancel:
      connector?.cancel()
      connector = nil
      dropUpstream()
      plan.observer?.ended(.clientGone)
      server.exchangeEnded()
      client.close()
    }
  }

  private func probe() {
    guard response != nil else { return client.write("HTTP/1.1 102 Processing\r\n\r\n") }
    // Between two chunks: the first digit of the next one's size (RFC 9112 section 7.1). Elsewhere
    // every byte would be one of the body.
    if framing == .chunked { client.write("0") }
  }

  private func send() {
    guard let upstream else { return }
    var length = 0
    for part in plan.body { length += part.count }
    let head = ByteBuffer(capacity: 1000)
    var extra = plan.extraRequestFields
    let limit = ForwardingLimit.of(requestHead)
    if let limit { extra.append(("Max-Forwards", String(limit - 1))) }
    HTTPSerializer.appendRequest(
      head: requestHead, target: pool.target(for: requestHead.target), host: pool.host,
      bodyLength: requestHead.framing == .none && length == 0 ? nil : length,
      pseudonym: ProcessToken.pseudonym, proxyAuthorization: pool.route.authorization,
      extra: extra,
      omitting: ClientToken.omitted(from: requestHead.fields, server.knownTokens)
        + (limit == nil ? [] : ["max-forwards"]),
      to: head)
    var parts = [ByteSlice(head)]
    parts.append(contentsOf: plan.body)
    upstream.stream.write(parts)
    pool.awaitResponse(on: upstream)
    plan.observer?.forwarded()
    holdAnswer()
  }

  private func holdAnswer() {
    guard let hold = plan.answerHold, !hold.isOpen, let upstream else { return }
    upstream.stream.stopReading()
    hold.whenOpen { [weak self, weak upstream] in
      guard let self, let upstream, self.upstream === upstream, !isPaused else { return }
      upstream.stream.startReading()
    }
  }

  private func sendFallback(status: Int) {
    guard let body = plan.fallbackBody else { return }
    dropUpstream()
    plan.body = [ByteSlice(body)]
    plan.fallbackBody = nil
    plan.observer?.retriedWithOriginalBody(status: status)
    if !machine.isOver { perform(.connect(allowingIdle: true)) }
  }

  /// Gives the connection back if it can carry another request.
  private func releaseUpstream(hasSurplus: Bool) {
    guard let upstream else { return }
    self.upstream = nil
    let isUsable =
      !hasSurplus && response?.keepAlive == true && !upstream.hasFailedWrite
      && upstream.stream.queuedBytes == 0
    if isUsable { pool.release(upstream) } else { pool.discard(upstream) }
  }

  private func dropUpstream() {
    guard let upstream else { return }
    self.upstream = nil
    pool.discard(upstream)
  }

  private func end(_ outcome: ExchangeOutcome, closing: Bool) {
    plan.observer?.ended(outcome)
    server.exchangeEnded()
    client.exchangeEnded(closing: closing)
  }
}
