import Bytes

/// Memory that all connections of a loop share: it is used from one callback to its end only.
final class LoopMemory {
  /// Where streams read to. No larger, because what a slow client does not take of one read waits in
  /// memory, and what of a big body lands behind its head has to be copied.
  let slab: UnsafeMutableRawBufferPointer
  /// Where output is put together.
  let scratch = ByteBuffer(capacity: 64 * 1024)
  var pieces: [UnsafeRawBufferPointer] = []

  init() {
    slab = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 * 1024, alignment: 4096)
    pieces.reserveCapacity(64)
  }

  deinit { slab.deallocate() }
}
