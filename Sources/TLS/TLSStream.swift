public import Bytes
import COpenSSL
public import EventLoop

/// A TLS client on a TCP stream: OpenSSL turns bytes into records and back between two memory
/// buffers, the stream below moves the records. Nothing waits.
///
/// The buffers hold one record and a bit: input goes in by such pieces and comes out at once, and
/// output is made only as long as the stream below has little to write. The delegate is called with
/// that stream. The end of data without TLS's own end (close_notify) is a failure.
public final class TLSStream: ByteStream {
  public var delegate: (any StreamDelegate)?
  public private(set) var isClosed = false
  /// What a failure with operation `tls` was.
  public private(set) var failure: TLSError?

  private let transport: TCPStream
  private let loop: Loop
  private let server: TLSServer
  private let ssl: OpaquePointer
  private let incoming: OpaquePointer
  private let outgoing: OpaquePointer
  private var established: ((TLSError?) -> Void)?
  private var phase = Phase.new
  private var isReading = false
  /// Decrypted or undecrypted bytes may be left from the last time the delegate read.
  private var hasLeftover = false
  /// The end of data that the delegate has not been told about.
  private var pendingEnd: End?
  /// The stream below has ended; told once all that it brought before is.
  private var transportEnd: (end: End, failure: TLSError?)?
  private var isDelivering = false
  /// What is to be encrypted, from `firstPart` on.
  private var backlog: [ByteSlice] = []
  private var firstPart = 0
  private var backlogBytes = 0
  private var isWritingLater = false

  private enum Phase { case new, shakingHands, open, over }
  private enum End { case clean, failed(UVError) }

  /// Above this much unsent output nothing is encrypted until it is written.
  private static let maxQueuedBytes = 256 * 1024
  /// A peer may have us answer each of its key updates. One that takes so little of what we send is
  /// not served any more.
  private static let maxUntakenBytes = 1 << 20
  /// Encrypted at a time before other connections have their turn.
  private static let maxRoundBytes = 1 << 20

  /// Takes over a connected stream, and closes it with itself.
  public init(over transport: TCPStream, to server: TLSServer, loop: Loop) throws(TLSError) {
    let ssl = try server.makeConnection()
    guard let incoming = SSL_get_rbio(ssl), let outgoing = SSL_get_wbio(ssl) else {
      SSL_free(ssl)
      throw .unavailable("no buffers")
    }
    self.ssl = ssl
    self.incoming = incoming
    self.outgoing = outgoing
    self.transport = transport
    self.loop = loop
    self.server = server
  }

  deinit { SSL_free(ssl) }

  // MARK: Handshake

  /// To be called once, before anything else. `done` is called once, in a later round, unless the
  /// stream is closed before; after a failure it has to be closed.
  public func handshake(_ done: @escaping (TLSError?) -> Void) {
    guard !isClosed, phase == .new else { return }
    phase = .shakingHands
    established = done
    transport.delegate = self
    transport.startReading()
    loop.soon { [self] in shakeHands() }
  }

  private func shakeHands() {
    guard !isClosed, phase == .shakingHands else { return }
    ERR_clear_error()
    let result = SSL_do_handshake(ssl)
    let code = result == 1 ? SSL_ERROR_NONE : SSL_get_error(ssl, result)
    let error: TLSError? =
      switch code {
      case SSL_ERROR_NONE, SSL_ERROR_WANT_READ: nil
      default: TLSError(handshake: ssl, host: server.host)
      }
    sendOutput()
    if code != SSL_ERROR_WANT_READ { endHandshake(error) }
  }

  private func endHandshake(_ error: TLSError?) {
    guard let done = established else { return }
    established = nil
    if let error {
      phase = .over
      failure = error
      server.forgetSession()
      transport.stopReading()
    } else {
      phase = .open
      hasLeftover = true
    }
    done(error)
    if !isClosed, !isReading { transport.stopReading() }
  }

  // MARK: Reading

  public func startReading() {
    guard !isClosed, !isReading else { return }
    isReading = true
    guard phase == .open else { return }
    transport.startReading()
    guard hasLeftover || pendingEnd != nil || transportEnd != nil else { return }
    loop.soon { [self] in
      if !isClosed, isReading { deliver(UnsafeRawBufferPointer(start: nil, count: 0)) }
    }
  }

  public func stopReading() {
    guard !isClosed, isReading else { return }
    isReading = false
    if phase == .open { transport.stopReading() }
  }

  /// Decrypts `bytes` and what is left from before, and hands it on until the delegate stops
  /// reading or nothing is left.
  private func deliver(_ bytes: UnsafeRawBufferPointer) {
    guard !isDelivering, phase == .open else { return }
    isDelivering = true
    defer { isDelivering = false }
    var rest = bytes
    hasLeftover = false
    while pendingEnd == nil, isReading, let delegate {
      let target = delegate.readBuffer(for: transport)
      let (count, isEmpty) = decrypt(&rest, into: target)
      sendOutput()
      if transport.queuedBytes > TLSStream.maxUntakenBytes { endAsFlooded() }
      if count > 0 { delegate.stream(transport, didRead: count) }
      if isClosed { return }
      if isEmpty { break }
    }
    if !rest.isEmpty || (pendingEnd == nil && !isReading) { hasLeftover = true }
    if !rest.isEmpty { feed(rest) }
    if pendingEnd == nil, !hasLeftover, let transportEnd {
      pendingEnd = transportEnd.end
      failure = transportEnd.failure
    }
    deliverEnd()
  }

  private func endTransport(_ end: End, _ failure: TLSError?) {
    transportEnd = (end, failure)
    deliver(UnsafeRawBufferPointer(start: nil, count: 0))
  }

  /// - Returns: how many bytes are in `target`, and whether nothing is left to decrypt.
  private func decrypt(
    _ rest: inout UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer
  ) -> (count: Int, isEmpty: Bool) {
    var filled = 0
    while filled < target.count {
      var count = 0
      ERR_clear_error()
      let start = target.baseAddress.map { $0 + filled }
      let result = SSL_read_ex(ssl, start, target.count - filled, &count)
      if result == 1 {
        filled += count
        continue
      }
      switch SSL_get_error(ssl, result) {
      case SSL_ERROR_WANT_READ:
        if rest.isEmpty { return (filled, true) }
        let piece = min(rest.count, TLSContext.maxRecordBytes)
        feed(UnsafeRawBufferPointer(rebasing: rest[..<piece]))
        rest = UnsafeRawBufferPointer(rebasing: rest[piece...])
      case SSL_ERROR_ZERO_RETURN:
        pendingEnd = .clean
        return (filled, true)
      default:
        failure = TLSError(queueOr: .brokenProtocol("unknown error"))
        pendingEnd = .failed(UVError(.tls, UVError.brokenProtocol))
        return (filled, true)
      }
    }
    return (filled, false)
  }

  private func endAsFlooded() {
    failure = .brokenProtocol("the peer does not take the answers it asks for")
    pendingEnd = .failed(UVError(.tls, UVError.brokenProtocol))
  }

  private func feed(_ bytes: UnsafeRawBufferPointer) {
    var written = 0
    BIO_write_ex(incoming, bytes.baseAddress, bytes.count, &written)
  }

  private func deliverEnd() {
    guard !isClosed, isReading, let end = pendingEnd else { return }
    pendingEnd = nil
    phase = .over
    transport.stopReading()
    switch end {
    case .clean: delegate?.streamDidEnd(transport)
    case .failed(let error): delegate?.stream(transport, failed: error)
    }
  }

  // MARK: Writing

  public var queuedBytes: Int { backlogBytes + transport.queuedBytes }

  public func write(_ parts: [ByteSlice]) {
    guard !isClosed, phase == .open else { return }
    for part in parts where part.count > 0 {
      backlog.append(part)
      backlogBytes += part.count
    }
    if !isWritingLater { encrypt() }
  }

  private func encrypt() {
    let output = server.context.output
    var round = 0
    while backlogBytes > 0, transport.queuedBytes < TLSStream.maxQueuedBytes {
      if round >= TLSStream.maxRoundBytes { return encryptLater() }
      output.removeAll()
      while backlogBytes > 0, output.count < TLSContext.maxOutputBytes {
        let record = nextRecord()
        var count = 0
        ERR_clear_error()
        guard SSL_write_ex(ssl, record.baseAddress, record.count, &count) == 1 else {
          return failToWrite()
        }
        round += count
        takeOutput { output.append($0) }
      }
      transport.write(copying: output.bytes)
    }
    if backlogBytes == 0 { dropBacklog() }
  }

  private func encryptLater() {
    isWritingLater = true
    loop.soon { [self] in
      isWritingLater = false
      if !isClosed { transportDidDrain() }
    }
  }

  /// The next bytes to encrypt, removed from the backlog: as many as fit in one record. Valid until
  /// the next call.
  private func nextRecord() -> UnsafeRawBufferPointer {
    let part = backlog[firstPart]
    if part.count >= TLSContext.maxRecordBytes || firstPart == backlog.count - 1 {
      return take(TLSContext.maxRecordBytes)
    }
    let record = server.context.record
    record.removeAll()
    while backlogBytes > 0, record.count < TLSContext.maxRecordBytes {
      record.append(take(TLSContext.maxRecordBytes - record.count))
    }
    return record.bytes
  }

  /// Up to `limit` bytes from the first part of the backlog, which keeps their memory alive until
  /// all of it is encrypted.
  private func take(_ limit: Int) -> UnsafeRawBufferPointer {
    let part = backlog[firstPart]
    let bytes = UnsafeRawBufferPointer(rebasing: part.bytes.prefix(limit))
    backlogBytes -= bytes.count
    if bytes.count == part.count {
      firstPart += 1
    } else {
      backlog[firstPart] = part.dropFirst(bytes.count)
    }
    return bytes
  }

  private func dropBacklog() {
    backlog.removeAll()
    firstPart = 0
    backlogBytes = 0
  }

  private func failToWrite() {
    let error = TLSError(queueOr: .brokenProtocol("unknown error"))
    dropBacklog()
    loop.soon { [self] in
      guard !isClosed, phase == .open else { return }
      phase = .over
      failure = error
      delegate?.stream(transport, failed: UVError(.tls, UVError.brokenProtocol))
    }
  }

  private func transportDidDrain() {
    if phase == .open { encrypt() }
    if queuedBytes == 0 { delegate?.streamDidDrain(transport) }
  }

  /// Hands what OpenSSL wants to send to `body`.
  private func takeOutput(_ body: (UnsafeRawBufferPointer) -> Void) {
    var start: UnsafeRawPointer?
    let count = copenssl_content(outgoing, &start)
    guard count > 0 else { return }
    body(UnsafeRawBufferPointer(start: start, count: count))
    copenssl_empty(outgoing)
  }

  /// Handshake messages and alerts.
  private func sendOutput() { takeOutput { transport.write(copying: $0) } }

  // MARK: The rest

  public var hasInput: Bool { transport.hasInput }

  /// As of the stream below. True, too, if the peer broke the protocol: then it is not known.
  public var peerTookEverything: Bool {
    if case .brokenProtocol = failure { return true }
    return backlogBytes == 0 && transport.peerTookEverything
  }

  /// Tells the peer that this is the end and closes the stream below.
  public func close() {
    guard !isClosed else { return }
    isClosed = true
    if phase == .open, backlogBytes == 0 {
      ERR_clear_error()
      SSL_shutdown(ssl)
      sendOutput()
    }
    // The end of the connection is no fault of the session's.
    if failure == nil { SSL_set_shutdown(ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN) }
    transport.close()
    delegate = nil
    established = nil
    dropBacklog()
  }
}

extension TLSStream: StreamDelegate {
  public func readBuffer(for stream: TCPStream) -> UnsafeMutableRawBufferPointer {
    server.context.input
  }

  public func stream(_ stream: TCPStream, didRead count: Int) {
    let bytes = UnsafeRawBufferPointer(rebasing: server.context.input[..<count])
    switch phase {
    case .shakingHands:
      feed(bytes)
      shakeHands()
    case .open: deliver(bytes)
    case .new, .over: break
    }
  }

  public func streamDidEnd(_ stream: TCPStream) {
    switch phase {
    case .shakingHands: endHandshake(.endedEarly)
    case .open:
      endTransport(.failed(UVError(.tls, UVError.endOfData)), .truncated)
    case .new, .over: break
    }
  }

  public func stream(_ stream: TCPStream, failed error: UVError) {
    switch phase {
    case .shakingHands: endHandshake(.connection(error))
    case .open:
      guard error.operation == .write else { return endTransport(.failed(error), nil) }
      dropBacklog()
      delegate?.stream(transport, failed: error)
    case .new, .over: break
    }
  }

  public func streamDidDrain(_ stream: TCPStream) {
    if !isWritingLater { transportDidDrain() }
  }
}
