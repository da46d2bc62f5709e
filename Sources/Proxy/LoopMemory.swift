import Bytes

/// Memory that all connections of a loop share: it is used from one callback to its end only.
final class LoopMemory {
  /// Where streams read to.
  let slab: UnsafeMutableRawBufferPointer
  /// The front of `slab`, for heads of requests. Smaller, so that less of a big body lands behind
  /// its head and has to be copied.
  let headSlab: UnsafeMutableRawBufferPointer
  /// Where output is put together.
  let scratch = ByteBuffer(capacity: 64 * 1024)
  var pieces: [UnsafeRawBufferPointer] = []

  init() {
    slab = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 * 1024, alignment: 4096)
    headSlab = UnsafeMutableRawBufferPointer(rebasing: slab[..<(64 * 1024)])
    pieces.reserveCapacity(64)
  }

  deinit { slab.deallocate() }
}
