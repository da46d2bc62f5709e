import EventLoop

/// Answers the first requests with given bytes, one connection each, and closes.
final class FlakyServer: StreamDelegate {
  let address: SocketAddress
  /// The first read of each request.
  private(set) var requests: [[UInt8]] = []
  private var answers: [String]
  private let listener: TCPListener
  private var streams: [TCPStream] = []
  private var received: [ObjectIdentifier: Bool] = [:]
  private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 65_536, alignment: 16)
  private let link: Link

  private final class Link {
    weak var server: FlakyServer?
  }

  init(loop: Loop, answers: [String]) throws {
    let link = Link()
    self.answers = answers
    self.link = link
    listener = try TCPListener(loop: loop, address: try SocketAddress(ip: "127.0.0.1", port: 0)) {
      stream in
      guard let server = link.server else { return stream.close() }
      server.streams.append(stream)
      stream.delegate = server
      stream.startReading()
    }
    address = listener.address
    link.server = self
  }

  deinit { buffer.deallocate() }

  func stop() {
    listener.close()
    for stream in streams { stream.close() }
    streams = []
  }

  func readBuffer(for stream: TCPStream) -> UnsafeMutableRawBufferPointer { buffer }

  func stream(_ stream: TCPStream, didRead count: Int) {
    guard received.updateValue(true, forKey: ObjectIdentifier(stream)) == nil else { return }
    requests.append(Array(buffer[..<count].prefix(1_000)))
    guard !answers.isEmpty else { return }
    Array(answers.removeFirst().utf8).withUnsafeBytes { stream.write(copying: $0) }
    stream.shutdown()
  }

  func streamDidEnd(_ stream: TCPStream) { stream.close() }
  func stream(_ stream: TCPStream, failed error: UVError) { stream.close() }
  func streamDidDrain(_ stream: TCPStream) {}
}
