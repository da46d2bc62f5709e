import Bytes

/// Decodes a copy of a compressed answer piece by piece, as it goes by. Every piece yields all that
/// can be known from it, so that the events of a compressed stream are seen as they arrive.
///
/// Whatever the input is, memory is bounded by the coding's window (8 MB at most) and one buffer,
/// and time per call by `DecompressionLimits`.
public final class Decompressor {
  public enum State: Sendable, Equatable {
    case reading
    /// The coded data is complete; what follows it is ignored.
    case finished
    case stopped(StopReason)
  }

  public enum StopReason: Sendable, Equatable {
    /// The input is not of the coding, or the library has no memory.
    case malformed
    /// More came out than `DecompressionLimits` allow.
    case tooLarge
  }

  public private(set) var state = State.reading
  /// Whether the data that was read is all there: nothing was given up, and no end is missing.
  public var isComplete: Bool { state == .finished || decoder?.isAtEnd ?? false }

  private let limits: DecompressionLimits
  private let output: ByteBuffer
  private var decoder: (any StreamDecoder)?
  private var taken = 0
  private var produced = 0

  private static let outputBytes = 32 * 1024

  /// - Returns: nil for `identity`, which needs no decoding, and if there is no memory.
  public init?(_ coding: ContentCoding, limits: DecompressionLimits = DecompressionLimits()) {
    let decoder: (any StreamDecoder)? =
      switch coding {
      case .identity: nil
      case .gzip: InflateDecoder(.gzip)
      case .deflate: InflateDecoder(.zlibOrRaw)
      case .brotli: BrotliDecoder()
      case .zstd: ZstdDecoder()
      }
    guard let decoder else { return nil }
    self.decoder = decoder
    self.limits = limits
    output = ByteBuffer(capacity: Self.outputBytes)
  }

  /// Takes the next bytes of the answer.
  /// - Parameter body: gets decoded bytes, which are valid during the call; called any number of
  ///   times.
  public func read(_ bytes: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) -> Void) {
    guard state == .reading, let decoder else { return }
    var rest = bytes
    let ceiling = ceiling(after: bytes.count)
    while true {
      let before = rest.count
      let step = decoder.step(&rest, output.vacant)
      produced += step.count
      if step.count > 0 {
        body(UnsafeRawBufferPointer(start: output.base, count: step.count))
      }
      if produced > ceiling { return stop(.stopped(.tooLarge)) }
      switch step.outcome {
      case .malformed: return stop(.stopped(.malformed))
      case .finished: return stop(.finished)
      case .needsInput where rest.isEmpty: return
      case .needsInput where step.count == 0 && rest.count == before:
        return stop(.stopped(.malformed))
      case .needsInput, .needsRoom: break
      }
    }
  }

  /// The number of output bytes that this call may not pass.
  private func ceiling(after count: Int) -> Int {
    taken += count
    let byRatio = taken.multipliedReportingOverflow(by: limits.ratio)
    let allowed = byRatio.overflow ? Int.max : max(limits.ratioFloor, byRatio.partialValue)
    return min(limits.totalBytes, allowed, produced + limits.bytesPerCall)
  }

  /// The decoder's window may be large; nothing needs it any more.
  private func stop(_ state: State) {
    self.state = state
    decoder = nil
  }
}
