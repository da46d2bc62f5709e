public import EventLoop

/// A server on loopback that does what a test scripts, connection by connection.
public final class ScriptedUpstream {
  public private(set) var connections: [RawPeer] = []
  public var address: SocketAddress { listener.address }
  /// Called after each piece that any connection received.
  public var onReceive: ((RawPeer) -> Void)?
  public var readsAtOnce = true

  private let listener: TCPListener

  public init(loop: Loop, port: Int = 0) throws {
    var accepted: (TCPStream) -> Void = { $0.close() }
    listener = try TCPListener(loop: loop, address: SocketAddress(ip: "127.0.0.1", port: port)) {
      accepted($0)
    }
    accepted = { [unowned self] stream in
      let peer = RawPeer(accepted: stream)
      if !readsAtOnce { peer.stopReading() }
      peer.onReceive = { [unowned self] in onReceive?($0) }
      connections.append(peer)
    }
  }

  /// The same response to every request, which must have come in one piece or have no body.
  public func answerAll(_ response: String) {
    onReceive = { peer in
      guard peer.text.contains("\r\n\r\n") else { return }
      peer.send(response)
    }
  }

  /// Closes all connections and forgets them.
  public func dropConnections() {
    for connection in connections { connection.close() }
    connections = []
  }

  /// Stops listening; connections stay.
  public func stopListening() { listener.close() }

  public func close() {
    listener.close()
    for connection in connections { connection.close() }
    onReceive = nil
  }
}
