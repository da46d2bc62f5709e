import Bytes
import EventLoop

/// Memory that all connections of a loop share: it is used from one callback to its end only.
final class LoopMemory {
  /// Where streams read to. No larger, because what a slow client does not take of one read waits in
  /// memory, and what of a big body lands behind its head has to be copied.
  let slab: UnsafeMutableRawBufferPointer
  /// Where output is put together.
  let scratch = ByteBuffer(capacity: 64 * 1024)
  var pieces: [UnsafeRawBufferPointer] = []

  private var lastDate: (second: Int64, text: String) = (-1, "")

  /// Now, as the Date field says it.
  func date() -> String {
    let second = Loop.wallMillis() / 1000
    if lastDate.second != second { lastDate = (second, HTTPDate.text(seconds: second)) }
    return lastDate.text
  }

  init() {
    slab = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 * 1024, alignment: 4096)
    pieces.reserveCapacity(64)
  }

  deinit { slab.deallocate() }
}
