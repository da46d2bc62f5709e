public import EventLoop

/// A forward proxy that opens every tunnel it is asked for to one and the same address.
public final class TunnelServer {
  /// The heads of the requests it got.
  public private(set) var requests: [String] = []
  public var address: SocketAddress { front.address }
  private let front: ScriptedUpstream
  private var tunnels: [ObjectIdentifier: RawPeer] = [:]

  /// `answer` comes first; if it is no 200 the connection ends with it.
  public init(
    loop: Loop, to target: SocketAddress, answer: String = "HTTP/1.1 200 Connected\r\n\r\n"
  ) throws {
    front = try ScriptedUpstream(loop: loop)
    front.onReceive = { [unowned self] client in
      if let tunnel = tunnels[ObjectIdentifier(client)] {
        tunnel.send(client.received)
        client.forget()
        return
      }
      guard client.text.hasSuffix("\r\n\r\n") else { return }
      requests.append(client.text)
      client.forget()
      let tunnel = RawPeer(connectingTo: target, loop: loop)
      tunnel.onReceive = {
        client.send($0.received)
        $0.forget()
      }
      tunnels[ObjectIdentifier(client)] = tunnel
      client.send(answer)
      if !answer.contains(" 200 ") { client.shutdown() }
    }
  }

  public func close() {
    front.close()
    for tunnel in tunnels.values {
      tunnel.onReceive = nil
      tunnel.close()
    }
  }
}
