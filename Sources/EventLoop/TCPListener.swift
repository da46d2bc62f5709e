import CUV
import Glibc

/// A listening TCP socket.
public final class TCPListener {
  /// What is really bound: the port is never 0.
  public let address: SocketAddress
  /// Called once at the start of each shortage.
  public var onShortage: ((UVError) -> Void)? {
    get { acceptor.onShortage }
    set { acceptor.onShortage = newValue }
  }

  private let acceptor: Acceptor

  /// `accept` gets each connection with TCP_NODELAY set and not yet reading; it owns it.
  public init(
    loop: Loop, address: SocketAddress, backlog: Int = 511,
    _ accept: @escaping (TCPStream) -> Void
  ) throws(UVError) {
    let descriptor = address.withSockaddr { raw, size in
      cuv_listening_socket(raw, size, Int32(clamping: backlog), 1)
    }
    try UVError.check(.bind, descriptor)
    acceptor = try Acceptor(loop: loop, descriptor: descriptor, accept)
    self.address = TCPListener.boundAddress(descriptor) ?? address
  }

  deinit { close() }

  private static func boundAddress(_ descriptor: Int32) -> SocketAddress? {
    var storage = sockaddr_storage()
    var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
    return withUnsafeMutablePointer(to: &storage) { storage in
      storage.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        getsockname(descriptor, address, &size) == 0 ? SocketAddress(address) : nil
      }
    }
  }

  /// Stops listening. Connections still in the kernel's queue are reset by it.
  public func close() { acceptor.close() }
}
