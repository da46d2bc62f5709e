import Bytes
import EventLoop
import Wire

/// An HTTP client for one request at a time, on a connection that is kept open between requests.
final class AgentConnection: StreamDelegate {
  enum Outcome {
    /// The head and the whole body arrived.
    case answered(status: Int, ReplyReader)
    case failed(String)
  }

  private let loop: Loop
  private let target: SocketAddress
  private var stream: TCPStream?
  private var readBuffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 65_536, alignment: 16)
  private var exchange: Exchange?

  private struct Exchange {
    var message: [UInt8]
    var reader: ReplyReader
    var done: (Outcome) -> Void
    var parser = ResponseHeadParser(limits: .response)
    var decoder = ChunkedDecoder(limits: .response)
    var head: ResponseHead?
    /// Bytes of a body with a length that are still to come.
    var remaining = 0
    var input = ByteBuffer(capacity: 4096)
    /// The connection was used before, so the server may have closed it meanwhile.
    var isReused = false
    var hasBytes = false
  }

  init(loop: Loop, target: SocketAddress) {
    self.loop = loop
    self.target = target
  }

  deinit { readBuffer.deallocate() }

  /// Sends a request; `done` is called once, in a later round. Nothing may be under way.
  func send(
    _ request: AgentRequest, dialect: ScriptedAgent.Dialect, _ done: @escaping (Outcome) -> Void
  ) {
    var text = JSONText()
    text.raw("POST ")
    text.raw(request.target)
    text.raw(" HTTP/1.1\r\nHost: ")
    text.raw(target.description)
    for field in request.fields {
      text.raw("\r\n")
      text.raw(field.name)
      text.raw(": ")
      text.raw(field.value)
    }
    text.raw("\r\nContent-Length: ")
    text.integer(request.body.count)
    text.raw("\r\n\r\n")
    text.raw(request.body)
    var exchange = Exchange(
      message: text.bytes, reader: ReplyReader(dialect: dialect), done: done)
    exchange.isReused = stream != nil
    self.exchange = exchange
    if stream == nil { connect() } else { write() }
  }

  /// Ends the connection. A request under way is dropped without a word.
  func close() {
    exchange = nil
    stream?.close()
    stream = nil
  }

  private func connect() {
    let stream = TCPStream(loop: loop)
    self.stream = stream
    stream.delegate = self
    stream.connect(to: target) { [weak self] error in
      guard let self else { return }
      if let error { return fail("\(error)") }
      stream.startReading()
      write()
    }
  }

  private func write() {
    guard let exchange else { return }
    exchange.message.withUnsafeBytes { stream?.write(copying: $0) }
  }

  private func fail(_ reason: String) {
    stream?.close()
    stream = nil
    guard var failed = exchange else { return }
    if failed.isReused, !failed.hasBytes {
      failed.isReused = false
      exchange = failed
      return connect()
    }
    exchange = nil
    failed.done(.failed(reason))
  }

  func readBuffer(for stream: TCPStream) -> UnsafeMutableRawBufferPointer { readBuffer }

  func streamDidEnd(_ stream: TCPStream) {
    if let head = exchange?.head, head.framing == .untilClose {
      finish(keeps: false)
    } else {
      fail("the server closed the connection")
    }
  }

  func stream(_ stream: TCPStream, failed error: UVError) { fail("\(error)") }

  func streamDidDrain(_ stream: TCPStream) {}

  func stream(_ stream: TCPStream, didRead count: Int) {
    guard exchange != nil else { return fail("unexpected bytes from the server") }
    exchange?.hasBytes = true
    exchange?.input.append(UnsafeRawBufferPointer(rebasing: readBuffer[..<count]))
    do throws(WireError) {
      if try consume() { finish(keeps: exchange?.head?.keepAlive ?? false) }
    } catch {
      fail(error.reason)
    }
  }

  /// Reads what there is; returns whether the response is complete.
  private func consume() throws(WireError) -> Bool {
    guard var current = exchange else { return false }
    defer { exchange = current }
    while current.head == nil {
      guard current.input.count > 0 else { return false }
      let (consumed, head) = try current.parser.consume(
        current.input.bytes, requestMethod: "POST")
      current.input.removeFirst(consumed)
      guard let head else { return false }
      if head.isInformational { continue }
      current.head = head
      if case .length(let count) = head.framing { current.remaining = count }
    }
    var isComplete = false
    switch current.head?.framing {
    case .chunked:
      var reader = current.reader
      let consumed = try current.decoder.consume(current.input.bytes) { reader.feed($0) }
      current.reader = reader
      current.input.removeFirst(consumed)
      isComplete = current.decoder.isFinished
    case .length:
      let taken = min(current.remaining, current.input.count)
      current.reader.feed(UnsafeRawBufferPointer(rebasing: current.input.bytes[..<taken]))
      current.input.removeFirst(taken)
      current.remaining -= taken
      isComplete = current.remaining == 0
    case .untilClose:
      current.reader.feed(current.input.bytes)
      current.input.removeAll()
    case .some(.none), nil: isComplete = true
    }
    return isComplete
  }

  private func finish(keeps: Bool) {
    guard let finished = exchange, let head = finished.head else { return }
    exchange = nil
    if !keeps {
      stream?.close()
      stream = nil
    }
    finished.done(.answered(status: head.status, finished.reader))
  }
}
