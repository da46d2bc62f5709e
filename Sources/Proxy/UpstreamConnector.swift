import EventLoop

/// One attempt to connect to an upstream: look-up, then each address in turn, under one time limit.
final class UpstreamConnector: DeadlineOwner {
  private let loop: Loop
  private let done: (Result<TCPStream, ConnectFailure>) -> Void
  private lazy var deadline = Deadline(owner: self)
  private var resolver: Resolver?
  private var stream: TCPStream?
  private var addresses: ArraySlice<SocketAddress> = []
  private var isOver = false
  private let limitMillis: UInt64
  private var shareMillis: UInt64 = 0
  private var share: Timer?

  struct ConnectFailure: Error {
    let reason: String
    /// The failure is ours: it says nothing about the upstream.
    var isShortage = false
  }

  /// `done` is called once and never from inside this call; not at all after `cancel`.
  init(
    loop: Loop, host: String, port: Int, deadlines: DeadlineQueue,
    _ done: @escaping (Result<TCPStream, ConnectFailure>) -> Void
  ) {
    self.loop = loop
    self.done = done
    limitMillis = deadlines.millis
    deadlines.start(deadline)
    if let literal = try? SocketAddress(ip: host, port: port) {
      begin([literal])
      return
    }
    resolver = Resolver.resolve(loop: loop, host: host, port: port) { [self] result in
      resolver = nil
      switch result {
      case .success(let found):
        begin(found)
      case .failure(let error):
        finish(.failure(ConnectFailure(reason: "name look-up failed: \(error.message)")))
      }
    }
  }

  /// Tries `addresses` without a look-up.
  init(
    loop: Loop, addresses: [SocketAddress], deadlines: DeadlineQueue,
    _ done: @escaping (Result<TCPStream, ConnectFailure>) -> Void
  ) {
    self.loop = loop
    self.done = done
    limitMillis = deadlines.millis
    deadlines.start(deadline)
    begin(addresses)
  }

  private func begin(_ found: [SocketAddress]) {
    addresses = found[...]
    shareMillis = limitMillis / UInt64(max(1, found.count))
    connectNext(after: nil)
  }

  private func connectNext(after error: UVError?) {
    guard let address = addresses.popFirst() else {
      return finish(
        .failure(
          ConnectFailure(
            reason: error?.message ?? "no address", isShortage: error?.isShortage ?? false)))
    }
    let stream = TCPStream(loop: loop)
    self.stream = stream
    limitShare(of: stream)
    stream.connect(to: address) { [self] error in
      endShare()
      self.stream = nil
      if let error {
        stream.close()
        connectNext(after: error)
      } else {
        if !address.isLoopback { stream.setKeepAlive(idleSeconds: 60) }
        finish(.success(stream))
      }
    }
  }

  /// An address that does not react must leave time for the ones behind it.
  private func limitShare(of stream: TCPStream) {
    guard !addresses.isEmpty, shareMillis > 0 else { return }
    let timer = Timer(loop: loop) { [self] in
      endShare()
      stream.close()
      connectNext(after: nil)
    }
    timer.start(afterMillis: shareMillis)
    share = timer
  }

  private func endShare() {
    share?.close()
    share = nil
  }

  func deadlineReached(_ kind: DeadlineKind) {
    guard !isOver else { return }
    abandon()
    done(.failure(ConnectFailure(reason: "connecting took too long")))
  }

  private func finish(_ result: Result<TCPStream, ConnectFailure>) {
    guard !isOver else { return }
    isOver = true
    deadline.stop()
    done(result)
  }

  func cancel() {
    if !isOver { abandon() }
  }

  private func abandon() {
    isOver = true
    deadline.stop()
    endShare()
    resolver?.cancel()
    resolver = nil
    stream?.close()
    stream = nil
  }
}
