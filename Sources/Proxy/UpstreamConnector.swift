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
    deadlines.start(deadline)
    if let literal = try? SocketAddress(ip: host, port: port) {
      addresses = [literal]
      connectNext(after: nil)
      return
    }
    resolver = Resolver.resolve(loop: loop, host: host, port: port) { [self] result in
      resolver = nil
      switch result {
      case .success(let found):
        addresses = found[...]
        connectNext(after: nil)
      case .failure(let error):
        finish(.failure(ConnectFailure(reason: "name look-up failed: \(error.message)")))
      }
    }
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
    stream.connect(to: address) { [self] error in
      guard !isOver else { return }
      if let error {
        stream.close()
        self.stream = nil
        connectNext(after: error)
      } else {
        self.stream = nil
        if !address.isLoopback { stream.setKeepAlive(idleSeconds: 60) }
        finish(.success(stream))
      }
    }
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
    resolver?.cancel()
    resolver = nil
    stream?.close()
    stream = nil
  }
}
