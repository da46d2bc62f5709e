public import Bytes

/// A connection that carries bytes both ways: TCP, or a layer on top of it. The methods behave as
/// `TCPStream` says. A layer calls its delegate with the TCP stream below it.
public protocol ByteStream: AnyObject {
  /// Held until `close`.
  var delegate: (any StreamDelegate)? { get set }
  var isClosed: Bool { get }
  /// Bytes accepted by `write` that the kernel has not taken yet.
  var queuedBytes: Int { get }
  var peerTookEverything: Bool { get }
  /// Whether something waits to be read: bytes, the peer's end, or a failure.
  var hasInput: Bool { get }

  func startReading()
  func stopReading()
  func write(_ parts: [ByteSlice])
  func close()
}

extension TCPStream: ByteStream {}
