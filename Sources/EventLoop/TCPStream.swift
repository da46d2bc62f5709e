public import Bytes
import CUV
import Glibc

/// A TCP connection. Writes go to the kernel at once as far as it takes them; the rest is queued
/// without a limit, so the writer watches `queuedBytes`.
public final class TCPStream: Handle {
  /// Held until `close`.
  public var delegate: (any StreamDelegate)?

  private var connected: ((UVError?) -> Void)?
  /// What libuv is writing. Untouched while `isWriting`.
  private var inFlight: [ByteSlice] = []
  private var isWriting = false
  /// What waits for libuv to finish `inFlight`.
  private var backlog: [ByteSlice] = []
  private var backlogBytes = 0
  /// The last buffer of `backlog` if it may still grow.
  private var growing: ByteBuffer?
  private var isReading = false
  private var shutdownState = ShutdownState.open
  private var resetWatch: Poll?
  private var writeRequest: UnsafeMutablePointer<uv_write_t>?
  private var otherRequest: UnsafeMutableRawPointer?

  private enum ShutdownState { case open, wanted, done }

  /// A connection that `connect` is to establish.
  public init(loop: Loop) {
    super.init(loop: loop, type: UV_TCP)
    uv_tcp_init(loop.raw, memory.assumingMemoryBound(to: uv_tcp_t.self))
    adopted()
  }

  /// Takes over a connected, non-blocking socket; closes it if that fails.
  convenience init(loop: Loop, descriptor: Int32) throws(UVError) {
    self.init(loop: loop)
    let code = uv_tcp_open(tcp, descriptor)
    if code < 0 {
      Glibc.close(descriptor)
      close()
      throw UVError(.open, code)
    }
    setNoDelay()
  }

  deinit {
    writeRequest?.deallocate()
    otherRequest?.deallocate()
  }

  private var tcp: UnsafeMutablePointer<uv_tcp_t> {
    memory.assumingMemoryBound(to: uv_tcp_t.self)
  }

  private var stream: UnsafeMutablePointer<uv_stream_t> { cuv_stream(memory) }

  // MARK: Connecting

  /// `done` is called once, in a later round, unless the stream is closed before. To be called once
  /// per stream.
  public func connect(to address: SocketAddress, _ done: @escaping (UVError?) -> Void) {
    guard !isClosed else { return }
    connected = done
    let request = UnsafeMutablePointer<uv_connect_t>.allocate(capacity: 1)
    otherRequest = UnsafeMutableRawPointer(request)
    cuv_set_request_data(request, Unmanaged.passUnretained(self).toOpaque())
    let code = address.withSockaddr { address, _ in
      uv_tcp_connect(request, tcp, address) { request, status in
        guard let data = cuv_request_data(request) else { return }
        Unmanaged<TCPStream>.fromOpaque(data)._withUnsafeGuaranteedRef {
          $0.loop.works()
          $0.didConnect(status)
        }
      }
    }
    if code < 0 { loop.soon { [self] in didConnect(code) } }
  }

  private func didConnect(_ status: Int32) {
    guard !isClosed, let done = connected else { return }
    connected = nil
    if status < 0 {
      done(UVError(.connect, status))
    } else {
      setNoDelay()
      done(nil)
    }
  }

  // MARK: Reading

  public func startReading() {
    guard !isClosed, !isReading else { return }
    isReading = true
    let code = uv_read_start(
      stream,
      { handle, _, buffer in
        guard let buffer, let data = cuv_handle_data(handle) else { return }
        Unmanaged<TCPStream>.fromOpaque(data)._withUnsafeGuaranteedRef { stream in
          guard !stream.isClosed, let delegate = stream.delegate else {
            buffer.pointee = uv_buf_t()
            return
          }
          stream.loop.works()
          let target = delegate.readBuffer(for: stream)
          buffer.pointee = uv_buf_t(
            base: target.baseAddress?.assumingMemoryBound(to: CChar.self), len: target.count)
        }
      },
      { handle, count, _ in
        guard count != 0, let data = cuv_handle_data(handle) else { return }
        Unmanaged<TCPStream>.fromOpaque(data)._withUnsafeGuaranteedRef { $0.didRead(count) }
      })
    if code < 0 { fail(.read, code) }
  }

  public func stopReading() {
    guard !isClosed, isReading else { return }
    isReading = false
    uv_read_stop(stream)
  }

  private func didRead(_ count: Int) {
    guard !isClosed, let delegate else { return }
    if count > 0 { return delegate.stream(self, didRead: count) }
    isReading = false
    uv_read_stop(stream)
    let code = count == Int(UV_EOF.rawValue) ? waitingError : Int32(truncatingIfNeeded: count)
    if code < 0 {
      delegate.stream(self, failed: UVError(.read, code))
    } else {
      delegate.streamDidEnd(self)
    }
  }

  /// libuv reports the end of data for a reset that arrived together with the last bytes; the system
  /// still has the error.
  private var waitingError: Int32 { descriptor.map { cuv_waiting_error($0) } ?? 0 }

  /// After the peer's end of data nothing is read any more, so a reset that follows would be seen
  /// only by the next write but one. This reports it as a failure at once.
  public func watchForReset() {
    guard !isClosed, resetWatch == nil, let descriptor else { return }
    // libuv refuses a second handle on the same descriptor.
    let copy = cuv_duplicate(descriptor)
    guard copy >= 0 else { return }
    guard let watch = try? Poll(loop: loop, descriptor: copy) else {
      Glibc.close(copy)
      return
    }
    resetWatch = watch
    try? watch.start(.urgent) { [unowned self] _ in
      endResetWatch()
      delegate?.stream(self, failed: UVError(.read, UV_ECONNRESET.rawValue))
    }
  }

  private func endResetWatch() {
    guard let watch = resetWatch else { return }
    resetWatch = nil
    watch.close()
    Glibc.close(watch.descriptor)
  }

  // MARK: Writing

  /// Bytes accepted by `write` that the kernel has not taken yet.
  public var queuedBytes: Int {
    backlogBytes + (isWriting ? uv_stream_get_write_queue_size(stream) : 0)
  }

  /// Writes the slices in order with one gathering call; what the kernel does not take is queued by
  /// reference.
  public func write(_ parts: [ByteSlice]) {
    guard !isClosed, shutdownState == .open else { return }
    if isWriting {
      for part in parts { enqueue(part) }
      return
    }
    var left = attempt(parts)
    for part in parts {
      if left >= part.count {
        left -= part.count
      } else {
        enqueue(part.dropFirst(left))
        left = 0
      }
    }
    flush()
  }

  public func write(copying text: StaticString) {
    write(copying: UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  /// Writes bytes that are only valid during the call; what the kernel does not take is copied.
  public func write(copying bytes: UnsafeRawBufferPointer) {
    guard !isClosed, shutdownState == .open, let start = bytes.baseAddress, !bytes.isEmpty else {
      return
    }
    var written = 0
    if !isWriting {
      var buffer = uv_buf_t(
        base: UnsafeMutablePointer(mutating: start.assumingMemoryBound(to: CChar.self)),
        len: bytes.count)
      written = max(0, Int(uv_try_write(stream, &buffer, 1)))
      if written == bytes.count { return }
    }
    let rest = UnsafeRawBufferPointer(rebasing: bytes[written...])
    if let growing, growing.capacity - growing.count >= rest.count, let last = backlog.last,
      last.buffer === growing
    {
      growing.append(rest)
      backlog[backlog.count - 1] = ByteSlice(growing, last.range.lowerBound..<growing.count)
    } else {
      let buffer = ByteBuffer(capacity: max(rest.count, 16 * 1024))
      buffer.append(rest)
      backlog.append(ByteSlice(buffer))
      growing = buffer
    }
    backlogBytes += rest.count
    flush()
  }

  /// How many bytes the kernel took. Errors count as none: the queued write reports them.
  private func attempt(_ parts: [ByteSlice]) -> Int {
    withUnsafeTemporaryAllocation(of: uv_buf_t.self, capacity: max(parts.count, 1)) { buffers in
      let count = TCPStream.fill(buffers, parts)
      guard count > 0 else { return 0 }
      return max(0, Int(uv_try_write(stream, buffers.baseAddress, UInt32(count))))
    }
  }

  private static func fill(_ buffers: UnsafeMutableBufferPointer<uv_buf_t>, _ parts: [ByteSlice])
    -> Int
  {
    var count = 0
    for part in parts where part.count > 0 {
      let start = part.buffer.base + part.range.lowerBound
      buffers[count] = uv_buf_t(base: start.assumingMemoryBound(to: CChar.self), len: part.count)
      count += 1
    }
    return count
  }

  private func enqueue(_ part: ByteSlice) {
    guard part.count > 0 else { return }
    backlog.append(part)
    backlogBytes += part.count
    growing = nil
  }

  /// Hands the backlog to libuv if it has nothing of ours.
  private func flush() {
    guard !isWriting, !backlog.isEmpty else { return }
    isWriting = true
    inFlight = backlog
    backlog = []
    backlogBytes = 0
    growing = nil
    let request = writeRequest ?? UnsafeMutablePointer<uv_write_t>.allocate(capacity: 1)
    writeRequest = request
    cuv_set_request_data(request, Unmanaged.passUnretained(self).toOpaque())
    let code = withUnsafeTemporaryAllocation(of: uv_buf_t.self, capacity: inFlight.count) {
      uv_write(request, stream, $0.baseAddress, UInt32(TCPStream.fill($0, inFlight))) {
        request, status in
        guard let data = cuv_request_data(request) else { return }
        Unmanaged<TCPStream>.fromOpaque(data)._withUnsafeGuaranteedRef {
          $0.loop.works()
          $0.didWrite(status)
        }
      }
    }
    if code < 0 {
      inFlight = []
      fail(.write, code)
    }
  }

  private func didWrite(_ status: Int32) {
    isWriting = false
    inFlight = []
    guard !isClosed else { return }
    if status < 0 {
      backlog = []
      backlogBytes = 0
      delegate?.stream(self, failed: UVError(.write, status))
    } else if !backlog.isEmpty {
      flush()
    } else {
      if shutdownState == .wanted { sendShutdown() }
      delegate?.streamDidDrain(self)
    }
  }

  /// Ends our direction once the queue is written. Nothing can be written afterwards.
  public func shutdown() {
    guard !isClosed, shutdownState == .open else { return }
    shutdownState = .wanted
    if !isWriting { sendShutdown() }
  }

  private func sendShutdown() {
    shutdownState = .done
    // The kernel takes this at once; a request of libuv's would only wait for its own empty queue.
    if let descriptor { _ = Glibc.shutdown(descriptor, Int32(SHUT_WR)) }
  }

  private func fail(_ operation: UVError.Operation, _ code: Int32) {
    loop.soon { [self] in
      if !isClosed { delegate?.stream(self, failed: UVError(operation, code)) }
    }
  }

  // MARK: The rest

  /// Whether the peer's system has acknowledged all that was written and the peer, if it has closed
  /// its end, did so after reading it: an end with unread data is a reset.
  public var peerTookEverything: Bool {
    guard !isClosed, queuedBytes == 0, let descriptor else { return false }
    return cuv_all_acknowledged(descriptor) == 1
  }

  public var hasInput: Bool {
    guard !isClosed, let descriptor else { return false }
    return cuv_has_input(descriptor) == 1
  }

  /// Closes with RST, dropping what is queued: the peer cannot take it for a normal end.
  public func reset() {
    guard !isClosed else { return }
    if let descriptor { _ = cuv_linger_zero(descriptor) }
    close()
  }

  func setNoDelay() {
    if !isClosed { uv_tcp_nodelay(tcp, 1) }
  }

  /// Has the system look after a silent peer from `idleSeconds` on, so that one that lost its power
  /// or its network is found dead some minutes later.
  public func setKeepAlive(idleSeconds: Int) {
    if !isClosed { uv_tcp_keepalive(tcp, 1, UInt32(clamping: max(1, idleSeconds))) }
  }

  public var localAddress: SocketAddress? { address(uv_tcp_getsockname) }
  public var peerAddress: SocketAddress? { address(uv_tcp_getpeername) }

  private func address(
    _ read: (
      UnsafePointer<uv_tcp_t>?, UnsafeMutablePointer<sockaddr>?, UnsafeMutablePointer<Int32>?
    ) -> Int32
  ) -> SocketAddress? {
    guard !isClosed else { return nil }
    var storage = sockaddr_storage()
    var size = Int32(MemoryLayout<sockaddr_storage>.size)
    return withUnsafeMutablePointer(to: &storage) { storage in
      storage.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        read(tcp, address, &size) == 0 ? SocketAddress(address) : nil
      }
    }
  }

  private var descriptor: Int32? {
    var descriptor: uv_os_fd_t = -1
    return uv_fileno(cuv_handle(memory), &descriptor) == 0 ? descriptor : nil
  }

  override func willClose() {
    endResetWatch()
    delegate = nil
    connected = nil
    backlog = []
    backlogBytes = 0
    growing = nil
  }
}
