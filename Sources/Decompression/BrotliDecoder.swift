import CBrotli

/// br (RFC 7932). Windows larger than 16 MB need a format of their own, which is not asked for.
final class BrotliDecoder: StreamDecoder {
  private let state: OpaquePointer

  var isAtEnd: Bool { BrotliDecoderIsFinished(state) != 0 }

  init?() {
    guard let state = BrotliDecoderCreateInstance(nil, nil, nil) else { return nil }
    self.state = state
  }

  deinit { BrotliDecoderDestroyInstance(state) }

  func step(_ input: inout UnsafeRawBufferPointer, _ room: UnsafeMutableRawBufferPointer)
    -> DecoderStep
  {
    var available = input.count
    var next = input.baseAddress?.assumingMemoryBound(to: UInt8.self)
    var vacant = room.count
    var target = room.baseAddress?.assumingMemoryBound(to: UInt8.self)
    let result = BrotliDecoderDecompressStream(state, &available, &next, &vacant, &target, nil)
    input = UnsafeRawBufferPointer(rebasing: input.suffix(available))
    let count = room.count - vacant
    switch result {
    case BROTLI_DECODER_RESULT_SUCCESS: return DecoderStep(count: count, outcome: .finished)
    case BROTLI_DECODER_RESULT_NEEDS_MORE_INPUT:
      return DecoderStep(count: count, outcome: .needsInput)
    case BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT:
      return DecoderStep(count: count, outcome: .needsRoom)
    default: return DecoderStep(count: count, outcome: .malformed)
    }
  }
}
