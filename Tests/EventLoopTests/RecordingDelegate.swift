import EventLoop

/// Writes down what a stream reports.
final class RecordingDelegate: StreamDelegate {
  var received: [UInt8] = []
  var hasEnded = false
  var failure: UVError?
  var drains = 0
  private let slab = UnsafeMutableRawBufferPointer.allocate(byteCount: 65_536, alignment: 16)

  deinit { slab.deallocate() }

  func readBuffer(for stream: TCPStream) -> UnsafeMutableRawBufferPointer { slab }
  func stream(_ stream: TCPStream, didRead count: Int) { received += slab[..<count] }
  func streamDidEnd(_ stream: TCPStream) { hasEnded = true }
  func stream(_ stream: TCPStream, failed error: UVError) { failure = error }
  func streamDidDrain(_ stream: TCPStream) { drains += 1 }
}
