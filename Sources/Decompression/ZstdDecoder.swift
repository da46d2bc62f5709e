import CZstd

/// zstd. RFC 9659 bounds the window of this content coding to 8 MB.
final class ZstdDecoder: StreamDecoder {
  private let context: OpaquePointer
  private(set) var isAtEnd = false
  private static let windowLog: Int32 = 23

  init?() {
    guard let context = ZSTD_createDCtx() else { return nil }
    self.context = context
    _ = ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, Self.windowLog)
  }

  deinit { ZSTD_freeDCtx(context) }

  func step(_ input: inout UnsafeRawBufferPointer, _ room: UnsafeMutableRawBufferPointer)
    -> DecoderStep
  {
    var source = ZSTD_inBuffer(src: input.baseAddress, size: input.count, pos: 0)
    var target = ZSTD_outBuffer(dst: room.baseAddress, size: room.count, pos: 0)
    let result = ZSTD_decompressStream(context, &target, &source)
    input = UnsafeRawBufferPointer(rebasing: input.dropFirst(source.pos))
    guard ZSTD_isError(result) == 0 else {
      return DecoderStep(count: target.pos, outcome: .malformed)
    }
    isAtEnd = result == 0
    // A frame that is complete may be followed by another one (RFC 8878 section 3), so the end of
    // the answer is the end of the data.
    let isFull = target.pos == target.size
    return DecoderStep(count: target.pos, outcome: isFull ? .needsRoom : .needsInput)
  }
}
