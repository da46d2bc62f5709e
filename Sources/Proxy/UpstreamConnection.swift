import EventLoop
import TLS

/// One connection to an upstream: used by one exchange at a time, idle in the pool between two.
final class UpstreamConnection: StreamDelegate, DeadlineOwner {
  let stream: any ByteStream
  let pool: UpstreamPool
  /// Whether it has carried a response before.
  var isReused = false
  /// A write failed; what the upstream said before it stopped listening may still be read.
  private(set) var hasFailedWrite = false
  private(set) var exchange: Exchange?
  private(set) lazy var deadline = Deadline(owner: self)
  private let memory: LoopMemory

  init(stream: any ByteStream, pool: UpstreamPool, memory: LoopMemory) {
    self.stream = stream
    self.pool = pool
    self.memory = memory
    stream.delegate = self
  }

  func begin(_ exchange: Exchange) { self.exchange = exchange }

  func end() { exchange = nil }

  func close() {
    exchange = nil
    deadline.stop()
    stream.close()
  }

  /// Whether the upstream may have read all that was written before the connection ended, by `error` if
  /// there was one: its system has acknowledged it, or had the connection open when it came. A close
  /// that was on its way before ends in another error than a reset.
  func mayHaveTakenEverything(_ error: UVError?) -> Bool {
    guard !hasFailedWrite, stream.queuedBytes == 0 else { return false }
    return stream.peerTookEverything || error?.isReset == true
  }

  /// What `error` of the stream means.
  func explanation(of error: UVError) -> String {
    let failure = error.operation == .tls ? (stream as? TLSStream)?.failure : nil
    return failure?.reason ?? error.message
  }

  func readBuffer(for stream: TCPStream) -> UnsafeMutableRawBufferPointer { memory.slab }

  func stream(_ stream: TCPStream, didRead count: Int) {
    guard let exchange else { return pool.discard(self) }
    exchange.upstreamDidRead(UnsafeRawBufferPointer(rebasing: memory.slab[..<count]))
  }

  func streamDidEnd(_ stream: TCPStream) {
    guard let exchange else { return pool.discard(self) }
    exchange.upstreamDidEnd(error: nil)
  }

  func stream(_ stream: TCPStream, failed error: UVError) {
    guard let exchange else { return pool.discard(self) }
    if error.operation == .write {
      // The reason comes by reading: a response that was sent early, or the end.
      hasFailedWrite = true
    } else {
      exchange.upstreamDidEnd(error: error)
    }
  }

  func streamDidDrain(_ stream: TCPStream) {}

  func deadlineReached(_ kind: DeadlineKind) {
    if let exchange, kind == .response {
      exchange.responseTimedOut()
    } else {
      pool.discard(self)
    }
  }
}
