import COpenSSL
public import EventLoop

/// A TLS server on loopback that does what a test scripts, connection by connection. It insists on
/// HTTP/1.1 being asked for (ALPN).
public final class TLSUpstream {
  public private(set) var connections: [TLSPeer] = []
  public var address: SocketAddress { listener.address }
  public var onReceive: ((TLSPeer) -> Void)?

  private let listener: TCPListener
  private let context: OpaquePointer

  public init(loop: Loop, identity: TestIdentity, isOldProtocol: Bool = false) throws {
    guard let context = SSL_CTX_new(TLS_server_method()) else { throw TestIdentity.Failure() }
    self.context = context
    SSL_CTX_use_certificate(context, identity.certificate)
    SSL_CTX_use_PrivateKey(context, identity.key)
    if isOldProtocol {
      SSL_CTX_ctrl(context, SSL_CTRL_SET_MAX_PROTO_VERSION, Int(TLS1_2_VERSION), nil)
    }
    SSL_CTX_set_alpn_select_cb(
      context,
      { _, out, outCount, offer, count, _ in
        guard let offer, let out, let outCount, count >= 9, offer[0] == 8 else {
          return SSL_TLSEXT_ERR_ALERT_FATAL
        }
        out.pointee = offer + 1
        outCount.pointee = 8
        return SSL_TLSEXT_ERR_OK
      }, nil)
    var accepted: (TCPStream) -> Void = { $0.close() }
    listener = try TCPListener(loop: loop, address: SocketAddress(ip: "127.0.0.1", port: 0)) {
      accepted($0)
    }
    accepted = { [unowned self] stream in
      guard let peer = TLSPeer(accepted: stream, context: context, loop: loop) else {
        return stream.close()
      }
      peer.onReceive = { [unowned self] in onReceive?($0) }
      connections.append(peer)
    }
  }

  deinit { SSL_CTX_free(context) }

  /// The same response to every request, which must have come in one piece or have no body.
  public func answerAll(_ response: String) {
    onReceive = { peer in
      guard peer.text.contains("\r\n\r\n") else { return }
      peer.forget()
      peer.send(response)
    }
  }

  public func close() {
    listener.close()
    for connection in connections { connection.close() }
    onReceive = nil
  }
}
