import CUV
import Glibc

/// Takes connections off a listening socket. When the process has no descriptors left, new
/// connections wait in the kernel's queue and are looked at again after a pause, so that a shortage
/// costs no processor time and loses nobody.
final class Acceptor {
  var onShortage: ((UVError) -> Void)?

  private static let pauseMillis: UInt64 = 50
  private let loop: Loop
  private let poll: Poll
  private let retry: Timer
  private var accept: ((TCPStream) -> Void)?
  private var isShort = false

  /// Owns `descriptor`, also if it fails.
  init(
    loop: Loop, descriptor: Int32, _ accept: @escaping (TCPStream) -> Void
  ) throws(UVError) {
    self.loop = loop
    do throws(UVError) {
      poll = try Poll(loop: loop, descriptor: descriptor)
    } catch {
      Glibc.close(descriptor)
      throw error
    }
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
        retry.start(afterMillis: Acceptor.pauseMillis)
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

  func close() {
    guard accept != nil else { return }
    accept = nil
    onShortage = nil
    retry.close()
    poll.close()
    Glibc.close(poll.descriptor)
  }
}
