import Glibc

/// Takes a chunked body apart (RFC 9112 section 7.1). One decoder reads one body; its counterpart is
/// `ChunkedEncoder`. After an error it repeats that error for ever.
public struct ChunkedDecoder {
  private enum State: Equatable {
    /// In a chunk-size line: no digit read yet, or this many.
    case size(digits: Int)
    case `extension`(ChunkExtensionStateMachine)
    case sizeLineFeed
    case data
    case dataReturn
    case dataLineFeed
    case trailerLine
    case finished
    case failed(WireError)
  }

  private let limits: HTTPLimits
  private var state = State.size(digits: 0)
  /// Bytes of the chunk that are still to come, as announced in its size line.
  public private(set) var remaining = 0
  /// Bytes of the chunk-size line so far.
  private var lineBytes = 0
  /// The trailer section so far.
  private var trailer: [UInt8] = []
  private var trailerLineStart = 0

  /// The fields behind the last chunk; complete once `isFinished`. They must not be acted on as if
  /// they had been in the head (RFC 9110 section 6.5.1).
  public private(set) var trailers = HeaderFields()

  public init(limits: HTTPLimits = .request) {
    self.limits = limits
  }

  /// Whether the end of the body has been read.
  public var isFinished: Bool { state == .finished }

  /// Takes bytes up to the end of the body and calls `body` with each run of decoded bytes, which
  /// lies in `bytes`.
  /// - Returns: how many bytes were taken, which is all of them unless the body ended.
  public mutating func consume(
    _ bytes: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) -> Void
  ) throws(WireError) -> Int {
    if case .failed(let error) = state { throw error }
    do throws(WireError) {
      return try decode(bytes, body)
    } catch {
      state = .failed(error)
      trailer = []
      throw error
    }
  }

  private mutating func decode(
    _ bytes: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) -> Void
  ) throws(WireError) -> Int {
    var at = 0
    while at < bytes.count {
      switch state {
      case .size, .extension, .sizeLineFeed:
        lineBytes += 1
        guard lineBytes <= limits.chunkLineBytes else {
          throw .chunkLineTooLong(limit: limits.chunkLineBytes)
        }
        try readSizeLine(bytes[at])
        at += 1
      case .data:
        let step = min(remaining, bytes.count - at)
        body(UnsafeRawBufferPointer(rebasing: bytes[at..<at + step]))
        remaining -= step
        at += step
        if remaining == 0 { state = .dataReturn }
      case .dataReturn:
        guard bytes[at] == ByteClass.carriageReturn else { throw .malformedChunkEnd }
        state = .dataLineFeed
        at += 1
      case .dataLineFeed:
        guard bytes[at] == ByteClass.lineFeed else { throw .malformedChunkEnd }
        state = .size(digits: 0)
        lineBytes = 0
        at += 1
      case .trailerLine:
        at = try readTrailer(bytes, from: at)
      case .finished, .failed:
        return at
      }
    }
    return at
  }

  @inline(__always)
  private mutating func readSizeLine(_ byte: UInt8) throws(WireError) {
    switch state {
    case .size(let digits):
      if let digit = ByteClass.hexValue(byte) {
        // 15 digits are 60 bits: no overflow, and far above every body.
        guard digits < 15 else { throw .malformedChunkSize }
        remaining = remaining << 4 | Int(digit)
        state = .size(digits: digits + 1)
        return
      }
      guard digits > 0 else { throw .malformedChunkSize }
      if byte == ByteClass.carriageReturn {
        state = .sizeLineFeed
        return
      }
      var machine = ChunkExtensionStateMachine()
      guard machine.accept(byte) else { throw .malformedChunkSize }
      state = .extension(machine)
    case .extension(var machine):
      if byte == ByteClass.carriageReturn {
        guard machine.canEnd else { throw .malformedChunkExtension }
        state = .sizeLineFeed
        return
      }
      guard machine.accept(byte) else { throw .malformedChunkExtension }
      state = .extension(machine)
    default:
      guard byte == ByteClass.lineFeed else { throw .bareCarriageReturn }
      state = remaining > 0 ? .data : .trailerLine
    }
  }

  /// Collects trailer lines. The usual trailer is the empty line at once, which is never stored for
  /// longer than this call.
  private mutating func readTrailer(
    _ bytes: UnsafeRawBufferPointer, from start: Int
  ) throws(WireError) -> Int {
    let allowed = limits.trailerBytes - trailer.count
    let window = UnsafeRawBufferPointer(rebasing: bytes[start...].prefix(allowed))
    guard let base = window.baseAddress, let found = memchr(base, 0x0A, window.count) else {
      guard bytes.count - start < allowed else {
        throw .trailerTooLarge(limit: limits.trailerBytes)
      }
      trailer.append(contentsOf: window)
      return bytes.count
    }
    let taken = UnsafeRawPointer(found) - base + 1
    trailer.append(contentsOf: window.prefix(taken))
    let lineEnd = trailer.count - 2
    guard lineEnd >= trailerLineStart, trailer[lineEnd] == ByteClass.carriageReturn else {
      throw .bareLineFeed
    }
    if lineEnd == trailerLineStart {
      trailer = []
      state = .finished
      return start + taken
    }
    let line = trailerLineStart..<lineEnd
    let field = try trailer.withBytes { all throws(WireError) in try FieldLine(all, line) }
    guard trailers.count < limits.headerCount else {
      throw .tooManyFields(limit: limits.headerCount)
    }
    trailers.lines.append(field)
    trailers.storage.append(contentsOf: trailer[trailerLineStart...])
    trailerLineStart = trailer.count
    return start + taken
  }
}
