import Bytes
import EventLoop
import Wire

/// One client connection of the simulator: requests one after the other, each answered before the
/// next is read. The client's end of data during an answer ends the work at once.
final class SimulatorConnection: StreamDelegate, CompletionSink {
  private enum Phase {
    case head
    case length(remaining: Int)
    case chunked
    case answering
    /// The last answer is sent; what still arrives is thrown away until the client closes.
    case lingering
  }

  private static let lingerMillis: UInt64 = 1_000
  /// Bytes of further requests that are kept while one is answered.
  private static let maxPendingBytes = 1 << 20

  private let server: SimulatorServer
  private let stream: TCPStream
  private var timer: Timer?
  private var phase = Phase.head
  private var parser = RequestHeadParser(limits: .request)
  private var decoder = ChunkedDecoder(limits: .request)
  private let input = ByteBuffer(capacity: 4096)
  private var head: RequestHead?
  private var body = ByteBuffer(capacity: 16)
  private var completion: Completion?
  private var answered = 0

  init(server: SimulatorServer, stream: TCPStream) {
    self.server = server
    self.stream = stream
    stream.delegate = self
    timer = Timer(loop: server.loop) { [unowned self] in close() }
    timer?.start(afterMillis: server.options.idleMillis)
    stream.startReading()
  }

  /// Ends the connection and the work for it. Idempotent.
  func close() {
    if let completion {
      self.completion = nil
      completion.cancel()
      server.record.count { $0.cancelled += 1 }
    }
    timer?.close()
    timer = nil
    stream.close()
    server.closed(self)
  }

  // MARK: Reading

  func readBuffer(for stream: TCPStream) -> UnsafeMutableRawBufferPointer { server.readBuffer }

  func stream(_ stream: TCPStream, didRead count: Int) {
    if case .lingering = phase { return }
    input.append(UnsafeRawBufferPointer(rebasing: server.readBuffer[..<count]))
    if case .answering = phase {
      if input.count > Self.maxPendingBytes { close() }
      return
    }
    if case .head = phase { timer?.start(afterMillis: server.options.idleMillis) }
    consume()
  }

  func streamDidEnd(_ stream: TCPStream) { close() }

  func stream(_ stream: TCPStream, failed error: UVError) { close() }

  func streamDidDrain(_ stream: TCPStream) {}

  /// Reads as far as the input goes or an answer has to be given first.
  private func consume() {
    do throws(WireError) {
      while !stream.isClosed {
        switch phase {
        case .head:
          guard input.count > 0 else { return }
          let (consumed, head) = try parser.consume(input.bytes)
          input.removeFirst(consumed)
          guard let head else { return }
          try begin(head)
        case .length(let remaining):
          let taken = min(remaining, input.count)
          body.append(UnsafeRawBufferPointer(rebasing: input.bytes[..<taken]))
          input.removeFirst(taken)
          phase = .length(remaining: remaining - taken)
          if taken < remaining { return }
          received()
        case .chunked:
          guard input.count > 0 else { return }
          let limit = server.options.maxBodyBytes
          var isTooLarge = false
          let consumed = try decoder.consume(input.bytes) { part in
            if body.count + part.count > limit { isTooLarge = true } else { body.append(part) }
          }
          input.removeFirst(consumed)
          if isTooLarge { throw .bodyTooLarge(limit: limit) }
          guard decoder.isFinished else { return }
          received()
        case .answering, .lingering: return
        }
      }
    } catch {
      // The real server gives such a request a status and nothing else.
      send(status: error.status, body: [], closing: true)
      linger()
    }
  }

  private func begin(_ head: RequestHead) throws(WireError) {
    timer?.stop()
    self.head = head
    body = ByteBuffer(capacity: 1024)
    switch head.framing {
    case .length(let count):
      guard count <= server.options.maxBodyBytes else {
        throw .bodyTooLarge(limit: server.options.maxBodyBytes)
      }
      body = ByteBuffer(capacity: min(count, 1 << 20))
      phase = .length(remaining: count)
    case .chunked:
      decoder = ChunkedDecoder(limits: .request)
      phase = .chunked
    case .none, .untilClose: phase = .length(remaining: 0)
    }
    if head.expectsContinue { write(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)) }
  }

  // MARK: Answering

  private func received() {
    guard let head else { return }
    phase = .answering
    server.record.count { $0.requests += 1 }
    if body.count > 0 {
      server.record.add(
        SimulatorRecord.Request(
          method: head.method, target: head.target, userAgent: head.fields.first("user-agent"),
          body: Array(body.bytes)))
    }
    do throws(RequestError) {
      if let coding = head.fields.first("content-encoding"), coding != "identity" {
        throw RequestError(
          status: 415, kind: .invalid, message: "Content-Encoding is not supported")
      }
      guard
        let endpoint = Endpoint(
          method: head.method, path: head.path, kind: server.options.kind)
      else { throw RequestError(status: 404, kind: .notFound, message: "File Not Found") }
      try answer(endpoint)
    } catch {
      server.record.count { $0.refused += 1 }
      send(status: error.status, body: ResponseText.error(error), closing: true)
      linger()
    }
  }

  private func answer(_ endpoint: Endpoint) throws(RequestError) {
    let model = server.model
    let options = server.options
    switch endpoint {
    case .reply(let dialect): try start(model.read(body.bytes, as: dialect))
    case .countTokens(let dialect):
      let prompt = PromptTemplate.render(try model.read(body.bytes, as: dialect))
      finish(StatusPages.inputTokens(Tokenizer.tokens(of: prompt).count))
    case .applyTemplate:
      finish(StatusPages.prompt(PromptTemplate.render(try model.read(body.bytes, as: .chat))))
    case .tokenize:
      let content = try model.json(body.bytes)["content"]?.text ?? ""
      finish(StatusPages.tokens(Tokenizer.tokens(of: content)))
    case .models: finish(StatusPages.models(options, created: Loop.wallMillis() / 1000))
    case .health: finish(StatusPages.health)
    case .properties: finish(StatusPages.properties(options))
    case .slots: finish(StatusPages.slots(model.pool, options))
    case .metrics:
      let busy = model.pool.slots.count { $0.isBusy }
      finish(
        StatusPages.metrics(model.totals, busy: busy, waiting: model.waitingCount),
        contentType: "text/plain; version=0.0.4")
    }
  }

  private func start(_ request: ModelRequest) throws(RequestError) {
    server.loop.updateTime()
    let completion = try server.model.completion(for: request)
    completion.sink = self
    self.completion = completion
    if request.streams {
      // At once, before the prompt is processed: a client learns nothing from a first byte.
      write(
        ResponseText.head(
          status: 200, contentType: "text/event-stream", length: .chunked, keeps: keeps(),
          options: server.options))
    }
    server.model.start(completion)
  }

  func completion(_ completion: Completion, sends bytes: [UInt8]) {
    write(ResponseText.chunk(bytes))
  }

  func completion(_ completion: Completion, endsWith body: [UInt8]?) {
    self.completion = nil
    server.record.count { $0.completed += 1 }
    if let body {
      finish(body)
    } else {
      write(ResponseText.lastChunk)
      next()
    }
  }

  private func finish(
    _ body: [UInt8], contentType: StaticString = "application/json; charset=utf-8"
  ) {
    send(status: 200, body: body, contentType: contentType, closing: keeps() == nil)
    next()
  }

  private func send(
    status: Int, body: [UInt8], contentType: StaticString = "application/json; charset=utf-8",
    closing: Bool
  ) {
    write(
      ResponseText.head(
        status: status, contentType: contentType, length: .known(body.count),
        keeps: closing ? nil : keeps() ?? 1, options: server.options)
        + (head?.method == "HEAD" ? [] : body))
  }

  /// Requests the connection takes after this one, or nil if this is its last.
  private func keeps() -> Int? {
    let rest = server.options.requestsPerConnection - answered - 1
    return rest > 0 && head?.keepAlive != false ? rest : nil
  }

  private func next() {
    guard !stream.isClosed else { return }
    guard keeps() != nil else { return linger() }
    answered += 1
    head = nil
    parser = RequestHeadParser(limits: .request)
    phase = .head
    timer?.start(afterMillis: server.options.idleMillis)
    if input.count > 0 { server.loop.soon { [self] in consume() } }
  }

  /// Closing with unread input would destroy the answer on its way (RFC 9112 section 9.6).
  private func linger() {
    guard !stream.isClosed else { return }
    phase = .lingering
    input.removeAll()
    stream.shutdown()
    timer?.start(afterMillis: Self.lingerMillis)
  }

  private func write(_ bytes: [UInt8]) {
    bytes.withUnsafeBytes { stream.write(copying: $0) }
  }
}
