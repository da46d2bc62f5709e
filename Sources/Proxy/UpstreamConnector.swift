import EventLoop
import TLS

/// One attempt to connect to an upstream: look-up, the race of its addresses, the forward proxy's
/// tunnel and the TLS handshake where there are such, all under one time limit.
final class UpstreamConnector: DeadlineOwner {
  private let loop: Loop
  private let route: UpstreamRoute
  private let done: (Result<any ByteStream, ConnectFailure>) -> Void
  private lazy var deadline = Deadline(owner: self)
  private var lookup: NameLookup.Waiter?
  private var race: ConnectRace?
  private var tunnel: ProxyTunnel?
  private var stream: (any ByteStream)?
  private var step = Step.connecting
  private var isOver = false

  private enum Step: String {
    case connecting
    case tunnel = "the forward proxy's tunnel"
    case handshake = "the TLS handshake"
  }

  struct ConnectFailure: Error {
    let reason: String
    /// The failure is ours: it says nothing about the upstream.
    var isShortage = false
  }

  /// `done` is called once and never from inside this call; not at all after `cancel`.
  init(
    loop: Loop, route: UpstreamRoute, names: NameLookup, deadlines: DeadlineQueue,
    _ done: @escaping (Result<any ByteStream, ConnectFailure>) -> Void
  ) {
    self.loop = loop
    self.route = route
    self.done = done
    deadlines.start(deadline)
    if let literal = try? SocketAddress(ip: route.host, port: route.port) {
      begin([literal])
      return
    }
    lookup = names.ask { [self] result in
      lookup = nil
      switch result {
      case .success(let found):
        begin(found)
      case .failure(let error):
        fail("\(route.blame)name look-up failed: \(error.message)")
      }
    }
  }

  private func begin(_ addresses: [SocketAddress]) {
    race = ConnectRace(loop: loop, addresses: addresses) { [self] result in
      race = nil
      switch result {
      case .success(let stream): didConnect(stream)
      case .failure(let error):
        finish(
          .failure(
            ConnectFailure(reason: route.blame + error.message, isShortage: error.isShortage)))
      }
    }
  }

  private func didConnect(_ stream: TCPStream) {
    self.stream = stream
    if stream.peerAddress?.isLoopback != true { stream.setKeepAlive(idleSeconds: 60) }
    guard let tunnel = route.tunnel else { return secure(stream) }
    step = .tunnel
    self.tunnel = ProxyTunnel(
      through: stream, to: tunnel.authority, authorization: tunnel.authorization
    ) { [self] reason in
      self.tunnel = nil
      if let reason { fail(reason) } else { secure(stream) }
    }
  }

  private func secure(_ stream: TCPStream) {
    guard let server = route.tls else { return finish(.success(stream)) }
    step = .handshake
    do throws(TLSError) {
      let secured = try TLSStream(over: stream, to: server, loop: loop)
      self.stream = secured
      secured.handshake { [self] error in
        if let error { fail(error.advice) } else { finish(.success(secured)) }
      }
    } catch {
      fail(error.advice)
    }
  }

  func deadlineReached(_ kind: DeadlineKind) {
    fail(
      step == .connecting
        ? "\(route.blame)connecting took too long" : "\(step.rawValue) took too long")
  }

  private func fail(_ reason: String) {
    finish(.failure(ConnectFailure(reason: reason)))
  }

  private func finish(_ result: Result<any ByteStream, ConnectFailure>) {
    guard !isOver else { return }
    if case .success = result { stream = nil }
    abandon()
    done(result)
  }

  func cancel() {
    if !isOver { abandon() }
  }

  private func abandon() {
    isOver = true
    deadline.stop()
    lookup?.cancel()
    lookup = nil
    race?.cancel()
    race = nil
    tunnel = nil
    stream?.close()
    stream = nil
  }
}

extension TLSError {
  /// The cause, and what can be done about it on the command line.
  fileprivate var advice: String {
    switch self {
    case .unknownAuthority: "\(reason) (use --upstream-ca)"
    case .notTLS: "\(reason) (http:// instead of https://?)"
    default: reason
    }
  }
}
