import CUV
import Glibc

/// A listening socket. When the process has no descriptors left, new connections wait in the
/// kernel's queue and are looked at again after a pause, so that a shortage costs no processor time
/// and loses nobody.
public final class TCPListener {
  /// What is really bound: the port is never 0.
  public let address: SocketAddress
  /// Called once at the start of each shortage.
  public var onShortage: ((UVError) -> Void)?

  private static let pauseMillis: UInt64 = 50
  private let loop: Loop
  private let poll: Poll
  private let retry: Timer
  private var accept: ((TCPStream) -> Void)?
  private var isShort = false

  /// `accept` gets each connection with TCP_NODELAY set and not yet reading; it owns it.
  public init(
    loop: Loop, address: SocketAddress, backlog: Int = 511,
    _ accept: @escaping (TCPStream) -> Void
  ) throws(UVError) {
    let descriptor = address.withSockaddr { raw, size in
      cuv_listening_socket(raw, size, Int32(clamping: backlog), 1)
    }
    try UVError.check(.bind, descriptor)
    self.loop = loop
    do throws(UVError) {
      poll = try Poll(loop: loop, descriptor: descriptor)
    } catch {
      Glibc.close(descriptor)
      throw error
    }
    self.address = TCPListener.boundAddress(descriptor) ?? address
    self.accept = accept
    var wake: () -> Void = {}
    retry = Timer(loop: loop) { wake() }
    wake = { [unowned self] in try? start() }
    do throws(UVError) {
      try start()
    } catch {
      close()
      throw error
    }
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

  private func start() throws(UVError) {
    try poll.start(.readable) { [unowned self] _ in acceptWaiting() }
  }

  private func acceptWaiting() {
    // Bounded, so that a flood of connections does not starve the established ones.
    for _ in 0..<64 {
      guard let accept else { return }
      let descriptor = cuv_accept(poll.descriptor)
      if descriptor >= 0 {
        isShort = false
        if let stream = try? TCPStream(loop: loop, descriptor: descriptor) { accept(stream) }
        continue
      }
      switch descriptor {
      case UV_EMFILE.rawValue, UV_ENFILE.rawValue, UV_ENOBUFS.rawValue, UV_ENOMEM.rawValue:
        poll.stop()
        retry.start(afterMillis: TCPListener.pauseMillis)
        if !isShort { onShortage?(UVError(.accept, descriptor)) }
        isShort = true
        return
      case UV_EAGAIN.rawValue:
        return
      default:
        // The peer gave up before it was accepted (ECONNABORTED and network errors, accept(2)).
        continue
      }
    }
  }

  /// Stops listening. Connections still in the kernel's queue are reset by it.
  public func close() {
    guard accept != nil else { return }
    accept = nil
    onShortage = nil
    retry.close()
    poll.close()
    Glibc.close(poll.descriptor)
  }
}
