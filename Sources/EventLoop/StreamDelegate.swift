/// Receives what happens on a `TCPStream`. All calls come from the loop; none comes after `close`,
/// and none from inside a call of one of the stream's own methods.
public protocol StreamDelegate: AnyObject {
  /// Where the next read goes; never empty. Used at once: the same memory may serve all streams of
  /// a loop.
  func readBuffer(for stream: TCPStream) -> UnsafeMutableRawBufferPointer

  /// `count` bytes (at least one) are at the start of the buffer given last.
  func stream(_ stream: TCPStream, didRead count: Int)

  /// The peer will send nothing more. Writing may still work.
  func streamDidEnd(_ stream: TCPStream)

  /// Reading or writing failed, and the stream has to be closed. After a failed write what the peer
  /// had sent before can still be read.
  func stream(_ stream: TCPStream, failed error: UVError)

  /// Everything that had to be queued is written.
  func streamDidDrain(_ stream: TCPStream)
}
