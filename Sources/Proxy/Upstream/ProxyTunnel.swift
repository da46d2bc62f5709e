import Bytes
import EventLoop
import Wire

/// Asks a forward proxy for a tunnel to an upstream (CONNECT, RFC 9110 section 9.3.6).
final class ProxyTunnel: StreamDelegate {
  private let stream: TCPStream
  private var done: ((String?) -> Void)?
  private var parser = ResponseHeadParser(limits: HTTPLimits())
  private var interims = 0
  private let slab = UnsafeMutableRawBufferPointer.allocate(byteCount: 4096, alignment: 16)

  private static let maxInterims = 16

  /// `done` is called once, never from inside this call, with the reason if there is no tunnel; not
  /// at all once the stream is closed. Until then it is this object's.
  init(
    through stream: TCPStream, to authority: String, authorization: String?,
    _ done: @escaping (String?) -> Void
  ) {
    self.stream = stream
    self.done = done
    stream.delegate = self
    let request = ByteBuffer(capacity: 512)
    request.append("CONNECT \(authority) HTTP/1.1\r\nHost: \(authority)\r\n")
    if let authorization { request.append("Proxy-Authorization: \(authorization)\r\n") }
    request.append("\r\n")
    stream.write([ByteSlice(request)])
    stream.startReading()
  }

  deinit { slab.deallocate() }

  private func finish(_ reason: String?) {
    let done = done
    self.done = nil
    stream.stopReading()
    done?(reason)
  }

  func readBuffer(for stream: TCPStream) -> UnsafeMutableRawBufferPointer { slab }

  func stream(_ stream: TCPStream, didRead count: Int) {
    var rest = UnsafeRawBufferPointer(rebasing: slab[..<count])
    while done != nil, !rest.isEmpty {
      do throws(WireError) {
        let (consumed, head) = try parser.consume(rest, requestMethod: "CONNECT")
        rest = UnsafeRawBufferPointer(rebasing: rest[consumed...])
        if let head { answered(head, surplus: rest.count) }
      } catch {
        finish("the forward proxy sent no valid HTTP: \(error.reason)")
      }
    }
  }

  private func answered(_ head: ResponseHead, surplus: Int) {
    switch head.status {
    case 100..<200:
      interims += 1
      if interims > ProxyTunnel.maxInterims { finish("the forward proxy does not answer") }
    case 200..<300:
      // In TLS the client speaks first.
      finish(surplus == 0 ? nil : "the forward proxy sent data before the tunnel was in use")
    case 407:
      finish("the forward proxy wants credentials (407), or others than it got")
    case let status:
      finish("the forward proxy refused the tunnel (\(status))")
    }
  }

  func streamDidEnd(_ stream: TCPStream) { finish("the forward proxy closed the connection") }

  func stream(_ stream: TCPStream, failed error: UVError) {
    finish("the forward proxy failed: \(error.message)")
  }

  func streamDidDrain(_ stream: TCPStream) {}
}
