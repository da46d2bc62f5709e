/// Connects to the first of several addresses that answers, without waiting long for one that does
/// not (Happy Eyeballs, RFC 8305 sections 4 and 5): the families take turns, and the next address is
/// tried as soon as one has failed or 250 ms have passed.
public final class ConnectRace {
  private let loop: Loop
  private var waiting: ArraySlice<SocketAddress>
  private var running: [TCPStream] = []
  private var stagger: Timer?
  private var done: ((Result<TCPStream, UVError>) -> Void)?
  private var firstError: UVError?

  static let staggerMillis: UInt64 = 250

  /// `done` is called once, in a later round, with a connected stream or the first address's error
  /// (a shortage, if there was one); not at all after `cancel`. There must be at least one address.
  public init(
    loop: Loop, addresses: [SocketAddress], _ done: @escaping (Result<TCPStream, UVError>) -> Void
  ) {
    self.loop = loop
    self.done = done
    waiting = ConnectRace.order(addresses)[...]
    startNext()
  }

  /// IPv4 and IPv6 in turn, beginning with the family of the first address.
  static func order(_ addresses: [SocketAddress]) -> [SocketAddress] {
    guard let first = addresses.first else { return [] }
    var preferred = addresses.filter { $0.isIPv6 == first.isIPv6 }[...]
    var others = addresses.filter { $0.isIPv6 != first.isIPv6 }[...]
    var result: [SocketAddress] = []
    while result.count < addresses.count {
      if let address = preferred.popFirst() { result.append(address) }
      if let address = others.popFirst() { result.append(address) }
    }
    return result
  }

  private func startNext() {
    guard let address = waiting.popFirst() else {
      if running.isEmpty { finish(.failure(firstError ?? UVError(.connect, UVError.noAddress))) }
      return
    }
    let stream = TCPStream(loop: loop)
    running.append(stream)
    stream.connect(to: address) { [self] error in
      running.removeAll { $0 === stream }
      guard let error else { return finish(.success(stream)) }
      stream.close()
      if firstError == nil || error.isShortage { firstError = error }
      startNext()
    }
    if !waiting.isEmpty {
      let timer = stagger ?? Timer(loop: loop) { [self] in startNext() }
      stagger = timer
      timer.start(afterMillis: ConnectRace.staggerMillis)
    }
  }

  private func finish(_ result: Result<TCPStream, UVError>) {
    let done = done
    cancel()
    done?(result)
  }

  public func cancel() {
    done = nil
    waiting = []
    stagger?.close()
    stagger = nil
    for stream in running { stream.close() }
    running = []
  }
}
