public import EventLoop

/// One end of a TCP connection that writes exactly what a test tells it to and remembers what it
/// gets.
public final class RawPeer: StreamDelegate {
  public private(set) var received: [UInt8] = []
  /// The other end sent its end of data.
  public private(set) var hasEnded = false
  public private(set) var failure: UVError?
  public private(set) var isConnected = false
  /// Called after each piece that was received.
  var onReceive: ((RawPeer) -> Void)?
  /// Bytes received are only counted.
  public var discardsInput = false
  public private(set) var receivedCount = 0

  private let stream: TCPStream
  private let slab = UnsafeMutableRawBufferPointer.allocate(byteCount: 65_536, alignment: 16)

  public init(connectingTo address: SocketAddress, loop: Loop) {
    stream = TCPStream(loop: loop)
    stream.delegate = self
    stream.connect(to: address) { [self] error in
      failure = error
      guard error == nil else { return }
      isConnected = true
      for bytes in unsent { bytes.withUnsafeBytes { stream.write(copying: $0) } }
      unsent = []
      if readsOnConnect { stream.startReading() }
      if endsOnConnect { stream.shutdown() }
    }
  }

  /// Connected to a local socket.
  public convenience init(path: String, loop: Loop) throws {
    self.init(accepted: try TCPStream.connected(loop: loop, path: path))
  }

  init(accepted: TCPStream) {
    stream = accepted
    isConnected = true
    stream.delegate = self
    stream.startReading()
  }

  deinit { slab.deallocate() }

  private var unsent: [[UInt8]] = []
  private var readsOnConnect = true
  private var endsOnConnect = false

  public var text: String { String(decoding: received, as: UTF8.self) }

  /// Whether this end can learn nothing more.
  public var isOver: Bool { hasEnded || failure != nil }

  public func send(_ text: String) { send(Array(text.utf8)) }

  public func send(_ bytes: [UInt8]) {
    if isConnected {
      bytes.withUnsafeBytes { stream.write(copying: $0) }
    } else {
      unsent.append(bytes)
    }
  }

  public var queuedBytes: Int { stream.queuedBytes }

  public func forget() { received = [] }

  public func stopReading() {
    readsOnConnect = false
    stream.stopReading()
  }

  public func startReading() { stream.startReading() }

  /// Ends the sending direction only.
  public func shutdown() {
    if isConnected { stream.shutdown() } else { endsOnConnect = true }
  }

  public func close() { stream.close() }

  public func reset() { stream.reset() }

  public func readBuffer(for stream: TCPStream) -> UnsafeMutableRawBufferPointer { slab }

  public func stream(_ stream: TCPStream, didRead count: Int) {
    receivedCount += count
    if !discardsInput { received += slab[..<count] }
    onReceive?(self)
  }

  public func streamDidEnd(_ stream: TCPStream) { hasEnded = true }

  public func stream(_ stream: TCPStream, failed error: UVError) { failure = error }

  public func streamDidDrain(_ stream: TCPStream) {}
}
