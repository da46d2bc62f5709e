import Bytes
import EventLoop
import Wire

/// The connection of one agent: reads requests, answers them one after the other, in order.
final class ClientConnection: StreamDelegate, DeadlineOwner {
  private enum State {
    case open
    /// The last answer is written; input is thrown away until the client closes. Closing earlier
    /// would reset the connection under an answer that is still on its way.
    case lingering
    /// Closes once the queue is written, without the proper end of the response.
    case breaking
    case closed
  }

  let id: UInt64
  private let server: ProxyServer
  private let stream: TCPStream
  private let memory: LoopMemory
  private lazy var deadline = Deadline(owner: self)
  /// Which deadline is set while there is no exchange.
  private var waitsFor: DeadlineKind?
  private var bodyBegin: UInt64 = 0
  private var reader: RequestReader
  private var exchange: Exchange?
  private var state = State.open
  /// Bytes behind the request that is being answered.
  private var pending: ByteBuffer?
  private var isPaused = false
  private var isConsuming = false
  private var readsIntoBody = false
  private var inputEnded = false
  /// While lingering: there is nothing of the client's left to read.
  private var isInputComplete = false
  private var discardedBytes = 0

  /// Above this much unsent output no further request of this client is served until it has taken
  /// all of it.
  private static let maxQueuedBytes = 64 * 1024
  private static let maxPendingBytes = 64 * 1024
  /// A body may take this long whatever its size, and longer only at `minBytesPerSecond`.
  private static let bodyGraceMillis: UInt64 = 60_000
  private static let minBytesPerSecond: UInt64 = 1024
  private static let maxDiscardedBytes = 64 << 20

  init(id: UInt64, stream: TCPStream, server: ProxyServer) {
    self.id = id
    self.stream = stream
    self.server = server
    memory = server.memory
    reader = RequestReader(
      limits: server.configuration.requestLimits, maxBodyBytes: server.configuration.maxBodyBytes,
      allowance: server.bodyAllowance, clientToken: server.configuration.clientToken)
    stream.delegate = self
  }

  /// Follows what the server's configuration says now, from the next request on.
  func adjust() {
    reader.maxBodyBytes = server.configuration.maxBodyBytes
    reader.clientToken = server.configuration.clientToken
  }

  func start() {
    server.deadlines.requestHead.start(deadline)
    waitsFor = .requestHead
    stream.startReading()
  }

  /// Whether the current response has to be the last one.
  var mustClose: Bool { inputEnded && pending == nil }

  var queuedBytes: Int { stream.queuedBytes }

  // MARK: Stream

  func readBuffer(for stream: TCPStream) -> UnsafeMutableRawBufferPointer {
    if exchange == nil, state == .open, let space = reader.bodySpace() {
      readsIntoBody = true
      return space
    }
    readsIntoBody = false
    return memory.slab
  }

  func stream(_ stream: TCPStream, didRead count: Int) {
    guard state == .open else { return discard(count) }
    if readsIntoBody {
      isConsuming = true
      let (surplus, outcome) = reader.didReadIntoBody(count)
      // The surplus lies in the body's memory.
      withExtendedLifetime(outcome) {
        handle(outcome)
        isConsuming = false
        consume(surplus)
        erase(surplus)
      }
    } else {
      let bytes = UnsafeRawBufferPointer(rebasing: memory.slab[..<count])
      consume(bytes)
      erase(bytes)
    }
  }

  /// A head may hold credentials, and this memory lives on: as the loop's, or as a kept body's.
  private func erase(_ bytes: UnsafeRawBufferPointer) {
    UnsafeMutableRawBufferPointer(mutating: bytes).initializeMemory(as: UInt8.self, repeating: 0)
  }

  func streamDidEnd(_ stream: TCPStream) {
    inputEnded = true
    isInputComplete = true
    switch state {
    case .open:
      if let exchange {
        stream.watchForReset()
        exchange.clientDidEnd()
      } else if pending == nil {
        finishInput()
      }
    case .lingering:
      if stream.queuedBytes == 0 { close() }
    case .breaking, .closed:
      break
    }
  }

  func stream(_ stream: TCPStream, failed error: UVError) { close() }

  func streamDidDrain(_ stream: TCPStream) {
    switch state {
    case .open:
      if let exchange {
        exchange.clientDidDrain()
      } else if pending != nil {
        consumePending()
      } else if waitsFor == nil {
        setDeadline()
      }
    case .lingering: linger()
    case .breaking: close()
    case .closed: break
    }
  }

  func deadlineReached(_ kind: DeadlineKind) {
    guard state == .open, exchange == nil, reader.isMidway else { return close() }
    refuse(
      reader.head, status: 408,
      reason: kind == .bodyStall ? "request body stalled" : "request head took too long")
  }

  // MARK: Requests

  private func consume(_ bytes: UnsafeRawBufferPointer) {
    if pending != nil {
      stash(bytes)
      if mayBegin { consumePending() }
      return
    }
    var rest = bytes
    isConsuming = true
    while !rest.isEmpty, mayBegin, state == .open {
      let (consumed, outcome) = reader.consume(rest)
      rest = UnsafeRawBufferPointer(rebasing: rest[consumed...])
      handle(outcome)
    }
    isConsuming = false
    guard state == .open else { return }
    if !rest.isEmpty { stash(rest) }
    if exchange == nil, pending == nil {
      if inputEnded { finishInput() } else { setDeadline() }
    }
  }

  /// Whether the next request may be looked at. One at a time, and none while the client does not
  /// take the answers to the ones before.
  private var mayBegin: Bool {
    exchange == nil && stream.queuedBytes <= ClientConnection.maxQueuedBytes
  }

  private func consumePending() {
    let waiting = pending
    pending = nil
    if isPaused {
      isPaused = false
      stream.startReading()
    }
    if let waiting {
      consume(waiting.bytes)
    } else if inputEnded {
      finishInput()
    } else {
      setDeadline()
    }
  }

  private func handle(_ outcome: RequestReader.Outcome) {
    switch outcome {
    case .more: break
    case .expectsContinue: stream.write(copying: "HTTP/1.1 100 Continue\r\n\r\n")
    case .complete(let head, let body, let share): begin(head, body, share)
    case .refused(let head, let status, let reason):
      refuse(head, status: status, reason: reason)
    }
  }

  private func setDeadline() {
    let now = server.nowMillis
    if let received = reader.bodyBytes {
      if waitsFor != .bodyStall { bodyBegin = now }
      waitsFor = .bodyStall
      let allowed =
        ClientConnection.bodyGraceMillis
        + UInt64(received) * 1000 / ClientConnection.minBytesPerSecond
      if now - bodyBegin <= allowed { server.deadlines.bodyStall.start(deadline) }
    } else if reader.isMidway {
      // Not started over, so that a head that drips is bounded as a whole.
      if waitsFor != .requestHead { server.deadlines.requestHead.start(deadline) }
      waitsFor = .requestHead
    } else if stream.queuedBytes > 0 {
      // The client still takes the last answer, however slowly, so it is not idle.
      deadline.stop()
      waitsFor = nil
    } else {
      waitsFor = .clientIdle
      server.deadlines.clientIdle.start(deadline)
    }
  }

  private func stash(_ bytes: UnsafeRawBufferPointer) {
    let buffer = pending ?? ByteBuffer(capacity: bytes.count)
    pending = buffer
    buffer.append(bytes)
    if buffer.count > ClientConnection.maxPendingBytes, !isPaused {
      isPaused = true
      stream.stopReading()
      stream.watchForReset()
    }
  }

  private func begin(_ head: RequestHead, _ body: ByteBuffer, _ share: BodyShare?) {
    deadline.stop()
    waitsFor = nil
    guard let exchange = server.exchange(for: head, body, share, from: self) else { return }
    guard state == .open else { return exchange.clientWasLost() }
    self.exchange = exchange
    exchange.start()
    if inputEnded { self.exchange?.clientDidEnd() }
  }

  /// Answers a request that got no exchange. The connection goes on if the request asked for it.
  func reject(_ head: RequestHead, status: Int, reason: String) {
    let closing = !head.keepAlive || server.isDraining
    server.observer.refused(method: head.method, path: head.path, status: status, reason: reason)
    writeError(head, status: status, reason: reason, closing: closing)
    if closing { closeGracefully(isInputComplete: false) }
  }

  /// Answers a request that goes no further as its last recipient: it says what OPTIONS asks for,
  /// which is nothing, and does not echo a TRACE, which could hold a credential.
  func answerInstead(of head: RequestHead) {
    guard head.method == "OPTIONS" else {
      return reject(head, status: 405, reason: "TRACE is not answered here")
    }
    let closing = !head.keepAlive || server.isDraining
    let output = memory.scratch
    output.removeAll()
    ErrorAnswer.appendEmpty(closing: closing, into: output)
    stream.write(copying: output.bytes)
    if closing { closeGracefully(isInputComplete: false) }
  }

  /// Answers something behind which the next request cannot be found.
  private func refuse(_ head: RequestHead?, status: Int, reason: String) {
    server.observer.refused(
      method: head?.method ?? "", path: head?.path ?? "", status: status, reason: reason)
    writeError(head, status: status, reason: reason, closing: true)
    closeGracefully(isInputComplete: false)
  }

  func refuseForOverload() {
    refuse(nil, status: 503, reason: "too many connections")
    stream.startReading()
  }

  private func writeError(_ head: RequestHead?, status: Int, reason: String, closing: Bool) {
    let output = memory.scratch
    output.removeAll()
    ErrorAnswer.append(status: status, reason: reason, to: head, closing: closing, into: output)
    stream.write(copying: output.bytes)
  }

  /// No more input: what has begun to arrive will never be complete.
  private func finishInput() {
    if reader.isMidway {
      refuse(reader.head, status: 400, reason: "request is incomplete")
    } else {
      closeGracefully(isInputComplete: true)
    }
  }

  // MARK: From the exchange

  func write(_ bytes: UnsafeRawBufferPointer) { stream.write(copying: bytes) }

  func write(_ text: StaticString) { stream.write(copying: text) }

  func exchangeEnded(closing: Bool) {
    exchange = nil
    guard state == .open else { return }
    if closing || server.isDraining { return closeGracefully(isInputComplete: pending == nil) }
    if !isConsuming { consumePending() }
  }

  /// Ends the connection so that the client cannot take what it got for the whole response.
  func breakOff(byReset: Bool) {
    exchange = nil
    if byReset {
      stream.reset()
      close()
    } else if stream.queuedBytes == 0 {
      close()
    } else {
      state = .breaking
      server.deadlines.linger.start(deadline)
    }
  }

  // MARK: Closing

  /// Lets a connection without a request go, and one with a request after its response.
  func drain() {
    if state == .open, exchange == nil, !reader.isMidway { closeGracefully(isInputComplete: true) }
  }

  /// - Parameter isInputComplete: the client has nothing more to say. If it had, a close would reset
  ///   the connection under an answer that is still on its way.
  private func closeGracefully(isInputComplete: Bool) {
    guard state == .open else { return }
    self.isInputComplete = isInputComplete || inputEnded
    state = .lingering
    pending = nil
    reader.abandon()
    deadline.stop()
    if stream.queuedBytes == 0, self.isInputComplete { return close() }
    stream.shutdown()
    if isPaused {
      isPaused = false
      stream.startReading()
    }
    if stream.queuedBytes == 0 { linger() }
  }

  private func linger() {
    if isInputComplete { return close() }
    server.deadlines.linger.start(deadline)
  }

  private func discard(_ count: Int) {
    discardedBytes += count
    if discardedBytes > ClientConnection.maxDiscardedBytes { close() }
  }

  /// At once, whatever is under way.
  func close() {
    guard state != .closed else { return }
    state = .closed
    deadline.stop()
    if exchange?.endsWithConnection == true { stream.reset() } else { stream.close() }
    pending = nil
    let exchange = exchange
    self.exchange = nil
    exchange?.clientWasLost()
    server.connectionClosed(self)
  }
}
