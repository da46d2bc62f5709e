import CZlib

/// gzip (RFC 1952, also several members in a row) and deflate. By RFC 9110 section 8.4.1.2 deflate
/// is the zlib format, but some servers send the bare deflate data: the first two bytes tell.
final class InflateDecoder: StreamDecoder {
  enum Format { case gzip, zlibOrRaw }

  private let stream: UnsafeMutablePointer<z_stream>
  private let format: Format
  private var isReady = false
  /// The first byte of deflate data, until the second one is there.
  private var first: UInt8?
  /// A member of gzip data is complete; another one may follow.
  private var isBetweenMembers = false

  var isAtEnd: Bool { isBetweenMembers }

  init?(_ format: Format) {
    self.format = format
    stream = .allocate(capacity: 1)
    stream.initialize(to: z_stream())
    if format == .gzip {
      guard begin(windowBits: 16 + 15) else { return nil }
    }
  }

  deinit {
    if isReady { inflateEnd(stream) }
    stream.deallocate()
  }

  private func begin(windowBits: Int32) -> Bool {
    isReady = czlib_inflate_init(stream, windowBits) == Z_OK
    return isReady
  }

  func step(_ input: inout UnsafeRawBufferPointer, _ room: UnsafeMutableRawBufferPointer)
    -> DecoderStep
  {
    if !isReady {
      guard let next = input.first else { return DecoderStep(count: 0, outcome: .needsInput) }
      guard let first else {
        first = next
        input = UnsafeRawBufferPointer(rebasing: input.dropFirst())
        return DecoderStep(count: 0, outcome: .needsInput)
      }
      guard beginDeflate(first, next) else { return DecoderStep(count: 0, outcome: .malformed) }
    }
    if isBetweenMembers {
      // RFC 1952 section 2.2: members simply follow each other. Anything else is padding.
      guard let next = input.first else { return DecoderStep(count: 0, outcome: .needsInput) }
      guard next == 0x1F, inflateReset(stream) == Z_OK else {
        return DecoderStep(count: 0, outcome: .finished)
      }
      isBetweenMembers = false
    }
    let (consumed, step) = inflate(input, room)
    input = UnsafeRawBufferPointer(rebasing: input.dropFirst(consumed))
    return step
  }

  /// RFC 1950 section 2.2: method 8, and a check over both bytes. One byte yields no output.
  private func beginDeflate(_ first: UInt8, _ second: UInt8) -> Bool {
    let isZlib = first & 0x0F == 8 && (Int(first) << 8 | Int(second)) % 31 == 0
    guard begin(windowBits: isZlib ? 15 : -15) else { return false }
    var none: UInt8 = 0
    return withUnsafeBytes(of: first) { byte in
      withUnsafeMutableBytes(of: &none) { inflate(byte, $0).step.outcome != .malformed }
    }
  }

  private func inflate(_ input: UnsafeRawBufferPointer, _ room: UnsafeMutableRawBufferPointer)
    -> (consumed: Int, step: DecoderStep)
  {
    let given = min(input.count, Int(UInt32.max))
    // zlib does not write to its input, whatever the type says.
    stream.pointee.next_in = UnsafeMutablePointer(
      mutating: input.baseAddress?.assumingMemoryBound(to: UInt8.self))
    stream.pointee.avail_in = UInt32(given)
    stream.pointee.next_out = room.baseAddress?.assumingMemoryBound(to: UInt8.self)
    stream.pointee.avail_out = UInt32(clamping: room.count)
    let code = CZlib.inflate(stream, Z_SYNC_FLUSH)
    let count = room.count - Int(stream.pointee.avail_out)
    let consumed = given - Int(stream.pointee.avail_in)
    switch code {
    case Z_STREAM_END:
      isBetweenMembers = format == .gzip
      return (
        consumed, DecoderStep(count: count, outcome: isBetweenMembers ? .needsInput : .finished)
      )
    case Z_OK, Z_BUF_ERROR:
      let isFull = stream.pointee.avail_out == 0
      return (consumed, DecoderStep(count: count, outcome: isFull ? .needsRoom : .needsInput))
    default:
      return (consumed, DecoderStep(count: count, outcome: .malformed))
    }
  }
}
